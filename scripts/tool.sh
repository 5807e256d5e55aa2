#!/usr/bin/env bash
# Prints the path of a program of a Debian package, which is fetched into .tools/ where the system lacks it:
# scripts/tool.sh PROGRAM [PACKAGE], of its own name where none is given.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly ROOT
readonly wanted=${1:?which program?} from=${2:-$1}
# shellcheck disable=SC2034 # read by packages.sh
STATE=$ROOT/.tools
# shellcheck source=scripts/services/common.sh
. "$ROOT/scripts/services/common.sh"
# shellcheck source=scripts/services/packages.sh
. "$ROOT/scripts/services/packages.sh"

command -v "$wanted" && exit
readonly FETCHED=$ROOT/.tools/$from/usr/bin/$wanted
if [[ ! -x $FETCHED ]]; then
  fetch_packages "$ROOT/.tools/$from" "$from"
  apt_forget
fi
echo "$FETCHED"
