#!/usr/bin/env bash
# Fuzzes each parser for so many seconds: scripts/fuzz.sh CARGO_FUZZ SECONDS [TARGET]…
# An input that breaks one is kept in fuzz/artifacts, and the script ends with its report.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly FUZZ=${1:?which cargo-fuzz?} LASTS=${2:?for how many seconds?}
shift 2
if ! command -v "${CXX:-c++}" >/dev/null; then
  echo "fuzz: libFuzzer is written in C++, and there is no compiler for it (Debian: g++)" >&2
  exit 1
fi
if (($# == 0)); then
  for file in fuzz/fuzz_targets/*.rs; do
    name=${file##*/}
    set -- "$@" "${name%.rs}"
  done
fi
for target; do
  corpus=fuzz/corpus/$target
  mkdir -p "$corpus"
  echo "fuzz: $target for $LASTS s"
  # The daemons hold no unsafe code: without a sanitizer any toolchain does.
  if ! "$FUZZ" run --sanitizer none "$target" "$corpus" "fuzz/seeds/$target" -- \
    -max_total_time="$LASTS" -max_len=4096 -timeout=10 -verbosity=0; then
    echo "fuzz: $target failed; once it is fixed, keep the input in fuzz/seeds/$target, where make test tries it" >&2
    exit 1
  fi
done
