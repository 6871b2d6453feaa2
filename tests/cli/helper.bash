# What every .bats file loads: `load helper`. Each test runs in a scratch directory of its own,
# with the tools of the build tree on PATH and none of the caller's HART_ settings.

export BATS_LIB_PATH=${BATS_LIB_PATH:-/usr/lib/bats}
bats_load_library bats-support
bats_load_library bats-assert

HART_SOURCE=${HART_SOURCE:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
HART_SHARED_DATA=${HART_SHARED_DATA:-$HART_SOURCE/../shared/data}
HART_TOOL_PATH=${HART_TOOL_PATH:-$HART_SOURCE/build/release/tools:$HART_SOURCE/build/release/tests/cli}
PATH=$HART_TOOL_PATH:$PATH

unset HART_STORE HART_TENANT HART_API_KEY HART_PAYLOAD_KEY_FILE HART_SHARE NO_COLOR
export LC_ALL=C.UTF-8

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# need_shared FILE: skips the test, by name, where the shared data is not beside the checkout.
need_shared() {
  [[ -e $HART_SHARED_DATA/$1 ]] || skip "no $1 in $HART_SHARED_DATA"
}

# json FILTER: jq over the lines that `run` caught on standard output.
json() { jq -r "$1" <<<"$output"; }
