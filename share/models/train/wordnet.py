"""Reads the WordNet 3.0 database files as Debian's wordnet-base installs them."""

import os
import re
from dataclasses import dataclass, field

WORDNET_DIR = os.environ.get("WORDNET_DIR", "/usr/share/wordnet")

POS_FILES = ("noun", "verb", "adj", "adv")
POS_NAMES = {"n": "noun", "v": "verb", "a": "adjective", "s": "adjective", "r": "adverb"}
# A satellite adjective ('s') lives in data.adj, and pointers address it as 'a'.
POS_OF_POINTER = {"n": "n", "v": "v", "a": "a", "s": "a", "r": "r"}

# Lexicographer file numbers (lexnames(5WN)); only the nouns' names are used here.
LEXICOGRAPHER_FILES = {
    3: "tops", 4: "act", 5: "animal", 6: "artifact", 7: "attribute", 8: "body",
    9: "cognition", 10: "communication", 11: "event", 12: "feeling", 13: "food",
    14: "group", 15: "location", 16: "motive", 17: "object", 18: "person",
    19: "phenomenon", 20: "plant", 21: "possession", 22: "process",
    23: "quantity", 24: "relation", 25: "shape", 26: "state", 27: "substance",
    28: "time",
}


@dataclass
class Synset:
    key: tuple                  # (pos, offset), the address pointers use
    pos: str                    # 'noun', 'verb', 'adjective' or 'adverb'
    lexfile: int
    lemmas: list                # spelled with spaces, case kept
    definition: str             # the gloss without its example sentences
    examples: str
    pointers: list = field(default_factory=list)  # (symbol, target key, source word, target word)


def _clean_lemma(word):
    # Adjectives may carry a syntactic marker, as in "galore(ip)".
    return re.sub(r"\((a|p|ip)\)$", "", word).replace("_", " ")


def _split_gloss(gloss):
    """Separates the definition from the quoted examples that follow it."""
    cut = re.search(r'[;:]\s*"', gloss)
    if cut is None:
        return gloss.strip().rstrip(";").strip(), ""
    return gloss[:cut.start()].strip().rstrip(";").strip(), gloss[cut.end() - 1:].strip()


def _parse_line(line):
    data, _, gloss = line.partition("|")
    parts = data.split()
    pos_char = parts[2]
    word_count = int(parts[3], 16)
    lemmas = [_clean_lemma(parts[4 + 2 * i]) for i in range(word_count)]
    at = 4 + 2 * word_count
    pointers = []
    for i in range(int(parts[at])):
        symbol, offset, target_pos, words = parts[at + 1 + 4 * i: at + 5 + 4 * i]
        target = (POS_OF_POINTER[target_pos], int(offset))
        pointers.append((symbol, target, int(words[:2], 16), int(words[2:], 16)))
    definition, examples = _split_gloss(" ".join(gloss.split()))
    key = (POS_OF_POINTER[pos_char], int(parts[0]))
    return Synset(key, POS_NAMES[pos_char], int(parts[1]), lemmas, definition, examples, pointers)


def load_synsets():
    """All synsets, in the order of the database files (which keeps related ones close)."""
    synsets = []
    for name in POS_FILES:
        with open(os.path.join(WORDNET_DIR, "data." + name), encoding="latin-1") as file:
            synsets.extend(_parse_line(line) for line in file if not line.startswith("  "))
    return synsets


def load_tagged_counts():
    """How often each (lemma, part of speech) was met in WordNet's sense-tagged texts."""
    pos_of_number = {"1": "noun", "2": "verb", "3": "adjective", "4": "adverb", "5": "adjective"}
    counts = {}
    with open(os.path.join(WORDNET_DIR, "cntlist.rev"), encoding="latin-1") as file:
        for line in file:
            sense_key, _, count = line.split()
            lemma, _, rest = sense_key.partition("%")
            key = (lemma.replace("_", " "), pos_of_number[rest[0]])
            counts[key] = counts.get(key, 0) + int(count)
    return counts


def load_first_senses():
    """Maps (lower-case lemma, pos letter) to the keys of its synsets, commonest first."""
    senses = {}
    for name in POS_FILES:
        with open(os.path.join(WORDNET_DIR, "index." + name), encoding="latin-1") as file:
            for line in file:
                if line.startswith("  "):
                    continue
                parts = line.split()
                offsets = parts[-int(parts[2]):]
                senses[parts[0].replace("_", " "), parts[1]] = [(parts[1], int(o)) for o in offsets]
    return senses


def prompt_of(lemma, pos):
    return f"{lemma} ({pos}):"


def gloss_line(lemma, synset):
    """The one text form of a sense, shared by the training text and the sample corpus."""
    return f"{prompt_of(lemma, synset.pos)} {synset.definition}"
