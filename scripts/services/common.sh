# shellcheck shell=bash disable=SC2034,SC2153 # set here, used by the other parts, and the reverse
# What both services share: where things are kept, who runs them, ports, processes, waiting.

readonly ANSWER_DEADLINE_S=120
readonly STOP_DEADLINE_S=60
readonly LOCK_DEADLINE_S=900

say() { printf '%s\n' "services: $*" >&2; }

fail() {
  say "error: $1"
  shift
  local line
  for line in "$@"; do say "  $line"; done
  exit 1
}

redacted() { sed -E 's#//[^/@]*@#//…@#' <<<"$1"; }

# Decides who runs the servers and where their files are, before anything else is done.
settle() {
  become_owner
  STATE=$ROOT/.services
  SERVICE_USER=
  SWITCH=()
  if ((EUID == 0)); then
    settle_as_root
  elif [[ -d $STATE && ! -w $STATE ]]; then
    fail "$STATE belongs to $(stat -c %U "$STATE")" "use a checkout of your own, or run this as that user"
  fi
  redis_settle
  postgres_settle
}

# PostgreSQL refuses to run as root. It runs as an unprivileged user, who must be able to reach its files.
settle_as_root() {
  SERVICE_USER=postgres
  getent passwd "$SERVICE_USER" >/dev/null || SERVICE_USER=nobody
  SWITCH=(setpriv "--reuid=$SERVICE_USER" "--regid=$(id -g "$SERVICE_USER")" --init-groups --)
  if ! as_service_user test -x "$ROOT"; then
    STATE=/var/lib/tidemark-$(printf %s "$ROOT" | sha256sum | cut -c1-12)
  fi
}

# Root in someone else's checkout becomes that someone, so that no file there ends up out of their reach.
become_owner() {
  ((EUID == 0)) || return 0
  local uid gid switch
  uid=$(stat -c %u "$ROOT")
  gid=$(getent passwd "$uid" | cut -d: -f4)
  ((uid != 0)) && [[ -n $gid ]] || return 0
  switch=(setpriv "--reuid=$uid" "--regid=$gid" --init-groups --)
  "${switch[@]}" test -w "$ROOT" 2>/dev/null || return 0
  exec "${switch[@]}" "$ROOT/scripts/services.sh" "$COMMAND"
}

as_service_user() { "${SWITCH[@]}" "$@"; }

make_state() {
  [[ -d $STATE ]] && return
  mkdir -p "$STATE"
  [[ $STATE == "$ROOT/.services" ]] ||
    say "note: user $SERVICE_USER cannot reach $ROOT, so the servers' files are kept in $STATE"
}

# A folder of the servers' own: theirs to write, nobody else's to read.
make_private_dir() {
  mkdir -p "$1"
  chmod 700 "$1"
  [[ -z $SERVICE_USER ]] || chown "$SERVICE_USER:$(id -g "$SERVICE_USER")" "$1"
}

# Held until this script ends; servers are started without the descriptor.
hold_lock() {
  exec {LOCK_FD}>"$STATE/lock"
  flock --nonblock "$LOCK_FD" && return
  say "waiting for another run of this script"
  flock --timeout "$LOCK_DEADLINE_S" "$LOCK_FD" || fail "another run of this script holds $STATE/lock"
}

# --- processes -------------------------------------------------------------------------------------------

# Starts a server in a session of its own, with no descriptor of the caller's: launch LOG COMMAND…
launch() {
  local log=$1 fd
  shift
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
    done
    cd /
    exec setsid "${SWITCH[@]}" "$@" </dev/null >>"$log" 2>&1
  ) &
  LAUNCHED=$!
}

# Process ids get reused: a process is ours only if it works in our data folder.
works_in() { [[ -n $1 && $(readlink "/proc/$1/cwd" 2>/dev/null) == "$2" ]]; }

# Whether a process is of our user, yet does not let us see where it works.
is_hidden() {
  ! is_gone "$1" && [[ $(stat -c %U "/proc/$1") == "${SERVICE_USER:-$(id -un)}" ]] &&
    ! readlink "/proc/$1/cwd" >/dev/null
}

processes_in() {
  local link
  for link in /proc/[0-9]*/cwd; do
    [[ $(readlink "$link" 2>/dev/null) != "$1" ]] || cut -d/ -f3 <<<"$link"
  done
}

first_line() { [[ -r $1 ]] && head -n 1 "$1" | tr -d '[:space:]'; }

# wait_until SECONDS COMMAND…
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# A zombie is gone, too: some first processes, in containers above all, are slow to reap.
is_gone() { ! grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }

show_log() {
  say "last lines of $1:"
  tail -n 20 "$1" 2>/dev/null | sed 's/^/    /' >&2
}

# --- ports -----------------------------------------------------------------------------------------------

listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# Several checkouts may run at once: the remembered port, else the usual one, else another near it. Below
# 32768: above, a port may be held by somebody's outgoing connection, which nothing listens on.
# pick_port FILE USUAL WANTED
pick_port() {
  local file=$1 usual=$2 wanted=$3 port tries
  if [[ -n $wanted ]]; then
    ! listens 127.0.0.1 "$wanted" || fail "port $wanted is taken by another program"
    echo "$wanted" >"$file"
    return
  fi
  port=$(first_line "$file" || echo "$usual")
  for ((tries = 0; tries < 500; tries++)); do
    if ! listens 127.0.0.1 "$port"; then
      echo "$port" >"$file"
      return
    fi
    port=$((usual + 1 + (RANDOM % 500)))
  done
  fail "found no free port near $usual"
}

url_host() { sed -E 's#^[a-z]+://([^/@]*@)?([^:/?]*).*#\2#' <<<"$1"; }
url_port() { sed -nE 's#^[a-z]+://([^/@]*@)?[^:/?]*:([0-9]+).*#\2#p' <<<"$1" | grep . || echo "$2"; }

version_at_least() { [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# A value for the right-hand side of an assignment: quoted where a shell needs it, else left as it is.
assignable() { [[ $1 =~ ^[A-Za-z0-9:/@%?=._,+*-]*$ ]] && printf '%s\n' "$1" || printf '%q\n' "$1"; }

size_of() { du -sh "$1" 2>/dev/null | cut -f1; }

# Sets PROGRAM to the words that run one of the programs below a folder of fetched packages (or, if there is
# none, the system's): program FOLDER PATH_BELOW_IT NAME_ELSEWHERE
program() {
  local folder=$1
  if [[ -d $folder ]]; then
    PROGRAM=(env "LD_LIBRARY_PATH=$(library_path "$folder")" "$folder/$2")
  else
    PROGRAM=("$3")
  fi
}

library_path() { printf '%s:' "$1"/usr/lib/*-linux-gnu* "$1"/lib/*-linux-gnu*; }
