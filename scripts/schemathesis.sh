#!/usr/bin/env bash
# Asks every route of the api what its OpenAPI document allows and forbids, with all checks of schemathesis:
# scripts/schemathesis.sh FIXTURE [OPTION OF SCHEMATHESIS]…
# FIXTURE is the program that was built beside the daemons.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly VERSION=4.32.5
readonly TOOLS=$PWD/.tools/schemathesis@$VERSION
readonly FIXTURE=${1:?which fixture?}
shift

if [[ ! -x $TOOLS/bin/schemathesis ]]; then
  python3 -m venv "$TOOLS"
  "$TOOLS/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$VERSION"
fi

# Server-sent events never end, and a socket isn't a request.
# shellcheck disable=SC2016 # the fixture sets it
exec "$FIXTURE" -- sh -c 'exec "$@" "$API_URL/openapi.json"' sh \
  timeout --signal=INT 300 "$TOOLS/bin/schemathesis" --config-file scripts/schemathesis.toml run \
  --exclude-path /ws --exclude-path /api/v1/live "$@"
