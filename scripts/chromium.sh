#!/usr/bin/env bash
# Prints the path of a Chromium, which is installed first where there is none: scripts/chromium.sh
set -euo pipefail

found() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    [[ -n $name ]] && command -v "$name" && return
  done
  return 1
}

found && exit
install=(apt-get install --yes --no-install-recommends chromium fonts-liberation)
if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
  echo "chromium: no browser found; as an administrator: ${install[*]}, or set CHROMIUM to one" >&2
  exit 1
fi
{
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${install[@]}" -qq
} >&2
found
