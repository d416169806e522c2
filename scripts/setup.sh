# Sourced by scripts/demo and scripts/test: everything a fresh Debian or Ubuntu machine needs.
# Each step says what it does and does nothing when it is already done.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# logged LOG WHAT PERCENT COMMAND...: runs a command with its output in LOG, gives its exit code and says how far it is: a
# line that is drawn anew on a terminal, a line every 20 seconds elsewhere. PERCENT LOG prints it, or nothing.
logged() {
  local log=$1 what=$2 percent=$3 started=$SECONDS told=0 seconds job line part status=0 terminal=""
  shift 3
  "$@" > "$log" 2>&1 &
  job=$!
  trap 'kill "$job" 2>/dev/null; exit 130' INT TERM  # it does not hear of ^C
  [ ! -t 2 ] || [ "${TERM:-dumb}" = dumb ] || terminal=yes
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.5
    seconds=$((SECONDS - started))
    part=$("$percent" "$log" || true)
    line="  $what: ${part:+$part %, }$seconds s"
    if [ -n "$terminal" ]; then
      printf '\r\033[K== %s' "$line" >&2
    elif [ $((seconds - told)) -ge 20 ]; then
      told=$seconds
      say "$line"
    fi
  done
  [ -z "$terminal" ] || printf '\r\033[K' >&2
  wait "$job" || status=$?
  trap - INT TERM
  return "$status"
}

# Of a log of ninja's: its last [STEP/STEPS].
ninja_percent() {
  local last
  last=$(grep -o '^\[[0-9]*/[0-9]*\]' "$1" | tail -1 | tr -d '[]')
  [ -z "$last" ] || echo $((100 * ${last%/*} / ${last#*/}))
}

# Of a log of apt-get install: each new package is got, unpacked and set up.
apt_percent() {
  local all
  all=$(sed -n 's/.* \([0-9][0-9]*\) newly installed.*/\1/p' "$1")
  [ "${all:-0}" -eq 0 ] || echo $((100 * $(grep -cE '^(Get:|Unpacking|Setting up)' "$1") / (3 * all)))
}

# Package names of a list file, without comments.
packages_of() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# installs the Debian packages of the given list files that are missing
install_packages() {
  command -v dpkg-query >/dev/null || fail "this script installs Debian packages; elsewhere install those of scripts/packages-*.txt by hand and build with cmake --preset release"
  local missing=() package
  for package in $(cat "$@" | packages_of /dev/stdin); do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local admin=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "need root or sudo to install: ${missing[*]}"
    admin=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  [ ${#admin[@]} -eq 0 ] || sudo true  # asks for the password now, not below a line that is drawn anew
  local log=build/apt.log install=("${admin[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
  mkdir -p build
  logged "$log" "installing" apt_percent "${install[@]}" || {  # the lists of packages may be old, or not there yet
    logged "$log" "getting the lists of packages" true "${admin[@]}" apt-get update -q ||
      { tail -3 "$log" >&2; fail "apt-get update failed ($log): is there a network?"; }
    logged "$log" "installing" apt_percent "${install[@]}" ||
      { tail -5 "$log" >&2; fail "apt-get could not install (all of it is in $log): ${missing[*]}"; }
  }
}

# the same for what not every release has; $left_out are the packages that this one lacks. After install_packages, which
# gets the lists of packages.
install_offered_packages() {
  local package offered=build/.offered
  left_out=""
  mkdir -p build
  : > "$offered"
  for package in $(cat "$@" | packages_of /dev/stdin); do
    if is_installed "$package" || apt-cache show "$package" >/dev/null 2>&1; then
      echo "$package" >> "$offered"
    else
      left_out+="${left_out:+ }$package"
    fi
  done
  [ -z "$left_out" ] || say "this release has no package $left_out: tests that need it are left out"
  install_packages "$offered"
}

# a private Python environment with pinned packages: make_venv [NAME LIST [PYTHON]], by default build/venv with
# scripts/requirements.txt; sets $venv
make_venv() {
  local name=${1:-venv} list=${2:-scripts/requirements.txt} python=${3:-python3} stamp wanted
  venv="$root/build/$name"
  stamp="$venv/.requirements.sha256"
  wanted=$(sha256sum "$list" | cut -d' ' -f1)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "making the Python environment build/$name: $(packages_of "$list" | tr '\n' ' ')"
    mkdir -p build
    "$python" -m venv --clear "$venv" || fail "$python -m venv failed (package python3-venv)"
    logged "build/$name.log" "installing" true "$venv/bin/pip" install -q --disable-pip-version-check -r "$list" ||
      { tail -3 "build/$name.log" >&2; fail "pip could not install $list (build/$name.log): is there a network?"; }
    echo "$wanted" > "$stamp"
  fi
}

# builds a preset: build CONFIGURE_PRESET [BUILD_PRESET], by default of the same name
build() {
  local preset=$1 target=${2:-$1} folder log
  folder=build/$preset
  case $preset in test | bench) folder=build/release ;; esac  # the executable that users run, and what tests it
  mkdir -p "$folder"
  if command -v ccache >/dev/null; then  # what is compiled is kept, for the next checkout too (in ~/.cache/ccache)
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache OBJCACHE=ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true
    export CCACHE_SLOPPINESS=pch_defines,time_macros
  fi
  log="$folder/configure.log"
  cmake --preset "$preset" -DPython3_EXECUTABLE="$root/build/venv/bin/python" > "$log" 2>&1 ||
    { cat "$log" >&2; fail "cmake could not configure preset $preset"; }
  say "building $target in $folder"
  log="$folder/build.log"
  logged "$log" "building" ninja_percent cmake --build --preset "$target" --parallel "$(nproc)" ||
    { grep -v ': warning: ' "$log" | tail -60 >&2; fail "build of $target failed ($log)"; }
}
