#!/usr/bin/env bash
# Every metric of the daemons is explained in docs/OPERATIONS.md, and nothing else is. testkit/tests/it/operators compares
# texts, labels and bounds with running daemons; this sees metrics, too, that no test brings about, and runs nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

in_code=$(grep -rhoPz --include='*.rs' '(counter|gauge|histogram)!\(\s*"\K[a-z_]+' {api,consumer,ingestion,common}/src | tr '\0' '\n' | sort -u)
# shellcheck disable=SC2016 # backquotes of Markdown
in_docs=$(grep -oP '^\| `\K(tidemark|process)_[a-z_]+(?=[`{])' docs/OPERATIONS.md | sort -u)
if ! diff <(echo "$in_code") <(echo "$in_docs") >/dev/null; then
  echo 'metrics in the code (<) and in docs/OPERATIONS.md (>) differ:' >&2
  diff <(echo "$in_code") <(echo "$in_docs") | grep '^[<>]' >&2
  exit 1
fi
