# shellcheck shell=bash disable=SC2034,SC2153 # set here, used by the other parts, and the reverse
# The private PostgreSQL with TimescaleDB: configured, started, asked, stopped. Its programs: timescaledb.sh.

postgres_settle() {
  POSTGRES_DIR=$STATE/postgres
  POSTGRES_PORT_FILE=$STATE/postgres.port
  POSTGRES_PASSWORD_FILE=$STATE/postgres.password
  POSTGRES_PROGRAMS=$STATE/programs/postgres
  POSTGRES_URL=${POSTGRES_URL:-${DATABASE_URL:-}}
  [[ $POSTGRES_URL != "$(postgres_own_url)" ]] || POSTGRES_URL=
  postgres_is_given || forget_libpq_variables
}

# PGOPTIONS, PGSERVICE and their like are meant for other servers than ours.
forget_libpq_variables() {
  local name
  for name in "${!PG@}"; do unset "$name"; done
}

postgres_is_given() { [[ -n $POSTGRES_URL ]]; }

postgres_own_url() {
  echo "postgres://tidemark:$(first_line "$POSTGRES_PASSWORD_FILE" || true)@127.0.0.1:$(
    first_line "$POSTGRES_PORT_FILE" || true
  )/tidemark"
}

postgres_url() {
  if postgres_is_given; then
    echo "$POSTGRES_URL"
  else
    [[ -r $POSTGRES_PORT_FILE && -r $POSTGRES_PASSWORD_FILE ]] ||
      fail "PostgreSQL was never started here" "run: scripts/services.sh start"
    postgres_own_url
  fi
}

postgres_data_major() { as_service_user cat "$POSTGRES_DIR/data/PG_VERSION" 2>/dev/null; }

# --- asking ----------------------------------------------------------------------------------------------

# postgres_ask DATABASE SQL: one value, unaligned
postgres_ask() {
  postgres_find || return 1
  postgres_program psql
  PGPASSWORD=$(first_line "$POSTGRES_PASSWORD_FILE") PGCONNECT_TIMEOUT=5 "${PROGRAM[@]}" -XqAt \
    -h 127.0.0.1 -p "$(first_line "$POSTGRES_PORT_FILE")" -U tidemark -d "$1" -c "$2"
}

postgres_pid() {
  local pid
  pid=$(first_line "$POSTGRES_DIR/data/postmaster.pid") || return 1
  works_in "$pid" "$POSTGRES_DIR/data" && echo "$pid"
}

# The password is this cluster's own, so an answer can only come from it.
postgres_ready() { postgres_pid >/dev/null && [[ $(postgres_ask postgres 'SELECT 1' 2>/dev/null) == 1 ]]; }

# Ready, and the first start went through to its end.
postgres_complete() {
  postgres_pid >/dev/null &&
    [[ $(postgres_ask tidemark "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'" 2>/dev/null) == 1 ]]
}

# --- starting --------------------------------------------------------------------------------------------

postgres_start_own() {
  ! postgres_complete || return 0
  postgres_install
  postgres_initialise
  local tries
  for tries in 1 2 3; do
    postgres_pid >/dev/null || postgres_launch
    wait_until "$ANSWER_DEADLINE_S" postgres_ready_or_gone || true
    if postgres_ready; then
      postgres_prepare_database
      return
    fi
    ((tries == 3)) || say "PostgreSQL did not start on port $(first_line "$POSTGRES_PORT_FILE"), trying another"
    rm -f "$POSTGRES_PORT_FILE"
  done
  show_log "$STATE/postgres.log"
  fail "PostgreSQL does not answer" "see the log above; its data is in $POSTGRES_DIR/data"
}

postgres_ready_or_gone() { postgres_ready || { [[ -n ${LAUNCHED:-} ]] && is_gone "$LAUNCHED"; }; }

