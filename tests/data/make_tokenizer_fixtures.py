#!/usr/bin/env python3
"""Trains a small tokenizer of every kind with PyPI's `tokenizers` 0.23 and writes what it answers.

Usage: make_tokenizer_fixtures.py [OUT]      the committed fixtures (default: tokenizers/ beside this)
       make_tokenizer_fixtures.py --large OUT   the same kinds with larger vocabularies, no cases

OUT/NAME.json is a tokenizer; OUT/NAME.cases.jsonl has a line for each text: its tokens with the
special ones parsed and added, and what they decode to. CI reads both and installs nothing. Trained
on Debian's common licences, deterministic; trainers break ties by hash in places, so a new run may
give other tokens.
"""

import json
import pathlib
import random
import sys
import unicodedata

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers,
                        pre_tokenizers, processors, trainers)

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
WORDS = r"|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + WORDS % r"\p{N}{1,3}"
QWEN2 = CONTRACTIONS + WORDS % r"\p{N}"

ALPHABET = ("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:!?'\"()-_/\\<>[]{}@#$%&*"
            "+=~^`|\n\r\t")
SPICE = ["é", "ß", "İ", "ſ", "Å", "ﬁ", "½", "Ⅷ", "²", "中", "文", "한", "글", "\u1100\u1161\u11a8",
         "日本", "カ", "ｶﾞ", "が", "\u3000", "\u00a0", "\u200b", "\u200d", "\u2028", "\u0301",
         "\u0327\u0301", "e\u0301", "a\u0300\u0323", "हिन्दी", "ไทย", "עברית", "\u05b4", "العربية",
         "Ω", "Привет", "Ёж", "🦙", "👩‍👩‍👧", "🇩🇪", "👍🏽", "▁", "Ġ", "Ａ", "①", "㎏", "…", "“", "”", "’",
         "—", "€", "\u0000", "\u0007", "\u007f", "\ufeff", "\ufffd", "\ue000", "𝒜", "𠀀", "𐐀"]
PARTS = ["the", " of", "tion", "'s", "'LL", " don't", "n't", "  ", "   ", "\n\n", "\r\n", " 12345",
         "1,000.50", "License", " GNU", "<s>", "</s>", "<|end|>", "[MASK]", " [MASK] ", "[SEP]", "<tool>",
         " word", "keyword", "<0x41>", "http://x.y/z?q=1", "foo_bar", "camelCase", "##ing", "a" * 40]


def any_character(rng):
    """A code point that Unicode 14 assigns: what is newer, the peer's tables know and ours do not."""
    while True:
        point = rng.choice([rng.randint(0x80, 0x2fff), rng.randint(0x3000, 0xd7ff),
                            rng.randint(0xf900, 0xffff), rng.randint(0x10000, 0x1ffff)])
        if unicodedata.category(chr(point)) != "Cn":
            return chr(point)


def texts(count, seed=1):
    """Random Unicode strings: ASCII, pieces of words, and every kind of trouble."""
    rng = random.Random(seed)
    yield ""
    yield " "
    for part in SPICE + PARTS:
        yield part
    for _ in range(count):
        out = []
        for _ in range(rng.randint(1, 14)):
            kind = rng.random()
            if kind < 0.35:
                out.append("".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 6))))
            elif kind < 0.65:
                out.append(rng.choice(PARTS))
            elif kind < 0.95:
                out.append(rng.choice(SPICE))
            else:
                out.append(any_character(rng))
        yield "".join(out)


def corpus(limit):
    paths = sorted(pathlib.Path("/usr/share/common-licenses").glob("*"))
    text = "\n".join(path.read_text(errors="replace") for path in paths if path.is_file())
    lines = text[:limit].split("\n") + ["".join(SPICE[:40]) * 3, "Привет мир, это текст. " * 5,
                                       "中文文本 日本語 한국어 " * 5, "naïve café résumé " * 5]
    return lines


def byte_level(expression=None, special=("<|end|>",), normalizer=None, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    if normalizer:
        tokenizer.normalizer = normalizer
    byte_split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=expression is None)
    if expression:
        split = pre_tokenizers.Split(Regex(expression), "isolated", invert=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_split])
    else:
        tokenizer.pre_tokenizer = byte_split
    tokenizer.decoder = decoders.ByteLevel()
    trainer = lambda size: trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(special), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    return tokenizer, trainer


def gpt2():
    tokenizer, trainer = byte_level()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer, trainer


def roberta():
    tokenizer, trainer = byte_level(special=("<s>", "</s>", "<mask>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer, trainer


def llama3():
    tokenizer, trainer = byte_level(LLAMA3, ("<s>", "<|end|>"), ignore_merges=True)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])])
    return tokenizer, trainer


