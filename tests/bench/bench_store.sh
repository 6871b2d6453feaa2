#!/bin/bash
# What a family of models takes in a store and how fast it goes in and out, beside the programs
# that people use for it today, on the same files in the same run: one base and nine fine-tunes,
# of which 2, 20 and 80 % of the weights moved a little. Prints JSON lines, then a table on
# standard error. Peers that are not installed are named and left out.
#
# Usage: bench_store.sh [MIB [DTYPE]] (default: 128 MiB a model, bf16; f32, f16), --smoke: 4 MiB
# hart-ingest and hart-bench-family are taken from HART_TOOL_PATH, else from PATH.
set -euo pipefail

mib=${1:-128}
[[ $mib == --smoke ]] && mib=4
dtype=${2:-bf16}
PATH=${HART_TOOL_PATH:+$HART_TOOL_PATH:}$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
table=$work/table

# seconds COMMAND...: runs it and prints wall-clock seconds and peak resident MiB.
seconds() {
  python3 - "$@" <<'PYTHON'
import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("%.3f %.1f" % (time.monotonic() - start,
                     resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
PYTHON
}

bytes_of() { du -sb --apparent-size "$1" | cut -f1; }

# report WHAT RAW_BYTES STORED_BYTES "SECONDS RSS"
report() {
  local time=${4% *} rss=${4#* }
  python3 - "$1" "$2" "$3" "$time" "$rss" "$dtype" <<'PYTHON' | tee -a "$table"
import json, sys
what, raw, stored, seconds, rss, dtype = sys.argv[1:]
raw, stored, seconds = int(raw), int(stored), float(seconds)
line = {"type": "bench", "what": what, "dtype": dtype, "raw_bytes": raw}
if stored:
    line |= {"stored_bytes": stored, "ratio": round(stored / raw, 4)}
line |= {"seconds": round(seconds, 3), "mb_per_s": round(raw / 1e6 / seconds, 1),
         "peak_rss_mib": float(rss)}
print(json.dumps(line))
PYTHON
}

have() {
  command -v "$1" >/dev/null && return
  echo "{\"type\":\"skipped\",\"what\":\"$1\",\"reason\":\"not installed\"}"
  return 1
}

hart-bench-family "$work/family" --mib "$mib" --dtype "$dtype" >/dev/null
mapfile -t files < <(find "$work/family" -name '*.safetensors' | sort)
base=${files[0]}
raw=$(cat "${files[@]}" | wc -c)
raw_base=$(wc -c <"$base")
sync

hart-ingest init "$work/one.hart" >/dev/null
time=$(seconds hart-ingest add -s "$work/one.hart" --no-embed "$base")
report "hart-ingest add, the base alone" "$raw_base" "$(bytes_of "$work/one.hart/packs")" "$time"

store=$work/family.hart
hart-ingest init "$store" >/dev/null
empty=$(bytes_of "$store")
time=$(seconds hart-ingest add -s "$store" --no-embed "${files[@]}")
report "hart-ingest add, cold" "$raw" $(($(bytes_of "$store") - empty)) "$time"
time=$(seconds hart-ingest add -s "$store" --no-embed "${files[@]}")
report "hart-ingest add, known content" "$raw" 0 "$time"
mkdir "$work/out"
time=$(seconds hart-ingest export -s "$store" "$(basename "$base")" -o "$work/out/base")
report "hart-ingest export, the base" "$raw_base" 0 "$time"
cmp "$base" "$work/out/base"
last=${files[-1]}
time=$(seconds hart-ingest export -s "$store" "$(basename "$last")" -o "$work/out/last")
report "hart-ingest export, a fine-tune" "$(wc -c <"$last")" 0 "$time"
cmp "$last" "$work/out/last"
rm -r "$work/out"

time=$(seconds sh -c "sha256sum '$work'/family/*.safetensors")
report "sha256sum" "$raw" 0 "$time"
time=$(seconds sh -c "cat '$work'/family/*.safetensors > '$work/copy' && sync '$work/copy'")
report "cat and sync" "$raw" 0 "$time"
rm "$work/copy"
if have zstd; then
  mkdir "$work/zstd"
  time=$(seconds sh -c "zstd -3 -q '$work'/family/*.safetensors --output-dir-flat '$work/zstd'")
  report "zstd -3, a file each" "$raw" "$(bytes_of "$work/zstd")" "$time"
fi
if have restic; then
  export RESTIC_PASSWORD=bench RESTIC_REPOSITORY=$work/restic RESTIC_CACHE_DIR=$work/restic-cache
  restic init >/dev/null
  time=$(seconds restic backup "$work/family")
  report "restic" "$raw" "$(bytes_of "$work/restic")" "$time"
  time=$(seconds restic restore latest --target "$work/restic-out")
  report "restic restore" "$raw" 0 "$time"
  rm -rf "$work/restic-out"
fi
if have borg; then
  export BORG_BASE_DIR=$work/borg-base
  borg init -e none "$work/borg"
  time=$(seconds borg create -C zstd,3 "$work/borg::all" "$work/family")
  report "borg, zstd 3" "$raw" "$(bytes_of "$work/borg")" "$time"
  mkdir "$work/borg-out"
  time=$(seconds sh -c "cd '$work/borg-out' && borg extract '$work/borg::all'")
  report "borg extract" "$raw" 0 "$time"
  rm -rf "$work/borg-out"
fi
if have casync; then
  time=$(seconds casync make --store="$work/casync" "$work/all.caidx" "$work/family")
  report "casync" "$raw" "$(bytes_of "$work/casync")" "$time"
fi

python3 - "$table" >&2 <<'PYTHON'
import json, sys
print("%-34s %10s %9s %9s" % ("", "stored/raw", "MB/s", "RSS MiB"))
for line in map(json.loads, open(sys.argv[1])):
    ratio = "%10.4f" % line["ratio"] if "ratio" in line else " " * 10
    print("%-34s %s %9.0f %9.0f" % (line["what"], ratio, line["mb_per_s"], line["peak_rss_mib"]))
PYTHON
