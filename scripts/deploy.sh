#!/usr/bin/env bash
# Checks what is in deploy/ and compose.yaml with the programs that will read it. promtool is fetched where it is missing;
# without systemd or Docker Compose what is theirs isn't checked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Of 100: what systemd says of a unit that is closed as far as a network daemon can be is about 12.
readonly MOST_EXPOSED=20

promtool=$(scripts/tool.sh promtool prometheus)
"$promtool" check config --syntax-only deploy/prometheus/prometheus.yml
"$promtool" check rules deploy/prometheus/alerts.yml
"$promtool" test rules deploy/prometheus/alerts.test.yml

if docker compose version >/dev/null 2>&1; then
  passwords=$(mktemp)
  for login in '' _API _CONSUMER _INGESTION _OPERATOR; do echo "POSTGRES_PASSWORD$login=x"; done >"$passwords"
  docker compose --env-file "$passwords" --profile tools config --quiet
  rm "$passwords"
else
  echo "docker compose is not installed: compose.yaml is not checked"
fi

if command -v systemd-analyze >/dev/null; then
  units=$(mktemp -d)
  trap 'rm -rf "$units"' EXIT
  for unit in deploy/systemd/*.service; do
    # Here is no program where the unit looks for it.
    sed 's|^ExecStart=.*|ExecStart=/bin/true|' "$unit" >"$units/$(basename "$unit")"
  done
  # Keys that this systemd doesn't know yet are said so in the unit; any other complaint counts.
  complaints=$(systemd-analyze verify "$units"/*.service 2>&1 | grep -vE "Unknown key (name )?'(RestartSteps|RestartMaxDelaySec)'" || true)
  [[ -z $complaints ]] || { echo "$complaints" >&2; exit 1; }
  for unit in "$units"/*.service; do
    systemd-analyze security --offline=true --threshold=$MOST_EXPOSED "$unit" 2>/dev/null | tail -n 1
  done
else
  echo "systemd-analyze is not installed: deploy/systemd is not checked"
fi
