#!/usr/bin/env bash
# Asks every route of the api what its OpenAPI document allows and forbids, with a key that may do all, and with all
# checks of schemathesis, also without the key and with a wrong one:
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

# The wrong keys come from many addresses, as a proxy tells it: of one, ten a minute are heard.
export PYTHONPATH=scripts SCHEMATHESIS_HOOKS=schemathesis_hooks

# Server-sent events never end, and a socket isn't a request.
# shellcheck disable=SC2016 # the fixture sets them
exec "$FIXTURE" --keys --set TRUSTED_PROXIES=127.0.0.1 -- \
  sh -c 'exec "$@" --header "Authorization: Bearer $ADMIN_KEY" "$API_URL/openapi.json"' sh \
  timeout --signal=INT 300 "$TOOLS/bin/schemathesis" --config-file scripts/schemathesis.toml run \
  --exclude-path /ws --exclude-path /api/v1/live "$@"
