# shellcheck shell=bash disable=SC2034,SC2153 # set here, used by the other parts, and the reverse
# Fetches Debian packages into folders of ours, without root and without touching the system's own package state.

# Never fetched: what every system has, what only a system-wide installation needs, and the compiler that
# PostgreSQL's JIT would use (it is switched off).
readonly NEVER_FETCHED='^(libc6|libc-|libllvm|llvm-|clang-|libclang|perl|libperl|debconf|ssl-cert|ucf|netbase|adduser'\
'|init-system-helpers|sysvinit|lsb-base|logrotate|systemd|postgresql-common|postgresql-client-common|python3)'

apt_with() {
  local lists=$1
  shift
  apt-get -qq -o "Dir::State::Lists=$APT/$lists" -o "Dir::Cache=$APT/cache" -o Debug::NoLocking=true \
    -o APT::Sandbox::User= -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::Languages=none "$@"
}

# The system's own sources, with lists kept by us.
apt_here() { apt_with here "$@"; }

# Source packages of the Debian release named first: apt_sources_of RELEASE ARGUMENTS…
apt_sources_of() {
  local release=$1
  shift
  apt_with "$release" -o "Dir::Etc::SourceList=$APT/$release.list" -o Dir::Etc::SourceParts=/dev/null "$@"
}

apt_settle() {
  [[ -z ${APT:-} ]] || return 0
  command -v apt-get dpkg-deb >/dev/null ||
    fail "this system has no apt, so nothing can be fetched here" \
      "set REDIS_URL and POSTGRES_URL to servers that run elsewhere, or use compose.yaml"
  APT=$STATE/apt
  mkdir -p "$APT"/{here,trixie}/partial "$APT/cache/archives/partial"
  apt_here update 2>"$APT/log" || say "note: some package lists could not be refreshed"
}

# The lists are large and soon stale.
apt_forget() {
  [[ -z ${APT:-} ]] || rm -rf "$APT"
  APT=
}

# fetch_packages FOLDER PACKAGE…: these packages and whatever they need that the system lacks, unpacked
fetch_packages() {
  local folder=$1 packages
  shift
  apt_settle
  packages=$(with_missing_dependencies "$@") || cannot_fetch "$@"
  mkdir -p "$folder" "$APT/debs"
  # shellcheck disable=SC2086 # one word per package
  (cd "$APT/debs" && apt_here download $packages) 2>>"$APT/log" || cannot_fetch "$@"
  local deb
  for deb in "$APT"/debs/*.deb; do dpkg-deb --extract "$deb" "$folder"; done
  rm -rf "$APT/debs"
}

with_missing_dependencies() {
  local plan
  plan=$(apt_here --simulate --no-install-recommends install "$@" 2>>"$APT/log") || return 1
  { printf '%s\n' "$@"; awk '$1 == "Inst" { print $2 }' <<<"$plan" | grep -Ev "$NEVER_FETCHED" || true; } | sort -u
}

cannot_fetch() {
  show_log "$APT/log"
  fail "cannot fetch: $*" "as an administrator: apt-get install $*" \
    "or set REDIS_URL and POSTGRES_URL to servers that run elsewhere"
}

# The version apt would install, nothing if it knows none.
candidate_of() {
  apt-cache -o "Dir::State::Lists=$APT/here" -o "Dir::Cache=$APT/cache" policy "$1" 2>/dev/null |
    sed -nE 's/^ *Candidate: ([0-9].*)/\1/p'
}

# fetch_source RELEASE PACKAGE FOLDER: the source package, unpacked and patched, from the mirror this system uses
fetch_source() {
  local release=$1 package=$2 folder=$3
  debian_mirrors | sed "s|.*|deb-src $(signed_by)& $release main|" >"$APT/$release.list"
  [[ -s $APT/$release.list ]] || fail "found no Debian mirror in this system's package sources"
  {
    apt_sources_of "$release" update &&
      (cd "$APT" && apt_sources_of "$release" source --download-only "$package") &&
      dpkg-source -x "$APT/$package"_*.dsc "$folder"
  } >>"$APT/log" 2>&1 || {
    show_log "$APT/log"
    fail "cannot fetch the source of $package"
  }
}

debian_mirrors() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$codename" '$1 ~ /\/debian\/?$/ && $2 == release && $3 == "main" { print $1 }' | sort -u
}

signed_by() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ ! -r $keyring ]] || printf '[signed-by=%s] ' "$keyring"
}
