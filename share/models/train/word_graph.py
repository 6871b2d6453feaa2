"""The graph of words and synsets that the word vectors are computed from."""

import math
import os
from collections import Counter, defaultdict

import numpy as np

import wordnet
import words

VOCABULARY_SIZE = 19900

# How readily a walk follows each kind of pointer. Antonyms share a subject, so they
# are worth something, but far less than what points at a like meaning.
POINTER_WEIGHTS = defaultdict(lambda: 0.5, {
    "@": 2.0, "@i": 1.0, "~": 1.0, "~i": 0.3,            # hypernyms, hyponyms
    "&": 2.0, "+": 2.0, "=": 1.0, "\\": 2.0, "<": 1.5,   # similar, derived, attribute, pertains
    "^": 1.0, "$": 2.0, "*": 0.7, ">": 0.7,              # see also, verb group, entails, causes
    "#m": 0.4, "#s": 0.7, "#p": 1.0, "%m": 0.2, "%s": 0.5, "%p": 0.7,
    ";c": 0.5, "-c": 0.2, ";u": 0.1, "-u": 0.05, ";r": 0.3, "-r": 0.1, "!": 0.15,
})
GLOSS_TO_SYNSET = 0.01      # weight of "the word stands in the gloss" against "is a lemma"
PHRASE_TO_SYNSET = 0.15     # the same for a word inside a longer lemma
LEMMA_EMISSION = 1.0        # share of lemmas against gloss words when a synset names a word
GLOSS_EMISSION = 1.0


def load_irregular_forms():
    """Irregular inflections: 'children' -> 'child'. Forms that are lemmas too are kept apart."""
    forms = {}
    for name in wordnet.POS_FILES:
        with open(os.path.join(wordnet.WORDNET_DIR, name + ".exc"), encoding="latin-1") as file:
            for line in file:
                form, base = line.split()[:2]
                if form.isalpha() and base.isalpha():
                    forms.setdefault(form, base)
    return forms


def single_word(lemma):
    """A lemma as a vocabulary word, or None where it is a phrase."""
    parts = words.split(lemma)
    return parts[0] if len(parts) == 1 and lemma.isalpha() else None


class Lexicon:
    """Word forms, their frequencies and the chosen vocabulary."""

    def __init__(self, synsets):
        self.lemmas = {w for s in synsets for w in map(single_word, s.lemmas) if w}
        self.lemmas -= words.STOP_WORDS
        self.irregular = {f: b for f, b in load_irregular_forms().items()
                          if f not in self.lemmas and b in self.lemmas}
        self.forms = self.lemmas | words.STOP_WORDS | set(self.irregular)
        self.frequency, self.form_frequency = Counter(), Counter()
        for synset in synsets:
            for word in words.split(synset.definition + " " + synset.examples):
                form = words.look_up(word, self.forms)
                self.form_frequency[form or word] += 1
                self.frequency[self.base(form) if form else word] += 1
        self.rank = self.frequency.copy()
        for (lemma, _), count in wordnet.load_tagged_counts().items():
            word = single_word(lemma)
            if word in self.lemmas:
                self.rank[word] += count
        for synset in synsets:
            # An everyday word is a lemma of several synsets, and is seldom a name.
            for lemma in synset.lemmas:
                word = single_word(lemma)
                if word in self.lemmas:
                    self.rank[word] += 1 if lemma.islower() else 0

    def base(self, form):
        return self.irregular.get(form, form)

    def content_words(self, text):
        """Base forms of the words of a text that mean something."""
        found = (words.look_up(word, self.forms) for word in words.split(text))
        return [self.base(form) for form in found if form and form not in words.STOP_WORDS]

    def choose_vocabulary(self, size):
        """The most frequent lemmas, all stop words, and irregular forms of chosen lemmas."""
        order = sorted(self.lemmas, key=lambda word: (-self.rank[word], word))
        irregular = sorted(f for f in self.irregular if self.form_frequency[f] >= 2)
        room = size - len(words.STOP_WORDS) - len(irregular)
        chosen = set(order[:room])
        irregular = {f for f in irregular if self.irregular[f] in chosen}
        return sorted(chosen | irregular | words.STOP_WORDS)


