# shellcheck shell=bash disable=SC2034,SC2153 # set here, used by the other parts, and the reverse
# The private Redis: found or fetched, configured, started, asked, stopped.

readonly REDIS_AT_LEAST=7.0

redis_settle() {
  REDIS_DIR=$STATE/redis
  REDIS_PORT_FILE=$STATE/redis.port
  REDIS_PROGRAMS=$STATE/programs/redis
  [[ ${REDIS_URL:-} != "$(redis_own_url)" ]] || unset REDIS_URL
}

redis_is_given() { [[ -n ${REDIS_URL:-} ]]; }
redis_own_url() { echo "redis://127.0.0.1:$(first_line "$REDIS_PORT_FILE" || true)/"; }

redis_url() {
  if redis_is_given; then
    echo "$REDIS_URL"
  else
    [[ -r $REDIS_PORT_FILE ]] || fail "Redis was never started here" "run: scripts/services.sh start"
    redis_own_url
  fi
}

# --- programs --------------------------------------------------------------------------------------------

redis_program() { program "$REDIS_PROGRAMS" "usr/bin/$1" "$1"; }

redis_run() {
  redis_program "$1"
  shift
  "${PROGRAM[@]}" "$@"
}

redis_is_installed() {
  [[ -d $REDIS_PROGRAMS ]] && return
  command -v redis-server >/dev/null && command -v redis-cli >/dev/null && redis_is_recent
}

redis_is_recent() {
  version_at_least "$(redis_run redis-server --version | sed -E 's/.* v=([0-9.]+).*/\1/')" "$REDIS_AT_LEAST"
}

redis_install() {
  redis_is_installed && return
  say "fetching Redis"
  local staged=$REDIS_PROGRAMS.part
  rm -rf "$staged"
  fetch_packages "$staged" redis-server redis-tools
  mv "$staged" "$REDIS_PROGRAMS"
  redis_is_recent && return
  rm -rf "$REDIS_PROGRAMS"
  fail "Redis $REDIS_AT_LEAST or later is needed, and this system's packages have none" \
    "install one, or set REDIS_URL to one that runs elsewhere"
}

# --- the server ------------------------------------------------------------------------------------------

redis_pid() {
  local pid
  pid=$(first_line "$REDIS_DIR/redis.pid") || return 1
  works_in "$pid" "$REDIS_DIR" && echo "$pid"
}

redis_ask() { redis_run redis-cli -h 127.0.0.1 -p "$(first_line "$REDIS_PORT_FILE")" "$@" 2>/dev/null; }

# Ours, and not another checkout's that happens to hold the same port.
redis_ready() {
  local pid
  pid=$(redis_pid) || return 1
  [[ $(redis_ask ping) == PONG ]] && redis_ask info server | grep -q "^process_id:${pid}[[:space:]]*\$"
}

redis_start_own() {
  redis_ready && return
  redis_install
  make_private_dir "$REDIS_DIR"
  local tries
  for tries in 1 2 3; do
    redis_pid >/dev/null || redis_launch
    wait_until "$ANSWER_DEADLINE_S" redis_ready_or_gone || true
    redis_ready && return
    ((tries == 3)) || say "Redis did not start on port $(first_line "$REDIS_PORT_FILE"), trying another"
    rm -f "$REDIS_PORT_FILE"
  done
  show_log "$STATE/redis.log"
  fail "Redis does not answer" "see the log above; its data is in $REDIS_DIR"
}

redis_ready_or_gone() { redis_ready || { [[ -n ${LAUNCHED:-} ]] && is_gone "$LAUNCHED"; }; }

redis_launch() {
  pick_port "$REDIS_PORT_FILE" 26379 "${TIDEMARK_REDIS_PORT:-}"
  rm -f "$REDIS_DIR/redis.pid"
  redis_configuration >"$STATE/redis.conf"
  redis_program redis-server
  launch "$STATE/redis.log" "${PROGRAM[@]}" "$STATE/redis.conf"
}

redis_configuration() {
  cat <<TEXT
bind 127.0.0.1
port $(first_line "$REDIS_PORT_FILE")
dir "$REDIS_DIR"
pidfile "$REDIS_DIR/redis.pid"
daemonize no
appendonly yes
appendfsync everysec
auto-aof-rewrite-min-size 1gb
save ""
maxmemory 2gb
maxmemory-policy noeviction
TEXT
}

redis_stop_own() {
  local pid
  pid=$(redis_pid) || { say "Redis does not run"; return 0; }
  kill -TERM "$pid"
  wait_until "$STOP_DEADLINE_S" is_gone "$pid" && { say "Redis stopped"; return 0; }
  say "Redis did not stop within $STOP_DEADLINE_S s; killing it (it recovers from its log)"
  kill -KILL "$pid"
}

# --- what it says of itself ------------------------------------------------------------------------------

redis_check_given() {
  redis_cli_at_hand || { redis_listens_given; return; }
  [[ $(redis_given ping 2>&1) == PONG ]] || fail "REDIS_URL is set, but nothing answers at $(redacted "$REDIS_URL")" \
    "start that server, or unset REDIS_URL to get a private one"
  version_at_least "$(redis_version)" "$REDIS_AT_LEAST" ||
    fail "Redis at $(redacted "$REDIS_URL") is $(redis_version); $REDIS_AT_LEAST or later is needed"
}

redis_cli_at_hand() { [[ -d $REDIS_PROGRAMS ]] || command -v redis-cli >/dev/null; }
redis_given() { redis_run redis-cli --no-auth-warning -u "$REDIS_URL" "$@"; }

# Without a client, all that can be said is that something listens.
redis_listens_given() {
  listens "$(url_host "$REDIS_URL")" "$(url_port "$REDIS_URL" 6379)" ||
    fail "REDIS_URL is set, but nothing listens at $(redacted "$REDIS_URL")"
}

redis_version() {
  local ask=redis_ask
  ! redis_is_given || ask=redis_given
  redis_cli_at_hand || { echo "(version unknown: no redis-cli)"; return; }
  "$ask" info server | tr -d '\r' | sed -n 's/^redis_version://p'
}

redis_status() {
  if redis_is_given; then
    (redis_check_given) || { echo "redis     not usable"; return 1; }
    echo "redis     runs elsewhere, version $(redis_version), $(redacted "$REDIS_URL")"
  elif redis_ready; then
    echo "redis     runs, version $(redis_version), port $(first_line "$REDIS_PORT_FILE"), data $(size_of "$REDIS_DIR")"
  else
    echo "redis     does not run"
    return 1
  fi
}
