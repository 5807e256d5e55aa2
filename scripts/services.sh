#!/usr/bin/env bash
# Runs the two services Tidemark needs: a private Redis and a private PostgreSQL with TimescaleDB.
set -euo pipefail
umask 022
export LC_ALL=C

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly ROOT

# shellcheck source-path=SCRIPTDIR
for part in common packages redis timescaledb postgres; do
  # shellcheck source=/dev/null
  source "$ROOT/scripts/services/$part.sh"
done

usage() {
  cat <<'TEXT'
Usage: scripts/services.sh start|stop|status|env|programs

  start    install what is missing, then start what does not run; safe to repeat at any time
  stop     stop the servers this checkout started, and only those
  status   say what runs, in which version, on which port; exit code 0 if both answer
  env      print REDIS_URL=… and POSTGRES_URL=…, for: eval "$(scripts/services.sh env)"
  programs install what is missing; print how to run servers of one's own, and a folder for their
           data: a name and its words on each line, separated by tabs

Both servers listen on 127.0.0.1 only. Programs, data and logs are kept in .services/ below the
checkout; nothing is installed system-wide, and removing that folder (after stop) removes all.

Environment:
  REDIS_URL, POSTGRES_URL (or DATABASE_URL)   use this service instead of a private one
  TIDEMARK_REDIS_PORT      port of the private Redis (26379, or a free one if that is taken)
  TIDEMARK_POSTGRES_PORT   port of the private PostgreSQL (25432, or a free one if that is taken)
TEXT
}

start() {
  if ! { redis_answers && postgres_answers; }; then
    make_state
    hold_lock
    redis_start
    postgres_start
    apt_forget
  fi
  redis_greet
  postgres_greet
}

# A service whose URL is given belongs to someone else: it is asked for an answer, never started.
redis_start() { if redis_is_given; then redis_check_given; else redis_start_own; fi; }
postgres_start() { if postgres_is_given; then postgres_check_given; else postgres_start_own; fi; }
redis_answers() { if redis_is_given; then redis_check_given; else redis_ready; fi; }
postgres_answers() { if postgres_is_given; then postgres_check_given; else postgres_complete; fi; }

redis_greet() { say "Redis $(redis_version) answers on $(redacted "$(redis_url)")"; }
postgres_greet() { say "PostgreSQL $(postgres_versions) answers on $(redacted "$(postgres_url)")"; }

stop() {
  [[ -d $STATE ]] || { say "nothing to stop"; return; }
  hold_lock
  postgres_stop_own
  redis_stop_own
}

status() {
  local failed=0
  redis_status || failed=1
  postgres_status || failed=1
  return "$failed"
}

print_env() {
  local redis postgres
  redis=$(redis_url)
  postgres=$(postgres_url)
  echo "REDIS_URL=$(assignable "$redis")"
  echo "POSTGRES_URL=$(assignable "$postgres")"
}

programs() {
  make_state
  hold_lock
  redis_install
  postgres_install
  apt_forget
  make_private_dir "$STATE/chaos"
  print_words folder "$STATE/chaos"
  print_words owner "${SWITCH[@]}"
  local name
  redis_program redis-server
  print_words redis-server "${PROGRAM[@]}"
  for name in initdb postgres; do
    postgres_program "$name"
    print_words "$name" "${PROGRAM[@]}"
  done
}

print_words() { (IFS=$'\t'; printf '%s\n' "$*"); }

main() {
  [[ $# -eq 1 ]] || { usage >&2; exit 2; }
  readonly COMMAND=$1
  case $COMMAND in
    start | stop | status | programs) settle; "$COMMAND" ;;
    env) settle; print_env ;;
    -h | --help | help) usage ;;
    *) usage >&2; exit 2 ;;
  esac
}

main "$@"
