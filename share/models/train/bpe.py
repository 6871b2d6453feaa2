"""Byte-level byte-pair encoding in the manner of GPT-2: training and encoding."""

import re
from collections import Counter, defaultdict

# GPT-2's splitter. `[^\W\d_]` stands for \p{L} and `\d` for \p{N}, which the standard
# library's `re` lacks; they agree on every character that WordNet contains.
SPLITTER = re.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")

BOS, EOS = "<|bos|>", "<|eos|>"


def byte_alphabet():
    """GPT-2's printable stand-in for each byte value."""
    kept = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {byte: chr(byte) for byte in kept}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(0x100 + len(table) - len(kept))
    return table


BYTE_TO_CHAR = byte_alphabet()
CHAR_TO_BYTE = {char: byte for byte, char in BYTE_TO_CHAR.items()}


def pretokens(text):
    for piece in SPLITTER.findall(text):
        yield "".join(BYTE_TO_CHAR[byte] for byte in piece.encode("utf-8"))


def _merge(symbols, pair):
    merged, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            merged.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged


def train_merges(lines, merge_count):
    """Learns merges from the counts of distinct pre-tokens, ties broken by spelling."""
    counts = Counter()
    for line in lines:
        counts.update(pretokens(line))
    words = [(list(word), count) for word, count in sorted(counts.items())]
    pair_counts, pair_words = Counter(), defaultdict(set)
    for index, (symbols, count) in enumerate(words):
        for pair in zip(symbols, symbols[1:]):
            pair_counts[pair] += count
            pair_words[pair].add(index)
    merges = []
    while len(merges) < merge_count:
        best = max(pair_counts, key=lambda pair: (pair_counts[pair], pair))
        merges.append(best)
        for index in pair_words.pop(best):
            symbols, count = words[index]
            for pair in zip(symbols, symbols[1:]):
                pair_counts[pair] -= count
            symbols = _merge(symbols, best)
            words[index] = (symbols, count)
            for pair in zip(symbols, symbols[1:]):
                pair_counts[pair] += count
                pair_words[pair].add(index)
        del pair_counts[best]
    return merges


class Tokenizer:
    """Token ids: the two control tokens, the 256 bytes, then one token per merge."""

    def __init__(self, tokens, merges):
        self.tokens = tokens
        self.merges = merges
        self.ids = {token: i for i, token in enumerate(tokens)}
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.bos, self.eos = self.ids[BOS], self.ids[EOS]
        self._cache = {}

    @classmethod
    def from_merges(cls, merges):
        alphabet = [BYTE_TO_CHAR[byte] for byte in range(256)]
        return cls([BOS, EOS, *alphabet, *(a + b for a, b in merges)], merges)

    def _encode_word(self, word):
        symbols = list(word)
        while len(symbols) > 1:
            pair = min(zip(symbols, symbols[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
            if pair not in self.ranks:
                break
            symbols = _merge(symbols, pair)
        return [self.ids[symbol] for symbol in symbols]

    def encode(self, text):
        """Ids of plain text; control tokens are never read out of text."""
        ids = []
        for word in pretokens(text):
            if word not in self._cache:
                self._cache[word] = self._encode_word(word)
            ids.extend(self._cache[word])
        return ids

    def decode(self, ids):
        chars = "".join(self.tokens[i] for i in ids if i not in (self.bos, self.eos))
        return bytes(CHAR_TO_BYTE[char] for char in chars).decode("utf-8", errors="replace")
