# What the scripts share: one way to say what is being done, and one way to build. Sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

step() { printf '== %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

usage_error() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 2
}

jobs() { nproc 2>/dev/null || echo 2; }

# quietly LOG COMMAND...: the output goes to LOG, and to stderr if the command fails. On a terminal
# it is shown as it comes: ninja keeps its progress in one line there.
quietly() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if [ -t 1 ]; then
    "$@" || return
  elif ! "$@" >"$log" 2>&1; then
    # A failed command is named near the end; what ninja built before it is of no interest.
    tail -n 60 "$log" >&2
    return 1
  fi
}

# build PRESET [TARGET...]: configures and builds into build/PRESET.
build() {
  local preset=$1 cache=()
  shift
  command -v ccache >/dev/null && cache=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # What ccache asks for before it caches what is compiled with precompiled headers.
  export CCACHE_SLOPPINESS=pch_defines,time_macros
  # Another checkout on the same machine has use for what this one has compiled.
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  cd "$root"
  quietly "build/$preset/configure.log" cmake --preset "$preset" "${cache[@]}" ||
    fail "cannot configure preset $preset"
  local target=()
  [ $# -eq 0 ] || target=(--target "$@")
  quietly "build/$preset/build.log" \
    cmake --build "build/$preset" --parallel "$(jobs)" "${target[@]}" ||
    fail "the $preset build failed; its whole output is in build/$preset/build.log"
}

# presets: the names that CMakePresets.json offers.
presets() { cmake --list-presets=configure "$root" | sed -n 's/^ *"\([^"]*\)".*/\1/p'; }
