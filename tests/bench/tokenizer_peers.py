#!/usr/bin/env python3
"""Compares our tokenizers with PyPI's `tokenizers` on random Unicode strings, and times both.

Usage: tokenizer_peers.py compare [--unicode VERSION] BENCH FOLDER COUNT [NAME...]
       tokenizer_peers.py time BENCH TOKENIZER.json TEXT

BENCH is the program bench_tokenizer; FOLDER holds NAME.json files, such as
`make_tokenizer_fixtures.py --large FOLDER` makes. Prints a JSON line a tokenizer. `compare` exits 1
when a string of a tokenizer has other tokens; what the peer decodes is compared where it is no
U+FFFD of broken bytes. One thread each, and the time is that of the processor.

The peer's normalizers and categories are of several old versions of Unicode: --unicode 8.0 leaves out
characters that are newer (perl knows which). Its regular expressions are of 14, as ours.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "data"))

import make_tokenizer_fixtures  # noqa: E402
import tokenizers  # noqa: E402


def compare(bench, path, lines_path, count):
    peer = tokenizers.Tokenizer.from_file(str(path))
    wrong = wrong_text = total = 0
    examples = []
    with open(lines_path) as lines, subprocess.Popen(
            [bench, "--ids", str(path)], stdin=open(lines_path), stdout=subprocess.PIPE, text=True) as ours:
        for line, answer in zip(lines, ours.stdout):
            text = json.loads(line)["text"]
            mine, ids = json.loads(answer), peer.encode(text).ids
            total += 1
            if mine["tokens"] != ids:
                wrong += 1
                if len(examples) < 5:
                    examples.append({"text": text, "ours": mine["tokens"], "peer": ids})
            decoded = peer.decode(ids)
            if "\ufffd" not in decoded and mine["decoded"] != decoded:
                wrong_text += 1
                if len(examples) < 5:
                    examples.append({"text": text, "ours": mine["decoded"], "peer": decoded})
    print(json.dumps({"type": "comparison", "tokenizer": path.stem, "strings": total, "other_tokens": wrong,
                      "other_text": wrong_text, "examples": examples}), flush=True)
    return wrong == 0 and total == count


def compare_all(bench, folder, count, names):
    paths = [path for path in sorted(pathlib.Path(folder).glob("*.json")) if not names or path.stem in names]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        written = 0
        for text in make_tokenizer_fixtures.texts(count, seed=2):
            if written == count:
                break
            lines.write(json.dumps({"text": text}) + "\n")
            written += 1
        lines.flush()
        return all([compare(bench, path, lines.name, count) for path in paths])


def only_characters_of(version):
    """Random characters are those that Unicode `version` assigns."""
    program = ('for (0x80 .. 0x1ffff) { next if $_ >= 0xd800 && $_ < 0xe000;'
               f' print "$_\\n" if chr($_) =~ /\\p{{Present_In: {version}}}/ }}')
    printed = subprocess.run(["perl", "-e", program], check=True, capture_output=True, text=True)
    points = [int(line) for line in printed.stdout.split()]
    make_tokenizer_fixtures.any_character = lambda rng: chr(rng.choice(points))


def measure(bench, path, text_path):
    peer = tokenizers.Tokenizer.from_file(path)
    text = pathlib.Path(text_path).read_text(errors="replace")
    data = text.encode()
    chunks = [data[at:at + (1 << 20)].decode(errors="ignore") for at in range(0, len(data), 1 << 20)]
    best, count = 1e9, 0
    for _ in range(3):
        start = time.process_time()
        count = sum(len(peer.encode(chunk, add_special_tokens=False).ids) for chunk in chunks)
        best = min(best, time.process_time() - start)
    print(json.dumps({"type": "peer", "tokenizer": path, "version": tokenizers.__version__, "tokens": count,
                      "encode_mb_per_s": len(data) / 1e6 / best}), flush=True)
    subprocess.run([bench, path, text_path], check=True)
    return True


def main():
    arguments = sys.argv[1:]
    if "--unicode" in arguments:
        at = arguments.index("--unicode")
        only_characters_of(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) >= 4 and arguments[0] == "compare":
        is_same = compare_all(arguments[1], arguments[2], int(arguments[3]), arguments[4:])
    elif len(arguments) == 4 and arguments[0] == "time":
        is_same = measure(*arguments[1:])
    else:
        sys.exit(__doc__)
    sys.exit(0 if is_same else 1)


main()
