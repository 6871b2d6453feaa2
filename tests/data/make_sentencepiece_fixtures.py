#!/usr/bin/env python3
"""Trains small models with PyPI's `sentencepiece` 0.2 and writes them as GGUF and tokenizer.json.

Usage: make_sentencepiece_fixtures.py            the committed fixtures, tokenizers/spm-* beside this
       make_sentencepiece_fixtures.py compare BENCH COUNT    larger ones, on COUNT random strings

Fixtures: spm-bpe.gguf (byte fallback, as llama's), spm-unigram.gguf (a compiled normalizer, as T5's),
their .cases.jsonl as sentencepiece answers, and spm-precompiled.json with what `tokenizers` answers.
CI reads them and installs nothing. BENCH is the program bench_tokenizer.
"""

import base64
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import sentencepiece
import tokenizers
from make_tokenizer_fixtures import corpus, texts

HERE = pathlib.Path(__file__).parent / "tokenizers"

# Replacements of the small normalizer: code points, a tab, code points.
RULES = """FB01\t66 69
FF21\t41
A0\t20
9\t20
200B\t
65 301\tE9
2460\t31
3000\t20
41 301\tC1
FF21 301\tC1
2026\t2E 2E 2E
"""


def fields(data):
    """(number, value) of a protobuf message; varints and fixed32 as integers."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 5:
            at += 4
            yield key >> 3, data[at - 4:at]
        else:
            size = varint()
            at += size
            yield key >> 3, data[at - size:at]


def read_model(model):
    pieces, charsmap = [], b""
    for number, value in fields(model):
        if number == 1:
            piece = dict(fields(value))
            pieces.append((piece[1].decode(), struct.unpack("<f", piece[2])[0], piece.get(3, 1)))
        elif number == 3:
            charsmap = dict(fields(value)).get(2, b"")
    return pieces, charsmap


def gguf(entries):
    """A GGUF file of metadata alone."""
    def text(value):
        data = value.encode()
        return struct.pack("<Q", len(data)) + data

    def value_of(value):
        if isinstance(value, bool):
            return struct.pack("<I?", 7, value)
        if isinstance(value, str):
            return struct.pack("<I", 8) + text(value)
        if isinstance(value, int):
            return struct.pack("<II", 4, value)
        if isinstance(value, bytes):
            return struct.pack("<IIQ", 9, 0, len(value)) + value
        if isinstance(value[0], str):
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
        kind, code = (6, "f") if isinstance(value[0], float) else (5, "i")
        return struct.pack("<IIQ", 9, kind, len(value)) + struct.pack(f"<{len(value)}{code}", *value)

    out = b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries))
    for key, value in entries.items():
        out += text(key) + value_of(value)
    return out


def train(text, **options):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_writer=out, minloglevel=2, num_threads=1,
        hard_vocab_limit=False, **options)
    return out.getvalue()


def as_gguf(model, kind):
    pieces, charsmap = read_model(model)
    entries = {
        "general.architecture": "none", "tokenizer.ggml.model": kind,
        "tokenizer.ggml.tokens": [piece for piece, _, _ in pieces],
        "tokenizer.ggml.scores": [score for _, score, _ in pieces],
        "tokenizer.ggml.token_type": [number for _, _, number in pieces],
        "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.add_space_prefix": True}
    if kind == "t5":
        entries["tokenizer.ggml.remove_extra_whitespaces"] = True
        entries["tokenizer.ggml.precompiled_charsmap"] = charsmap
    return gguf(entries)


def as_json(model):
    pieces, charsmap = read_model(model)
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()},
            {"type": "Strip", "strip_left": False, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
        "pre_tokenizer": metaspace, "post_processor": None, "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": False,
                  "vocab": [[piece, score] for piece, score, _ in pieces]}}


def train_all(size, text, rule):
    bpe = train(text, model_type="bpe", vocab_size=size + 256, byte_fallback=True,
                normalization_rule_name="identity", remove_extra_whitespaces=False,
                character_coverage=0.98, split_digits=True)
    unigram = train(text, model_type="unigram", vocab_size=size, character_coverage=0.98, **rule)
    return bpe, unigram


def cases(model, count):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    for text in texts(count, seed=3):
        # A text that has U+2581 itself, or NUL, is treated in their own ways.
        if "▁" in text or "\0" in text:
            continue
        yield text, processor.encode(text)


def write_fixtures():
    text = [line for line in corpus(60_000) if line.strip()]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        rules.write(RULES)
        rules.flush()
        bpe, unigram = train_all(300, text, {"normalization_rule_tsv": rules.name})
    for name, model, kind in (("spm-bpe", bpe, "llama"), ("spm-unigram", unigram, "t5")):
        (HERE / f"{name}.gguf").write_bytes(as_gguf(model, kind))
        with (HERE / f"{name}.cases.jsonl").open("w") as out:
            for line, tokens in cases(model, 60):
                out.write(json.dumps({"text": line, "tokens": tokens}, separators=(",", ":")) + "\n")
    path = HERE / "spm-precompiled.json"
    path.write_text(json.dumps(as_json(unigram), ensure_ascii=False, separators=(",", ":")) + "\n")
    peer = tokenizers.Tokenizer.from_file(str(path))
    with (HERE / "spm-precompiled.cases.jsonl").open("w") as out:
        for line in texts(60):
            ids = peer.encode(line).ids
            answer = {"text": line, "tokens": ids, "decoded": peer.decode(ids)}
            out.write(json.dumps(answer, separators=(",", ":")) + "\n")


def ask(bench, path, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for line in lines:
            file.write(json.dumps({"text": line}) + "\n")
        file.flush()
        printed = subprocess.run([bench, "--plain-ids", path], stdin=open(file.name), check=True,
                                 capture_output=True, text=True).stdout
    return [json.loads(line)["tokens"] for line in printed.split("\n") if line]


def report(name, lines, expected, found):
    wrong = [(line, mine, theirs) for line, theirs, mine in zip(lines, expected, found) if mine != theirs]
    print(json.dumps({"type": "comparison", "tokenizer": name, "strings": len(found),
                      "other_tokens": len(wrong), "examples": wrong[:4]}), flush=True)


def compare(bench, count):
    text = [line for line in corpus(2_000_000) if line.strip()]
    bpe, unigram = train_all(4000, text, {"normalization_rule_name": "nmt_nfkc"})
    with tempfile.TemporaryDirectory() as folder:
        for name, model, kind in (("spm-bpe", bpe, "llama"), ("spm-unigram", unigram, "t5")):
            path = f"{folder}/{name}.gguf"
            pathlib.Path(path).write_bytes(as_gguf(model, kind))
            pairs = list(cases(model, count))
            lines = [line for line, _ in pairs]
            report(name, lines, [tokens for _, tokens in pairs], ask(bench, path, lines))
        path = f"{folder}/spm-precompiled.json"
        pathlib.Path(path).write_text(json.dumps(as_json(unigram)))
        peer = tokenizers.Tokenizer.from_file(path)
        lines = list(texts(count, seed=4))
        report("spm-precompiled", lines, [peer.encode(line).ids for line in lines],
               ask(bench, path, lines))


if len(sys.argv) == 4 and sys.argv[1] == "compare":
    compare(sys.argv[2], int(sys.argv[3]))
else:
    write_fixtures()