class Edges:
    """Weighted edges in rows, from which a random end is drawn for many rows at once."""

    def __init__(self, row_count, lists):
        lengths = [len(lists.get(i, ())) for i in range(row_count)]
        self.starts = np.concatenate(([0], np.cumsum(lengths)))
        pairs = [pair for i in range(row_count) for pair in lists.get(i, ())]
        self.ends = np.array([end for end, _ in pairs], dtype=np.int64)
        self.totals = np.concatenate(([0.0], np.cumsum([weight for _, weight in pairs])))

    def degree(self, rows):
        return self.starts[rows + 1] - self.starts[rows]

    def draw(self, rows, rng):
        """One end per row; rows without edges must not be asked for."""
        low, high = self.totals[self.starts[rows]], self.totals[self.starts[rows + 1]]
        picked = np.searchsorted(self.totals, low + rng.random(len(rows)) * (high - low), "right") - 1
        return self.ends[np.clip(picked, self.starts[rows], self.starts[rows + 1] - 1)]


class WordGraph:
    """Edges word -> synset, synset -> synset and synset -> word, less what is held out."""

    def __init__(self, synsets, lexicon, held_out):
        self.words = sorted(lexicon.lemmas)
        self.word_ids = {word: i for i, word in enumerate(self.words)}
        self.lexicon, self.held_out = lexicon, held_out
        self.synset_ids = {synset.key: i for i, synset in enumerate(synsets)}
        self.synset_count = len(synsets)
        self.senses = wordnet.load_first_senses()
        self._to_synset, self._to_word = defaultdict(list), defaultdict(list)
        self._between = defaultdict(list)
        for synset in synsets:
            self._add_synset(synset)
        self.word_to_synset = Edges(len(self.words), self._to_synset)
        self.synset_to_word = Edges(self.synset_count, self._to_word)
        self.synset_to_synset = Edges(self.synset_count, self._between)

    def _sense_weight(self, lemma, synset):
        order = self.senses.get((lemma.lower(), synset.key[0]), [])
        rank = order.index(synset.key) if synset.key in order else len(order)
        return (1 + rank) ** -0.75

    def _relations(self, synset):
        here = self.synset_ids[synset.key]
        for symbol, target, _, _ in synset.pointers:
            there = self.synset_ids[target]
            if frozenset((synset.key, target)) not in self.held_out.links and here != there:
                yield there, POINTER_WEIGHTS[symbol]

    def _add_synset(self, synset):
        here = self.synset_ids[synset.key]
        self._between[here].extend(self._relations(synset))
        for lemma in synset.lemmas:
            self._add_lemma(lemma, synset, here)
        if synset.key in self.held_out.glosses:
            return
        content = Counter(map(self.word_ids.get, self.lexicon.content_words(synset.definition)))
        total = sum(self._rarity(word) for word in content)
        for word in content:
            self._to_synset[word].append((here, GLOSS_TO_SYNSET * self._rarity(word) / 8))
            self._to_word[here].append((word, GLOSS_EMISSION * self._rarity(word) / total))

    def _rarity(self, word):
        return math.log(2e6 / (10 + self.lexicon.frequency[self.words[word]]))

    def _add_lemma(self, lemma, synset, here):
        share = LEMMA_EMISSION / len(synset.lemmas)
        word = single_word(lemma)
        if word not in self.word_ids:
            parts = [p for p in self.lexicon.content_words(lemma) if p in self.word_ids]
            for part in map(self.word_ids.get, parts):
                self._to_synset[part].append((here, PHRASE_TO_SYNSET))
                self._to_word[here].append((part, share / len(parts)))
            return
        weight = self._sense_weight(lemma, synset)
        word_id = self.word_ids[word]
        if (word, synset.key) in self.held_out.memberships:
            self._add_detached(word_id, synset, weight)
            return
        self._to_synset[word_id].append((here, weight))
        self._to_word[here].append((word_id, share))

    def _add_detached(self, word_id, synset, weight):
        """A held-out synonym keeps a synset of its own: the relations, but no gloss or lemma."""
        clone = self.synset_count
        self.synset_count += 1
        self._to_synset[word_id].append((clone, weight))
        self._to_word[clone].append((word_id, LEMMA_EMISSION))
        self._between[clone] = list(self._relations(synset))
        for there, relation_weight in self._between[clone]:
            self._between[there].append((clone, relation_weight))
