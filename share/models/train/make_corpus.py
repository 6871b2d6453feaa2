"""Chooses the sample corpus: glosses of common words, one file per theme.

Each gloss is a paragraph of its own, in the line format the language model learned.
"""

import os
import sys

import wordnet
from word_graph import Lexicon

SHORTEST, LONGEST = 24, 220     # characters of a definition
MOST_SENSES_IN = 2              # a word's rarer senses are not taken
PHRASE_RARITY = 25
UNFIT_DOMAINS = frozenset(("obscenity", "ethnic slur", "disparagement", "slang", "vulgarism"))

# Theme, number of glosses, and where its synsets come from: lexicographer files of nouns,
# subject domains, or hypernyms whose whole subtree is meant.
THEMES = (
    ("computing", 220, {"domains": ["computer science", "computer", "computing"],
                        "under": ["computer", "software", "peripheral"]}),
    ("finance", 200, {"domains": ["finance", "commerce", "banking", "economics"],
                      "lexfiles": ["possession"]}),
    ("science", 240, {"domains": ["physics", "chemistry", "biology", "mathematics", "astronomy",
                                  "geology", "statistics"],
                      "under": ["science"]}),
    ("animals", 330, {"lexfiles": ["animal"]}),
    ("plants", 200, {"lexfiles": ["plant"]}),
    ("food", 300, {"lexfiles": ["food"]}),
    ("nature", 330, {"lexfiles": ["object", "phenomenon"]}),
    ("events", 90, {"lexfiles": ["event"]}),
    ("substances", 150, {"lexfiles": ["substance"]}),
    ("body", 150, {"lexfiles": ["body"]}),
    ("artifacts", 430, {"lexfiles": ["artifact"]}),
    ("communication", 220, {"lexfiles": ["communication"]}),
    ("people", 150, {"under": ["worker", "professional", "scientist", "artist", "official"]}),
    ("time", 80, {"lexfiles": ["time"]}),
)


class Chooser:
    def __init__(self, synsets):
        self.synsets = [s for s in synsets if s.pos == "noun"]
        self.by_key = {s.key: s for s in synsets}
        self.senses = wordnet.load_first_senses()
        self.rank = Lexicon(synsets).rank
        self.taken = set()

    def first_sense(self, lemma):
        return self.senses[lemma, "n"][0]

    def under(self, lemma):
        """A synset and everything below it."""
        found, waiting = set(), [self.first_sense(lemma)]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(p[1] for p in self.by_key[key].pointers if p[0] in ("~", "~i"))
        return found

    def matches(self, sources):
        domains = {key for name in sources.get("domains", ())
                   for key in self.senses.get((name, "n"), ())[:2]}
        below = set().union(*map(self.under, sources.get("under", ())))
        lexfiles = sources.get("lexfiles", ())
        return [s for s in self.synsets if s.key in below
                or wordnet.LEXICOGRAPHER_FILES.get(s.lexfile) in lexfiles
                or any(p[0] == ";c" and p[1] in domains for p in s.pointers)]

    def unfit(self, synset):
        usage = [self.by_key[p[1]].lemmas for p in synset.pointers if p[0] == ";u"]
        return any(UNFIT_DOMAINS & set(lemmas) for lemmas in usage)

    def commonness(self, synset):
        """Of the synset's first lemma: how often it is met, less for the word's rarer senses."""
        lemma = synset.lemmas[0]
        parts = lemma.split(" ")
        met = min(self.rank[part] for part in parts)
        # A phrase is far rarer than its words.
        met = met if len(parts) == 1 else met / PHRASE_RARITY
        return met / (1 + self.senses[lemma, "n"].index(synset.key)) ** 2

    def suits(self, synset):
        lemma = synset.lemmas[0]
        plain = lemma == lemma.lower() and lemma.replace(" ", "").isalpha() and len(lemma) > 2
        if not plain or not SHORTEST <= len(synset.definition) <= LONGEST or self.unfit(synset):
            return False
        return lemma not in self.taken and synset.key in self.senses[lemma, "n"][:MOST_SENSES_IN]

    def choose(self, count, sources):
        lines = []
        for synset in sorted(filter(self.suits, self.matches(sources)),
                             key=lambda s: (-self.commonness(s), s.key)):
            lemma = synset.lemmas[0]
            if lemma not in self.taken and len(lines) < count:
                self.taken.add(lemma)
                lines.append(wordnet.gloss_line(lemma, synset))
        return sorted(lines)


def main():
    (target,) = sys.argv[1:]
    chooser = Chooser(wordnet.load_synsets())
    for theme, count, sources in THEMES:
        lines = chooser.choose(count, sources)
        with open(os.path.join(target, theme + ".txt"), "w", encoding="utf-8") as file:
            file.write("\n\n".join(lines) + "\n")
        print(theme, len(lines))


if __name__ == "__main__":
    main()