postgres_initialise() {
  [[ -d $POSTGRES_DIR/data ]] && return
  say "creating the database cluster"
  [[ -s $POSTGRES_PASSWORD_FILE ]] ||
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$POSTGRES_PASSWORD_FILE")
  make_private_dir "$POSTGRES_DIR"
  as_service_user rm -rf "$POSTGRES_DIR/data.part"
  local status=0 password=$POSTGRES_DIR/password.part
  as_service_user install -m 600 /dev/null "$password"
  cat "$POSTGRES_PASSWORD_FILE" >"$password"
  postgres_program initdb
  as_service_user "${PROGRAM[@]}" --pgdata="$POSTGRES_DIR/data.part" --username=tidemark --pwfile="$password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions \
    </dev/null >"$STATE/initdb.log" 2>&1 || status=$?
  rm -f "$password"
  if ((status != 0)); then
    show_log "$STATE/initdb.log"
    fail "initdb failed"
  fi
  echo "include = '../../postgres.conf'" | as_service_user tee -a "$POSTGRES_DIR/data.part/postgresql.conf" >/dev/null
  as_service_user mv "$POSTGRES_DIR/data.part" "$POSTGRES_DIR/data"
}

postgres_launch() {
  postgres_clear_remains
  pick_port "$POSTGRES_PORT_FILE" 25432 "${TIDEMARK_POSTGRES_PORT:-}"
  postgres_configuration >"$STATE/postgres.conf"
  postgres_program postgres
  launch "$STATE/postgres.log" "${PROGRAM[@]}" -D "$POSTGRES_DIR/data"
}

# After a kill -9 its children may linger, and a stale pid file may name somebody else's process by now.
postgres_clear_remains() {
  local pid
  for pid in $(processes_in "$POSTGRES_DIR/data"); do kill -QUIT "$pid" 2>/dev/null || true; done
  wait_until "$STOP_DEADLINE_S" postgres_has_no_process ||
    fail "processes of an earlier PostgreSQL do not end: $(processes_in "$POSTGRES_DIR/data" | tr '\n' ' ')"
  pid=$(first_line "$POSTGRES_DIR/data/postmaster.pid" || true)
  [[ -z $pid ]] || ! is_hidden "$pid" || fail "cannot tell whether process $pid is this checkout's PostgreSQL" \
    "run this as the user who started it, or end that process"
  as_service_user rm -f "$POSTGRES_DIR/data/postmaster.pid"
}

postgres_has_no_process() { [[ -z $(processes_in "$POSTGRES_DIR/data") ]]; }

# Exactly-once depends on fsync and synchronous_commit. TimescaleDB wants a background worker per database,
# and a lock per chunk that a statement touches. Statements are counted by database, of which each test has
# its own: where they don't fit, counts are thrown away.
postgres_configuration() {
  cat <<TEXT
listen_addresses = '127.0.0.1'
port = $(first_line "$POSTGRES_PORT_FILE")
unix_socket_directories = ''
max_connections = 200
shared_preload_libraries = '$(postgres_preloaded)'
pg_stat_statements.max = 50000
timescaledb.telemetry_level = off
timescaledb.max_background_workers = 32
max_worker_processes = 64
max_locks_per_transaction = 512

fsync = on
synchronous_commit = on
shared_buffers = 512MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 8GB
checkpoint_timeout = 15min
wal_compression = $(postgres_wal_compression)
jit = off
autovacuum = on

tcp_keepalives_idle = 10
client_connection_check_interval = 5s
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d '
TEXT
}

postgres_preloaded() {
  [[ ! -e $(postgres_config --pkglibdir)/pg_stat_statements.so ]] || printf 'pg_stat_statements,'
  echo timescaledb
}

postgres_wal_compression() {
  [[ $(postgres_config --configure) == *with-lz4* ]] && echo lz4 || echo on
}

