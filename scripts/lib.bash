# What the scripts here share. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

say() { printf '%s\n' "$*" >&2; }

die() {
  say "${0##*/}: $*"
  exit 1
}

# build_tree PRESET [TARGET...]: configures build/PRESET and builds it, quietly unless it fails.
# With $build_limit_s it has that many seconds, and returns 124 when they were too few.
build_tree() {
  local preset=$1 status=0
  shift
  local build=(cmake --build "build/$preset" -j "$jobs" -- "$@") log
  if [[ -n ${build_limit_s-} ]]; then build=(timeout "$build_limit_s" "${build[@]}"); fi
  log=$(mktemp)
  (cd "$root" && cmake --preset "$preset" && "${build[@]}") >"$log" 2>&1 || status=$?
  if ((status != 0 && status != 124)); then
    grep -v '^\[[0-9]*/[0-9]*\] [A-Z]' "$log" >&2 || cat "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}
