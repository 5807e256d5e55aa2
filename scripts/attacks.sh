#!/usr/bin/env bash
# Attacks the daemons with tools from outside and writes docs/ATTACKS.md:
# scripts/attacks.sh FIXTURE [slow|lifted|bombs|injection|tests|schemathesis|report]…
# FIXTURE is the program that was built beside the daemons. Everything happens on loopback, on daemons that ask for
# keys, a database and a stream of their own; results are kept, so that kinds can be run one by one. It ends with 1
# where a bar of scripts/attacks/bars.py is missed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD

readonly SQLMAP_VERSION=1.10.10
readonly TOOLS=$ROOT/.tools
readonly RESULTS=$TOOLS/attacks
readonly FIXTURE=${1:?which fixture?}
shift
(($# > 0)) || set -- slow lifted bombs injection tests schemathesis report

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

# What a kind of attack wants of the daemons besides the defaults stands before it.
beside() {
  local kind=${*: -1}
  "$FIXTURE" --keys "${@:1:$#-1}" -- python3 scripts/attacks/main.py "$kind" "$RESULTS"
}

# All of them on the same daemons, and one of each on daemons that have seen none.
bombs() {
  local number count held=0
  count=$(PYTHONPATH=scripts/attacks python3 -c 'import bombs; print(len(bombs.BOMBS))')
  beside bombs || held=1
  [[ -e $RESULTS/bombs.json ]] || return 1
  for ((number = 0; number < count; number++)); do
    beside --events 1000 "one:$number" || held=1
  done
  return "$held"
}

schemathesis() {
  local status=0
  scripts/schemathesis.sh "$FIXTURE" 2>&1 | tee "$RESULTS/schemathesis.log" || status=1
  sed -n '/^=* SUMMARY/,$p' "$RESULTS/schemathesis.log" >"$RESULTS/schemathesis.txt"
  echo "$status" >"$RESULTS/schemathesis.status"
  return "$status"
}

python3 -m unittest discover -q -s scripts/attacks -p '*_test.py'
fetch_tools
failed=
for kind in "$@"; do
  # Of a run before, whose figures would be taken for this one's.
  rm -f "$RESULTS/$kind".{json,status}
  case $kind in
    report) attack report ;;
    tests) attack tests || failed+=" $kind" ;;
    bombs | schemathesis) "$kind" || failed+=" $kind" ;;
    slow | injection) beside "$kind" || failed+=" $kind" ;;
    lifted) beside --set HTTP_MAX_CONNECTIONS_PER_ADDRESS=12000 "$kind" || failed+=" $kind" ;;
    *) echo "attacks: there is no kind $kind" >&2; exit 2 ;;
  esac
done
[[ -z $failed ]] || { echo "attacks: failed:$failed" >&2; exit 1; }
