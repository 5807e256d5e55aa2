# shellcheck shell=bash disable=SC2034,SC2153 # set here, used by the other parts, and the reverse
# The programs of PostgreSQL with TimescaleDB: found on the system, else fetched, else built.

readonly TIMESCALEDB_AT_LEAST=2.19.1
readonly POSTGRES_AT_LEAST=15
# The Debian release whose source package of TimescaleDB is built where there is no package of it.
readonly SOURCE_RELEASE=trixie

# --- finding ---------------------------------------------------------------------------------------------

# Sets POSTGRES_BIN to the newest suitable programs, our own first.
postgres_find() {
  [[ -z ${POSTGRES_BIN:-} ]] || return 0
  local bin
  while read -r bin; do
    if postgres_is_suitable "$bin"; then
      POSTGRES_BIN=$bin
      return 0
    fi
  done < <(postgres_candidates "$POSTGRES_PROGRAMS"; postgres_candidates ''; command -v postgres | xargs -r dirname)
  return 1
}

postgres_candidates() { printf '%s\n' "$1"/usr/lib/postgresql/*/bin | grep -v '\*' | sort -rV || true; }

# New enough, with TimescaleDB, and of the version that wrote the data.
postgres_is_suitable() {
  local bin=$1 major data
  major=$(postgres_major "$bin") || return 1
  data=$(postgres_data_major || true)
  ((major >= POSTGRES_AT_LEAST)) && [[ ${data:-$major} == "$major" ]] || return 1
  version_at_least "$(timescaledb_version "$bin")" "$TIMESCALEDB_AT_LEAST"
}

postgres_major() {
  [[ -x $1/postgres && -x $1/initdb && -x $1/psql && -x $1/pg_config ]] &&
    postgres_config_of "$1" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/'
}

timescaledb_version() {
  local control
  control=$(postgres_config_of "$1" --sharedir)/extension/timescaledb.control
  sed -nE "s/^default_version *= *'([^']+)'.*/\1/p" "$control" 2>/dev/null | grep . || echo 0
}

# Sets PROGRAM to the words that run one of PostgreSQL's programs.
postgres_program() { postgres_program_of "$POSTGRES_BIN" "$1"; }

postgres_program_of() {
  local bin=$1
  if [[ $bin == "$STATE"/* ]]; then
    program "${bin%/usr/lib/postgresql/*}" "${bin#"${bin%/usr/lib/postgresql/*}"/}/$2"
  else
    PROGRAM=("$bin/$2")
  fi
}

postgres_config() { postgres_config_of "$POSTGRES_BIN" "$@"; }

postgres_config_of() {
  postgres_program_of "$1" pg_config
  "${PROGRAM[@]}" "$2"
}

# --- fetching and building -------------------------------------------------------------------------------

postgres_install() {
  ! postgres_find || return 0
  apt_settle
  # The system's own PostgreSQL is not copied: the extension has to be built against its exact minor version.
  local staged=$POSTGRES_PROGRAMS.part major
  rm -rf "$staged"
  mkdir -p "$staged"
  if major=$(major_with_package); then
    say "fetching PostgreSQL $major with TimescaleDB"
    fetch_packages "$staged" "postgresql-$major" "postgresql-client-$major" "postgresql-$major-timescaledb"
  elif major=$(major_without_package); then
    say "fetching PostgreSQL $major"
    fetch_packages "$staged" "postgresql-$major" "postgresql-client-$major"
    build_timescaledb "$staged" "$major"
  else
    fail "no PostgreSQL $POSTGRES_AT_LEAST or later is found, on this system or in its package sources" \
      "set POSTGRES_URL to one that runs elsewhere, or use compose.yaml"
  fi
  rm -rf "$POSTGRES_PROGRAMS"
  mv "$staged" "$POSTGRES_PROGRAMS"
  postgres_find || fail "the PostgreSQL in $POSTGRES_PROGRAMS is not usable"
}

# In order of preference: the system's, then newer ones. Data that exists can be read by its own major version only.
majors() {
  postgres_data_major && return
  local bin
  while read -r bin; do postgres_major "$bin" || true; done < <(postgres_candidates '')
  printf '%s\n' 17 16 15
}

major_with_package() {
  local major
  while read -r major; do
    version_at_least "$(candidate_of "postgresql-$major-timescaledb")" "$TIMESCALEDB_AT_LEAST" || continue
    echo "$major"
    return
  done < <(majors)
  return 1
}

major_without_package() {
  local major
  while read -r major; do
    [[ -n $(candidate_of "postgresql-$major") ]] || continue
    echo "$major"
    return
  done < <(majors)
  return 1
}

build_timescaledb() {
  local staged=$1 major=$2 build=$STATE/build
  require_compiler
  say "building TimescaleDB from Debian's source package for PostgreSQL $major (a minute or less)"
  rm -rf "$build"
  fetch_packages "$build/tools" "postgresql-server-dev-$major" libpq-dev libssl-dev libkrb5-dev \
    krb5-multidev comerr-dev cmake
  mkdir -p "$staged/usr/include/postgresql"
  cp -a "$build/tools/usr/include/postgresql/." "$staged/usr/include/postgresql/"
  fetch_source "$SOURCE_RELEASE" timescaledb "$build/source"
  local status=0
  compile_timescaledb "$staged" "$major" "$build" >"$STATE/build.log" 2>&1 || status=$?
  ((status == 0)) || {
    show_log "$STATE/build.log"
    fail "TimescaleDB cannot be built" "see $STATE/build.log"
  }
  rm -rf "$build"
}

require_compiler() {
  local tool missing=()
  for tool in cc make patch dpkg-source; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  ((${#missing[@]} == 0)) || fail "TimescaleDB has to be built here, and this is missing: ${missing[*]}" \
    "as an administrator: apt-get install gcc make patch dpkg-dev"
}

# The fetched headers are those PostgreSQL's own headers include; nothing is linked against their libraries.
compile_timescaledb() (
  set -e
  local staged=$1 major=$2 build=$3
  local tools=$build/tools/usr
  PATH=$tools/bin:$PATH
  LD_LIBRARY_PATH=$(library_path "$staged")$(library_path "$build/tools")
  C_INCLUDE_PATH=$(printf '%s:' "$tools/include" "$tools"/include/*-linux-gnu* "$tools/include/mit-krb5")
  C_INCLUDE_PATH=${C_INCLUDE_PATH%:}
  export PATH LD_LIBRARY_PATH C_INCLUDE_PATH
  cd "$build/source"
  BUILD_FORCE_REMOVE=true ./bootstrap -DPG_CONFIG="$staged/usr/lib/postgresql/$major/bin/pg_config" \
    -DAPACHE_ONLY=1 -DUSE_OPENSSL=0 -DUSE_TELEMETRY=OFF -DREGRESS_CHECKS=OFF -DWARNINGS_AS_ERRORS=OFF \
    -DCMAKE_BUILD_TYPE=Release
  make -C build -j"$(nproc)"
  make -C build install
)
