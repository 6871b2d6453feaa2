#!/usr/bin/env python3
"""Computes what llama.cpp answers for the shipped model in every type it can be converted to.

    pip install llama-cpp-python
    tests/data/make_llama_cpp_fixture.py HART-INGEST > tests/data/llama-cpp.golden.json

For each type: the log-probability of every token of a text after those before it, computed on
one thread with keys and values in F16. The files are those that `hart-ingest export --quantize`
writes, whose bytes do not depend on the machine.
"""

import json
import math
import os
import subprocess
import sys
import tempfile

import llama_cpp

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(ROOT, "share/models/wordnet-llama.gguf")
TEXT = "anaconda (noun): large arboreal boa of tropical South America"
TYPES = "f32 f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q2_k q3_k q4_k q5_k q6_k iq4_nl mxfp4".split()


def logprobs(path):
    model = llama_cpp.Llama(path, n_ctx=128, n_threads=1, logits_all=True, verbose=False)
    tokens = model.tokenize(TEXT.encode(), add_bos=True)
    model.eval(tokens)
    out = []
    for i, token in enumerate(tokens[1:]):
        row = [float(x) for x in model.scores[i]]
        most = max(row)
        out.append(row[token] - most - math.log(sum(math.exp(x - most) for x in row)))
    return tokens, [float(f"{x:.6g}") for x in out]


def main():
    ingest = sys.argv[1]
    result = {"about": f"made by make_llama_cpp_fixture.py with llama-cpp-python {llama_cpp.__version__}"}
    result["text"] = TEXT
    result["types"] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "s.hart")
        subprocess.run([ingest, "init", store], check=True, capture_output=True)
        subprocess.run([ingest, "add", "-s", store, "--name", "m", MODEL], check=True, capture_output=True)
        for name in TYPES:
            path = os.path.join(folder, name + ".gguf")
            command = [ingest, "export", "-s", store, "m", "-o", path, "--as", "gguf"]
            subprocess.run(command + ["--quantize", name], check=True, capture_output=True)
            result["tokens"], result["types"][name] = logprobs(path)
    print(json.dumps(result))


main()
