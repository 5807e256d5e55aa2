#!/usr/bin/env bash
# Attacks the daemons with tools from outside and writes docs/ATTACKS.md:
# scripts/attacks.sh FIXTURE [slow|lifted|bombs|injection|schemathesis|report]…
# FIXTURE is the program that was built beside the daemons. Everything happens on loopback, on daemons, a
# database and a stream of their own; results are kept, so that kinds can be run one by one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD

readonly SQLMAP_VERSION=1.10.10
readonly TOOLS=$ROOT/.tools
readonly RESULTS=$TOOLS/attacks
readonly FIXTURE=${1:?which fixture?}
shift
(($# > 0)) || set -- slow lifted bombs injection schemathesis report

# As many connections as the attackers open, and as the daemons may have.
ulimit -n 16384

fetch_tools() {
  mkdir -p "$RESULTS"
  local venv=$TOOLS/sqlmap@$SQLMAP_VERSION
  if [[ ! -x $venv/bin/sqlmap ]]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "sqlmap==$SQLMAP_VERSION"
  fi
  SLOWHTTPTEST=$(scripts/tool.sh slowhttptest)
  SQLMAP=$venv/bin/sqlmap
  # It ends with 1 after its help.
  SLOWHTTPTEST_VERSION=$({ "$SLOWHTTPTEST" -h || true; } 2>&1 | sed -nE 's/.*version ([0-9.]+).*/\1/p' | head -n 1)
  SCHEMATHESIS_VERSION=$(sed -nE 's/^readonly VERSION=//p' scripts/schemathesis.sh)
  export SQLMAP SLOWHTTPTEST SLOWHTTPTEST_VERSION SCHEMATHESIS_VERSION
}

attack() { python3 scripts/attacks/main.py "$@" "$RESULTS"; }

# What a kind of attack wants of the daemons besides the defaults.
beside() {
  case $1 in
    lifted) "$FIXTURE" --set HTTP_MAX_CONNECTIONS_PER_ADDRESS=12000 -- python3 scripts/attacks/main.py "$1" "$RESULTS" ;;
    *) "$FIXTURE" -- python3 scripts/attacks/main.py "$1" "$RESULTS" ;;
  esac
}

fetch_tools
failed=
for kind in "$@"; do
  case $kind in
    report) attack report ;;
    schemathesis)
      scripts/schemathesis.sh "$FIXTURE" 2>&1 | tee "$RESULTS/schemathesis.log" || failed+=" $kind"
      sed -n '/^=* SUMMARY/,$p' "$RESULTS/schemathesis.log" >"$RESULTS/schemathesis.txt"
      ;;
    slow | lifted | bombs | injection) beside "$kind" || failed+=" $kind" ;;
    *) echo "attacks: there is no kind $kind" >&2; exit 2 ;;
  esac
done
[[ -z $failed ]] || { echo "attacks: failed:$failed" >&2; exit 1; }
