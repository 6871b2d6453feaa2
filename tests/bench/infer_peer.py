#!/usr/bin/env python3
"""llama.cpp beside hart-infer bench: PyPI's llama-cpp-python, the same file, threads and tokens.

    infer_peer.py MODEL THREADS PROMPT-TOKENS TOKENS REPEATS

Prints one JSON line with the medians, or one that names the peer as missing.
"""

import json
import statistics
import sys
import time


def main():
    model, threads, prompt_tokens, tokens, repeats = sys.argv[1], *map(int, sys.argv[2:6])
    line = {"type": "peer", "engine": "llama.cpp", "threads": threads}
    try:
        import llama_cpp
    except ImportError:
        print(json.dumps({**line, "missing": "llama-cpp-python"}))
        return
    peer = llama_cpp.Llama(
        model, n_ctx=prompt_tokens + tokens + 8, n_threads=threads, n_threads_batch=threads, verbose=False
    )
    prompt = [(i * 7919 + 1) % peer.n_vocab() for i in range(prompt_tokens)]
    prefill, decode = [], []
    for _ in range(repeats):
        peer.reset()
        began = time.perf_counter()
        peer.eval(prompt)
        prefilled = time.perf_counter()
        for i in range(tokens):
            peer.eval([prompt[i % prompt_tokens]])
        ended = time.perf_counter()
        prefill.append(prompt_tokens / (prefilled - began))
        decode.append(tokens / (ended - prefilled))
    line["version"] = llama_cpp.__version__
    line["prefill_tokens_per_second"] = round(statistics.median(prefill), 2)
    line["decode_tokens_per_second"] = round(statistics.median(decode), 2)
    print(json.dumps(line))


main()
