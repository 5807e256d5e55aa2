#!/usr/bin/env bash
# Saves the database and restores it: scripts/backup.sh save|restore FOLDER, with POSTGRES_URL set.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
umask 077

usage() {
  cat <<'TEXT'
Usage: scripts/backup.sh save|restore FOLDER

  save      dump the database of POSTGRES_URL into FOLDER, while everything runs
  restore   read the dump in FOLDER into the database of POSTGRES_URL, which must exist and be empty;
            needs a superuser, and TimescaleDB in the version of the dump. Tables become the database's owner's.
            Run `consumer migrate` as that owner afterwards

POSTGRES_URL is that of the private services where it isn't set. Redis isn't backed up: docs/OPERATIONS.md says why.
TEXT
}

fail() {
  echo "backup: $*" >&2
  exit 1
}

# The programs of the private server's own version, else the system's.
program() {
  local fetched
  fetched=$(find "$ROOT/.services/programs" -path "*/bin/$1" -type f 2>/dev/null | head -n 1) || true
  if [[ -n $fetched ]]; then
    LD_LIBRARY_PATH=$(printf '%s:' "$ROOT"/.services/programs/*/usr/lib/*-linux-gnu*) "$fetched" "${@:2}"
  else
    command -v "$1" >/dev/null || fail "$1 is not installed (Debian: postgresql-client)"
    "$@"
  fi
}

# libpq takes the password from the environment: an argument is there for everybody on the machine to read.
password_apart() {
  [[ $POSTGRES_URL =~ ^(postgres(ql)?://[^:@/]*):([^@/]*)(@.*)$ ]] || return 0
  local encoded=${BASH_REMATCH[3]//\\/\\\\}
  POSTGRES_URL=${BASH_REMATCH[1]}${BASH_REMATCH[4]}
  PGPASSWORD=$(printf '%b' "${encoded//%/\\x}")
  export POSTGRES_URL PGPASSWORD
}

sql() { program psql -XqAt -v ON_ERROR_STOP=1 "$POSTGRES_URL" -c "$1"; }

versions() { sql "SELECT current_setting('server_version_num')::int / 10000 || ' ' || extversion FROM pg_extension WHERE extname = 'timescaledb'"; }

save() {
  mkdir -p "$1"
  [[ ! -e $1/tidemark.dump ]] || fail "$1 holds a backup already; name another folder"
  versions >"$1/versions"
  # TimescaleDB's catalog has circular foreign keys, which pg_dump warns of and its restore allows for.
  program pg_dump --format=custom --compress=1 --no-owner --no-privileges \
    --file="$1/tidemark.dump.part" "$POSTGRES_URL" 2> >(grep -vE 'circular foreign-key|^pg_dump: (detail|hint):' >&2 || true)
  mv "$1/tidemark.dump.part" "$1/tidemark.dump"
  (cd "$1" && sha256sum tidemark.dump versions >SHA256SUMS)
  echo "saved $(du -h "$1/tidemark.dump" | cut -f 1) in $1"
}

# A dump is read without owners and rights, which another server may not have. Ours are known: everything is
# the database's owner's, and the groups may what roles.sql says.
give_back() {
  program psql -XqAt -v ON_ERROR_STOP=1 "$POSTGRES_URL" >/dev/null <<'SQL'
DO $$
DECLARE
    owner name := (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database());
    thing record;
BEGIN
    FOR thing IN
        SELECT 'TABLE' AS kind, oid::regclass::text AS name FROM pg_class
         WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace
           AND pg_get_userbyid(relowner) <> owner
           AND NOT EXISTS (SELECT FROM pg_depend
                             WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
        UNION ALL
        SELECT 'FUNCTION', oid::regprocedure::text FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND pg_get_userbyid(proowner) <> owner
           AND NOT EXISTS (SELECT FROM pg_depend
                             WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %I', thing.kind, thing.name, owner);
    END LOOP;
END
$$;
SQL
  program psql -XqAt -v ON_ERROR_STOP=1 "$POSTGRES_URL" -f "$ROOT/migrations/roles.sql" >/dev/null
}

restore() {
  (cd "$1" && sha256sum --quiet --check SHA256SUMS) || fail "$1 holds no whole backup"
  [[ $(sql "SELECT to_regclass('public.events') IS NULL") == t ]] ||
    fail "the database of POSTGRES_URL isn't empty; create another one (createdb) and name that"
  local saved
  saved=$(cut -d ' ' -f 2 "$1/versions")
  sql "CREATE EXTENSION IF NOT EXISTS timescaledb VERSION '$saved'"
  [[ $(versions | cut -d ' ' -f 2) == "$saved" ]] ||
    fail "the dump was made with TimescaleDB $saved: restore with that version, then ALTER EXTENSION timescaledb UPDATE"
  sql 'SELECT timescaledb_pre_restore()' >/dev/null
  program pg_restore --no-owner --no-privileges --exit-on-error --dbname="$POSTGRES_URL" "$1/tidemark.dump"
  sql 'SELECT timescaledb_post_restore()' >/dev/null
  give_back
  sql ANALYZE
  echo "restored $(sql 'SELECT coalesce(sum(stored), 0) FROM ledger') events from $1; now run as their owner: consumer migrate"
}

[[ $# -eq 2 && $1 =~ ^(save|restore)$ ]] || { usage >&2; exit 2; }
if [[ -z ${POSTGRES_URL:-} ]]; then
  services=$("$ROOT/scripts/services.sh" env)
  eval "$services"
fi
password_apart
"$1" "$2"
