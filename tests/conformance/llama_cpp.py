#!/usr/bin/env python3
"""Holds hart-infer's log-probabilities against llama.cpp's, for the shipped model in every type.

    llama_cpp.py HART-INFER HART-INGEST MODEL FIXTURE

tests/data/make_llama_cpp_fixture.py made the fixture and says how.
"""

import json
import os
import subprocess
import sys
import tempfile

# The greatest difference in nats, of a token. Floats differ by the rounding of F16 keys and
# values and of the peer's F16 activations; block types by activations of 8 bits, which the
# peer scales over 256 values for some types and we over 32.
LIMITS = {"f32": 0.01, "f16": 0.02, "bf16": 0.05}
BLOCK_LIMIT = 0.25
# The mean difference over the text.
MEAN_LIMITS = {"f32": 0.002, "f16": 0.005, "bf16": 0.01}
BLOCK_MEAN_LIMIT = 0.06


def ask(infer, path, text):
    command = [infer, "generate", "-m", path, "-n", "1", "--temperature", "0", "--prompt-logprobs"]
    command += ["--kv-type", "f16", "--no-cache", text]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    lines = [json.loads(line) for line in out.stdout.splitlines()]
    return [line for line in lines if line["type"] == "prompt_token"]


def main():
    infer, ingest, model, fixture_path = map(os.path.abspath, sys.argv[1:])
    with open(fixture_path, encoding="utf-8") as file:
        fixture = json.load(file)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "s.hart")
        quiet = {"check": True, "capture_output": True}
        subprocess.run([ingest, "init", store], **quiet)
        subprocess.run([ingest, "add", "-s", store, "--name", "m", model], **quiet)
        for name, expected in fixture["types"].items():
            path = os.path.join(folder, name + ".gguf")
            export = [ingest, "export", "-s", store, "m", "-o", path, "--as", "gguf"]
            subprocess.run(export + ["--quantize", name], **quiet)
            tokens = ask(infer, path, fixture["text"])
            assert [token["token"] for token in tokens] == fixture["tokens"], name
            differences = [abs(t["logprob"] - e) for t, e in zip(tokens[1:], expected)]
            mean = sum(differences) / len(differences)
            print(f"{name}: greatest {max(differences):.4f}, mean {mean:.5f}")
            if max(differences) > LIMITS.get(name, BLOCK_LIMIT):
                failures.append(name)
            elif mean > MEAN_LIMITS.get(name, BLOCK_MEAN_LIMIT):
                failures.append(name)
    if failures:
        sys.exit("differ from llama.cpp by more than their limit: " + ", ".join(failures))


main()
