#!/usr/bin/env bash
# Runs a client against the services in use: scripts/client.sh redis-cli|psql [ARGUMENT]…
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# The system's program, else the one that scripts/services.sh fetched with the server.
run() {
  local program=$1 fetched
  shift
  if command -v "$program" >/dev/null; then exec "$program" "$@"; fi
  fetched=$(find "$ROOT/.services/programs" -path "*/bin/$program" 2>/dev/null | head -n 1) || true
  [[ -n $fetched ]] || { echo "client: $program is not installed (Debian: redis-tools, postgresql-client)" >&2; exit 1; }
  LD_LIBRARY_PATH=$(printf '%s:' "$ROOT"/.services/programs/*/usr/lib/*-linux-gnu*) exec "$fetched" "$@"
}

services=$("$ROOT/scripts/services.sh" env)
eval "$services"
case ${1:-} in
  redis-cli) run redis-cli -u "$REDIS_URL" "${@:2}" ;;
  psql) run psql "$POSTGRES_URL" "${@:2}" ;;
  *) echo "usage: scripts/client.sh redis-cli|psql [ARGUMENT]…" >&2; exit 2 ;;
esac
