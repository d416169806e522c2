# Sourced by scripts/demo and scripts/test: everything a fresh Debian or Ubuntu machine needs.
# Each step says what it does and does nothing when it is already done.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Package names of a list file, without comments.
packages_of() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# installs the Debian packages of the given list files that are missing
install_packages() {
  command -v dpkg-query >/dev/null || fail "this script installs Debian packages; elsewhere install those of scripts/packages-*.txt by hand and build with cmake --preset release"
  local missing=() package
  for package in $(cat "$@" | packages_of /dev/stdin); do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local admin=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "need root or sudo to install: ${missing[*]}"
    admin=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  local log=build/apt.log install=("${admin[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
  mkdir -p build
  "${install[@]}" > "$log" 2>&1 || {  # the lists of packages may be old, or not there yet
    "${admin[@]}" apt-get update -q > "$log" 2>&1 || { tail -3 "$log" >&2; fail "apt-get update failed ($log): is there a network?"; }
    "${install[@]}" > "$log" 2>&1 || { tail -5 "$log" >&2; fail "apt-get could not install (all of it is in $log): ${missing[*]}"; }
  }
}

# a private Python environment with pinned packages: make_venv [NAME LIST], by default build/venv with
# scripts/requirements.txt; sets $venv
make_venv() {
  local name=${1:-venv} list=${2:-scripts/requirements.txt} stamp wanted
  venv="$root/build/$name"
  stamp="$venv/.requirements.sha256"
  wanted=$(sha256sum "$list" | cut -d' ' -f1)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "making the Python environment build/$name: $(packages_of "$list" | tr '\n' ' ')"
    mkdir -p build
    python3 -m venv --clear "$venv" || fail "python3 -m venv failed (package python3-venv)"
    "$venv/bin/pip" install -q --disable-pip-version-check -r "$list" ||
      fail "pip could not install $list: is there a network?"
    echo "$wanted" > "$stamp"
  fi
}

# builds a preset: build CONFIGURE_PRESET [BUILD_PRESET], by default of the same name. Says how far it is every 20 seconds.
build() {
  local preset=$1 target=${2:-$1} folder log job
  folder=build/$preset
  case $preset in test | bench) folder=build/release ;; esac  # the executable that users run, and what tests it
  mkdir -p "$folder"
  log="$folder/configure.log"
  cmake --preset "$preset" -DPython3_EXECUTABLE="$root/build/venv/bin/python" > "$log" 2>&1 ||
    { cat "$log" >&2; fail "cmake could not configure preset $preset"; }
  say "building $target in $folder"
  cmake --build --preset "$target" --parallel "$(nproc)" > "$folder/build.log" 2>&1 &
  job=$!
  local waited=0
  while kill -0 "$job" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1))
    [ $((waited % 20)) -ne 0 ] || say "  $(grep -o '^\[[0-9]*/[0-9]*\]' "$folder/build.log" | tail -1) after $waited s"
  done
  wait "$job" || { grep -v ': warning: ' "$folder/build.log" | tail -60 >&2; fail "build of $target failed ($folder/build.log)"; }
}
