#!/usr/bin/env bash
# Checks the dependencies against deny.toml: scripts/deny.sh CARGO_DENY
# The list of known vulnerabilities lives on GitHub. Where that can't be reached, the other checks are made all
# the same and a line says what was left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly FETCH_DEADLINE_S=60
readonly DENY=${1:?which cargo-deny?}

"$DENY" --locked check --hide-inclusion-graph bans licenses sources

if fetched=$(timeout "$FETCH_DEADLINE_S" "$DENY" --locked fetch db 2>&1); then
  "$DENY" --locked check --disable-fetch advisories
else
  echo "deny: known vulnerabilities NOT checked, for the advisory database can't be fetched:" >&2
  tail -n 3 <<<"$fetched" | sed 's/^/deny:   /' >&2
fi