def qwen2():
    return byte_level(QWEN2, ("<|end|>",), normalizers.NFC())


def deepseek():
    tokenizer, trainer = byte_level("x")
    expressions = [r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
                   r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?"""
                   r"""[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""]
    splits = [pre_tokenizers.Split(Regex(each), "isolated") for each in expressions]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        splits + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return tokenizer, trainer


def gpt4o():
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    head, tail = r"[^\r\n\p{L}\p{N}]?", CONTRACTIONS + "?"
    return byte_level(head + upper + "*" + lower + "+" + tail + "|" + head + upper + "+" + lower + "*" +
                      tail + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def llama2():
    """SentencePiece-style: the whole text is one word, bytes as a last resort."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"),
                                                 normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # for training alone
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(),
                                           decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return tokenizer, lambda size: trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>"] + BYTES, show_progress=False,
        limit_alphabet=80)


def finish_llama2(data):
    data["pre_tokenizer"] = None
    data["added_tokens"] = data["added_tokens"][:3]
    data["post_processor"] = {
        "type": "TemplateProcessing", "pair": [],
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
    return data


def metaspace():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Metaspace(prepend_scheme="first")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Strip(False, True)])
    return tokenizer, lambda size: trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False, limit_alphabet=80)


def suffixed():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(),
                                                 normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(),
                                                       pre_tokenizers.Punctuation("contiguous")])
    tokenizer.decoder = decoders.BPEDecoder("</w>")
    return tokenizer, lambda size: trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False,
        limit_alphabet=80)


def bert(lowercase=True):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer, lambda size: trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        show_progress=False, limit_alphabet=100)


def finish_bert(data):
    data["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
    for token in data["added_tokens"]:
        token["lstrip"] = token["content"] == "[MASK]"
        token["rstrip"] = token["content"] == "[SEP]"
    return data


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return tokenizer, lambda size: trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>",
        show_progress=False)


def finish_t5(data):
    data["post_processor"] = {
        "type": "TemplateProcessing", "pair": [],
        "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}}
    return data


def finish_unigram_bytes(data):
    vocab = data["model"]["vocab"]
    vocab += [[spelling, vocab[-1][1] - 1] for spelling in BYTES]
    data["model"]["byte_fallback"] = True
    data["decoder"] = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, data["decoder"]]}
    return data


def finish_added(data):
    top = max(token["id"] for token in data["added_tokens"])
    top = max([top] + list(data["model"]["vocab"].values()))
    rules = [("<tool>", {}), ("word", {"single_word": True}), ("[MASK]", {"lstrip": True, "rstrip": True}),
             ("Licen", {"normalized": True}), ("<s>", {"special": True}), ("</s>", {"special": True}),
             ("\n\n", {"normalized": True}), ("camel", {"special": True, "single_word": True})]
    for number, (content, rule) in enumerate(rules, top + 1):
        token = {"id": number, "content": content, "single_word": False, "lstrip": False,
                 "rstrip": False, "normalized": False, "special": False}
        data["added_tokens"].append(token | rule)
    return data


KINDS = {
    "gpt2": (gpt2, None), "roberta": (roberta, None), "llama3": (llama3, None), "qwen2": (qwen2, None),
    "deepseek": (deepseek, None), "gpt4o": (gpt4o, None), "added": (qwen2, finish_added),
    "llama2": (llama2, finish_llama2), "metaspace": (metaspace, None), "suffixed": (suffixed, None),
    "bert": (bert, finish_bert), "bert-cased": (lambda: bert(False), finish_bert),
    "t5": (unigram, finish_t5), "unigram-bytes": (unigram, finish_unigram_bytes),
}


def make(name, size, text):
    build, finish = KINDS[name]
    tokenizer, trainer = build()
    tokenizer.train_from_iterator(text, trainer(size))
    data = json.loads(tokenizer.to_str())
    return finish(data) if finish else data


def main():
    large = "--large" in sys.argv
    rest = [each for each in sys.argv[1:] if each != "--large"]
    out = pathlib.Path(rest[0]) if rest else pathlib.Path(__file__).parent / "tokenizers"
    out.mkdir(parents=True, exist_ok=True)
    for name in KINDS:
        data = make(name, 8000 if large else 420, corpus(2_000_000 if large else 60_000))
        path = out / f"{name}.json"
        path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")
        if large:
            continue
        tokenizer = Tokenizer.from_file(str(path))
        with (out / f"{name}.cases.jsonl").open("w") as cases:
            for text in texts(60):
                ids = tokenizer.encode(text).ids
                line = {"text": text, "tokens": ids, "decoded": tokenizer.decode(ids)}
                cases.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
