# What the scripts here share. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

say() { printf '%s\n' "$*" >&2; }

die() {
  say "${0##*/}: $*"
  exit 1
}

# build_tree PRESET [TARGET...]: configures build/PRESET and builds it, quietly unless it fails.
build_tree() {
  local preset=$1
  shift
  local log
  log=$(mktemp)
  if ! (cd "$root" && cmake --preset "$preset" && cmake --build "build/$preset" -j "$jobs" -- "$@") >"$log" 2>&1; then
    grep -v '^\[[0-9]*/[0-9]*\] [A-Z]' "$log" >&2 || cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
