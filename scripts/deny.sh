#!/usr/bin/env bash
# Checks the dependencies against deny.toml: scripts/deny.sh CARGO_DENY
# The list of known vulnerabilities lives on GitHub. Where that can't be reached, the other checks are made all
# the same, a warning says what was left out, and .ci/run repeats it at its end; with DENY_ADVISORIES=required
# that is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly FETCH_DEADLINE_S=60
readonly UNCHECKED=.tools/advisories-unchecked
readonly DENY=${1:?which cargo-deny?}

case ${DENY_ADVISORIES:-} in
  '' | required) ;;
  *) echo "deny: DENY_ADVISORIES may be 'required' or nothing" >&2; exit 2 ;;
esac

"$DENY" --locked check --hide-inclusion-graph bans licenses sources

if fetched=$(timeout "$FETCH_DEADLINE_S" "$DENY" --locked fetch db 2>&1); then
  "$DENY" --locked check --disable-fetch advisories
  rm -f "$UNCHECKED"
  exit
fi
mkdir -p "${UNCHECKED%/*}"
{
  echo '*************************************************************************************'
  echo "deny: KNOWN VULNERABILITIES NOT CHECKED, for the advisory database can't be fetched:"
  tail -n 3 <<<"$fetched" | sed 's/^/deny:   /'
  echo '*************************************************************************************'
} | tee "$UNCHECKED" >&2
[[ ${DENY_ADVISORIES:-} != required ]]
