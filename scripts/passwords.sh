#!/usr/bin/env bash
# Puts the passwords that compose.yaml asks for into .env, each new and random; those that are there stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 077
touch .env
chmod go= .env
# What is there may end without a line feed.
[[ -z $(tail -c 1 .env) ]] || echo >>.env
for login in '' _API _CONSUMER _INGESTION _OPERATOR; do
  grep -q "^POSTGRES_PASSWORD$login=" .env ||
    echo "POSTGRES_PASSWORD$login=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >>.env
done
