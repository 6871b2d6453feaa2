"""Measures word vectors on what was held out of their training."""

import numpy as np

import words
from word_pairs import vocabulary_lemmas

PAIRS = 1500
CANDIDATE_GLOSSES = 5000
SEED = 20240301


class SpellingIndex:
    """Edit distances from one word to all words at once."""

    def __init__(self, vocabulary):
        self.lengths = np.array([len(word) for word in vocabulary])
        self.codes = np.zeros((len(vocabulary), int(self.lengths.max())), np.uint8)
        for i, word in enumerate(vocabulary):
            self.codes[i, :len(word)] = np.frombuffer(word.encode("ascii"), np.uint8)

    def distances(self, word):
        """Levenshtein's recurrence, with a row per vocabulary word and a step per letter."""
        width = self.codes.shape[1]
        previous = np.tile(np.arange(width + 1, dtype=np.int16), (len(self.codes), 1))
        for i, letter in enumerate(word.encode("ascii"), start=1):
            current = np.empty_like(previous)
            current[:, 0] = i
            substituted = previous[:, :-1] + (self.codes != letter)
            cheapest = np.minimum(substituted, previous[:, 1:] + 1)
            for j in range(width):
                current[:, j + 1] = np.minimum(cheapest[:, j], current[:, j] + 1)
            previous = current
        return previous[np.arange(len(self.codes)), self.lengths]


def pair_figures(embedder, vocabulary, unit, pairs, near, index):
    """How often, and how far, the pair's second word comes before others for the first."""
    rng = np.random.default_rng(SEED)
    over_spelling, over_random, ranks = [], [], []
    for i in rng.permutation(len(pairs))[:PAIRS]:
        a, b = pairs[i]
        row, other = embedder.rows[a], embedder.rows[b]
        cosines = unit @ unit[row]
        unrelated = np.ones(len(vocabulary), bool)
        unrelated[[embedder.rows[w] for w in near.get(a, ())] + [row, other]] = False
        unrelated &= embedder.weights > 0
        distance = np.where(unrelated, index.distances(a), 1000)
        over_spelling.append(cosines[other] > cosines[int(distance.argmin())])
        over_random.append(cosines[other] > cosines[rng.choice(np.flatnonzero(unrelated))])
        # The words that training was told of come first by right; they are not ranked.
        ranks.append(int((cosines[unrelated] >= cosines[other]).sum()) + 1)
    ranks = np.array(ranks)
    return {"pairs": len(ranks), "nearer_than_similar_spelling": float(np.mean(over_spelling)),
            "nearer_than_random_word": float(np.mean(over_random)),
            "recall_at_10": float((ranks <= 10).mean()), "median_rank": float(np.median(ranks)),
            "mean_rank": float(ranks.mean()), "mean_reciprocal_rank": float((1 / ranks).mean())}


def gloss_figures(embedder, synsets, held_out):
    """Finds a held-out synset's gloss among others, given one of its lemmas."""
    rng = np.random.default_rng(SEED)
    asked = [s for s in synsets if s.key in held_out.glosses]
    others = [s for s in synsets if s.key not in held_out.glosses]
    others = [others[i] for i in rng.permutation(len(others))[:CANDIDATE_GLOSSES - len(asked)]]
    glosses = [embedder.embed(s.definition) for s in asked + others]
    zero = np.zeros(embedder.vectors.shape[1], np.float32)
    matrix = np.array([zero if g is None else g for g in glosses])
    ranks = []
    for i, synset in enumerate(asked):
        query = embedder.embed(vocabulary_lemmas(synset, embedder.rows)[0])
        scores = matrix @ (zero if query is None else query)
        ranks.append(int((scores >= scores[i]).sum()))
    ranks = np.array(ranks)
    return {"synsets": len(asked), "glosses": len(matrix),
            "recall_at_1": float((ranks <= 1).mean()), "recall_at_10": float((ranks <= 10).mean()),
            "median_rank": float(np.median(ranks))}


def measure(embedder, synsets, held_out, near):
    vocabulary = list(embedder.rows)
    unit = np.array([v if (v := embedder.embed(word)) is not None else np.zeros(embedder.vectors.shape[1])
                     for word in vocabulary], np.float32)
    index = SpellingIndex(vocabulary)
    stop = words.STOP_WORDS
    named = {kind: [p for p in pairs if not stop & set(p)]
             for kind, pairs in (("synonyms", held_out.synonyms), ("relatives", held_out.relatives))}
    figures = {kind: pair_figures(embedder, vocabulary, unit, pairs, near, index)
               for kind, pairs in named.items()}
    figures["lemma_to_gloss"] = gloss_figures(embedder, synsets, held_out)
    return figures
