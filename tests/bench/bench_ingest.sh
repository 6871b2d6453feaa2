#!/bin/bash
# How fast a large model goes into a store, beside sha256sum and cp of the same file, and how much
# memory it takes. Prints JSON lines, medians of three. Usage: bench_ingest.sh [MIB] (default 1024);
# --smoke: 8. hart-ingest is taken from HART_TOOL_PATH, else from PATH.
set -euo pipefail

mib=${1:-1024}
[[ $mib == --smoke ]] && mib=8
PATH=${HART_TOOL_PATH:+$HART_TOOL_PATH:}$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A GGUF file of one tensor of random bytes, which nothing can compress.
make_model() {
  python3 - "$work/model.gguf" "$mib" <<'PYTHON'
import os, struct, sys
path, mib = sys.argv[1], int(sys.argv[2])
name = b"blk.0.weight"
elements = mib << 18
head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0)
head += struct.pack("<Q", len(name)) + name + struct.pack("<IQIQ", 1, elements, 0, 0)
with open(path, "wb") as out:
    out.write(head + bytes(-len(head) % 32))
    for _ in range(mib):
        out.write(os.urandom(1 << 20))
PYTHON
}

# measure WHAT COMMAND...: the median of three runs, and the largest memory of any.
measure() {
  local what=$1
  shift
  for _ in 1 2 3; do
    rm -rf "$work/s.hart" "$work/copy"
    hart-ingest init "$work/s.hart" >/dev/null
    sync
    python3 - "$@" <<'PYTHON'
import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PYTHON
  done | sort -n | awk -v what="$what" -v mib="$mib" '
    { seconds[NR] = $1; if ($2 > rss) rss = $2 }
    END { printf "{\"type\":\"bench\",\"what\":\"%s\",\"mib\":%d,\"seconds\":%.3f,\"mib_per_s\":%.1f,\"peak_rss_mib\":%.1f}\n",
          what, mib, seconds[2], mib / seconds[2], rss / 1024 }'
}

make_model
measure "hart-ingest add" hart-ingest add --store "$work/s.hart" --no-embed "$work/model.gguf"
measure "sha256sum" sha256sum "$work/model.gguf"
measure "cp and sync" sh -c "cp '$work/model.gguf' '$work/copy' && sync '$work/copy'"
