#!/bin/bash
# What a query costs in a batch of JSON lines through hart-search, beside the same queries answered
# in process: 384-d vectors as arrays of numbers and as base64, with every field of a hit printed,
# with three and with two. Prints JSON lines; on a machine that is busy with other things, only
# processor times can be compared.
#
# Usage: bench_search_batch.sh [VECTORS [QUERIES [STRATEGY]]] (default: 100000 10000 cells),
# --smoke: 500 50 exact
# hart-ingest, hart-search and hart-bench-vector-store are taken from HART_TOOL_PATH, else from PATH.
set -euo pipefail

if [[ ${1:-} == --smoke ]]; then set -- 500 50 exact; fi
vectors=${1:-100000} queries=${2:-10000} strategy=${3:-cells} dim=384
PATH=${HART_TOOL_PATH:+$HART_TOOL_PATH:}$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
store=$work/store.hart

hart-ingest init "$store" >/dev/null
hart-bench-vector-store fill "$store" "$vectors" "$dim"
if [[ $strategy == cells ]]; then
  hart-search index build --store "$store" --kind cells --quiet >/dev/null
  hart-search index check --store "$store" --kind cells --quiet >/dev/null
elif [[ $strategy == exact ]]; then
  hart-search index build --store "$store" --kind flat --quiet >/dev/null
fi

in_process=$(hart-bench-vector-store search "$store" "$queries" "$dim" "$strategy")
echo "$in_process"

# measure FORM FIELDS...
measure() {
  local form=$1
  shift
  hart-bench-vector-store queries "$queries" "$dim" "$form" >"$work/queries.jsonl"
  python3 - "$work/queries.jsonl" "$in_process" "$form" "$*" \
    hart-search query --store "$store" --threads 1 --strategy "$strategy" "$@" - <<'PYTHON'
import json, resource, subprocess, sys, time
path, in_process, form, options, *command = sys.argv[1:]
with open(path) as lines:
    count = sum(1 for _ in lines)
with open(path) as lines, open("/dev/null", "w") as out:
    start = time.monotonic()
    subprocess.run(command, check=True, stdin=lines, stdout=out)
    seconds = time.monotonic() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
each = seconds * 1e6 / count
cpu_each = (usage.ru_utime + usage.ru_stime) * 1e6 / count
in_process = json.loads(in_process)
print(json.dumps({"type": "bench", "what": "hart-search query -", "vectors": form,
                  "options": options, "queries": count, "us_per_query": round(each, 2),
                  "cpu_us_per_query": round(cpu_each, 2),
                  "times_in_process": round(each / in_process["us_per_query"], 3),
                  "cpu_times_in_process": round(cpu_each / in_process["cpu_us_per_query"], 3)}))
PYTHON
}

for form in array base64; do
  measure "$form"
  measure "$form" --fields atom,score,distance
  measure "$form" --fields score,distance
done