postgres_prepare_database() {
  if [[ $(postgres_ask postgres "SELECT 1 FROM pg_database WHERE datname = 'tidemark'") != 1 ]]; then
    postgres_ask postgres 'CREATE DATABASE tidemark'
    postgres_create_timescaledb
  # An update has to be a session's first command: nothing may have loaded the old library by then.
  elif ! postgres_ask tidemark 'ALTER EXTENSION timescaledb UPDATE' >/dev/null 2>&1; then
    postgres_create_timescaledb
  fi
  [[ $(postgres_preloaded) != pg_stat_statements,* ]] ||
    postgres_ask tidemark 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements' 2>/dev/null
}

postgres_create_timescaledb() {
  postgres_ask tidemark 'CREATE EXTENSION timescaledb' >/dev/null 2>&1 && return
  show_log "$STATE/postgres.log"
  fail "TimescaleDB cannot be loaded"
}

# --- stopping --------------------------------------------------------------------------------------------

# SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
postgres_stop_own() {
  local pid
  pid=$(postgres_pid) || { say "PostgreSQL does not run"; return 0; }
  kill -INT "$pid"
  wait_until "$STOP_DEADLINE_S" is_gone "$pid" && { say "PostgreSQL stopped"; return 0; }
  say "PostgreSQL did not stop within $STOP_DEADLINE_S s; stopping it at once (it recovers from its log)"
  kill -QUIT "$pid"
}

# --- what it says of itself ------------------------------------------------------------------------------

postgres_check_given() {
  postgres_psql_at_hand || { postgres_listens_given; return; }
  local versions
  versions=$(postgres_versions) || fail "POSTGRES_URL is set, but nothing answers at $(redacted "$POSTGRES_URL")" \
    "start that server, or unset POSTGRES_URL and DATABASE_URL to get a private one"
  version_at_least "${versions%%,*}" "$POSTGRES_AT_LEAST" ||
    fail "PostgreSQL at $(redacted "$POSTGRES_URL") is $versions; $POSTGRES_AT_LEAST or later is needed"
  version_at_least "$(sed -nE 's/.*TimescaleDB ([0-9.]+).*/\1/p' <<<"$versions")" "$TIMESCALEDB_AT_LEAST" ||
    fail "PostgreSQL at $(redacted "$POSTGRES_URL") has no TimescaleDB $TIMESCALEDB_AT_LEAST or later: $versions"
}

postgres_psql_at_hand() { postgres_find || command -v psql >/dev/null; }

postgres_listens_given() {
  listens "$(url_host "$POSTGRES_URL")" "$(url_port "$POSTGRES_URL" 5432)" ||
    fail "POSTGRES_URL is set, but nothing listens at $(redacted "$POSTGRES_URL")"
}

# "15.18, TimescaleDB 2.19.3 (apache)"; the extension may be available and not yet created.
postgres_versions() {
  local sql="
    SELECT split_part(current_setting('server_version'), ' ', 1) || ', ' || coalesce(
      'TimescaleDB ' || coalesce(installed_version, default_version)
        || ' (' || coalesce(current_setting('timescaledb.license', true), 'not loaded') || ')',
      'no TimescaleDB')
    FROM (SELECT 1) AS one LEFT JOIN pg_available_extensions ON name = 'timescaledb'"
  if ! postgres_is_given; then
    postgres_ask tidemark "$sql"
  elif postgres_find; then
    postgres_program psql
    PGCONNECT_TIMEOUT=5 "${PROGRAM[@]}" -XqAt "$POSTGRES_URL" -c "$sql"
  elif command -v psql >/dev/null; then
    PGCONNECT_TIMEOUT=5 psql -XqAt "$POSTGRES_URL" -c "$sql"
  else
    echo "(version unknown: no psql)"
  fi
}

postgres_status() {
  if postgres_is_given; then
    (postgres_check_given) || { echo "postgres  not usable"; return 1; }
    echo "postgres  runs elsewhere, version $(postgres_versions), $(redacted "$POSTGRES_URL")"
  elif postgres_complete; then
    echo "postgres  runs, version $(postgres_versions), port $(first_line "$POSTGRES_PORT_FILE"), data $(
      size_of "$POSTGRES_DIR/data"
    )"
  else
    echo "postgres  does not run"
    return 1
  fi
}
