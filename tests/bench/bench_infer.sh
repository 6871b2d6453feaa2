#!/bin/bash
# Prefill and decode of a 1.1 B model of random weights from the store, with one thread and with
# two, beside llama.cpp on the same file in the same run, in turns; then the sample models in
# share, whose figures show what a token costs besides its weights. Prints JSON lines: what each
# engine reached, then our medians over the peer's.
#
# Usage: bench_infer.sh [TYPE…] (default: f16 q8_0 q4_0 q4_k; --smoke: q4_0, small)
# The peer is PyPI's llama-cpp-python in HART_PEER_PYTHON (default python3); it is named as missing
# where it cannot be imported. Takes 5 GB of the temporary directory.
# hart-ingest and hart-infer are taken from HART_TOOL_PATH, else from PATH.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
PATH=${HART_TOOL_PATH:+$HART_TOOL_PATH:}$PATH
prompt=64 tokens=32 rounds=3 shape=()
if [[ ${1-} == --smoke ]]; then
  prompt=8 tokens=4 rounds=1 shape=(--small)
  set -- q4_0
fi
if (($# == 0)); then set -- f16 q8_0 q4_0 q4_k; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ours() {
  hart-infer bench -m "$1" --prompt-tokens "$prompt" -n "$tokens" --repeat 1 --threads "$2" --json
}
theirs() {
  "${HART_PEER_PYTHON:-python3}" "$here/infer_peer.py" "$work/$1.gguf" "$2" "$prompt" "$tokens" 1
}

# The medians of our lines and of the peer's in FILE, and their ratios.
summary() {
  jq -cs --arg kind "$1" --argjson threads "$2" '
    def median: sort | .[length / 2 | floor];
    def of(t; key): [.[] | select(.type == t) | .[key] // empty] | if . == [] then null else median end;
    def over(a; b): if a and b then a / b * 100 | round / 100 else null end;
    of("bench"; "decode_tokens_per_second") as $decode
    | of("peer"; "decode_tokens_per_second") as $peer_decode
    | of("bench"; "prefill_tokens_per_second") as $prefill
    | of("peer"; "prefill_tokens_per_second") as $peer_prefill
    | {type: "infer", weights: $kind, threads: $threads, decode: $decode, peer_decode: $peer_decode,
       decode_ratio: over($decode; $peer_decode), decode_share: of("bench"; "decode_share"),
       prefill: $prefill, peer_prefill: $peer_prefill,
       prefill_ratio: over($prefill; $peer_prefill),
       first_token_seconds: of("bench"; "first_token_seconds")}' "$3"
}

for kind in "$@"; do
  python3 "$here/make_random_model.py" "$kind" "$work/$kind.gguf" "${shape[@]}"
  export HART_STORE=$work/$kind.hart
  hart-ingest init "$HART_STORE" >/dev/null
  hart-ingest add --quiet --name "$kind" "$work/$kind.gguf" >/dev/null
  for threads in 1 2; do
    lines=$work/$kind-$threads.jsonl
    for ((round = 0; round < rounds; ++round)); do
      ours "$kind" "$threads"
      theirs "$kind" "$threads"
    done | tee "$lines"
    summary "$kind" "$threads" "$lines"
  done
  rm -r "$work/$kind.gguf" "$HART_STORE"
done

for model in "$here"/../../share/models/*.gguf; do
  hart-infer bench -m "$model" --prompt-tokens 1 -n 128 --repeat 9 --threads 1 --json
done
