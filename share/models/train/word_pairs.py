"""Chooses what the measurement of the word vectors holds out of their training."""

from dataclasses import dataclass, field

import numpy as np

from word_graph import single_word

HELD_OUT_SHARE = 0.1
HELD_OUT_GLOSSES = 1000
RELATED_POINTERS = frozenset(("@", "~", "&", "+", "\\", "#p", "%p", "#s", "%s", "^", "$", "*", ">", "="))


@dataclass
class HeldOut:
    memberships: set = field(default_factory=set)   # (word, synset key) that is not linked
    links: set = field(default_factory=set)         # frozenset of two synset keys
    glosses: set = field(default_factory=set)       # synset keys whose gloss is left out
    synonyms: list = field(default_factory=list)    # word pairs
    relatives: list = field(default_factory=list)   # word pairs


def vocabulary_lemmas(synset, vocabulary):
    return [w for w in map(single_word, synset.lemmas) if w in vocabulary]


def relatives_of(synsets, vocabulary):
    """For each word, every word that shares a synset or a pointer with it."""
    lemmas = {s.key: vocabulary_lemmas(s, vocabulary) for s in synsets}
    near = {}
    for synset in synsets:
        around = [w for key in (synset.key, *(p[1] for p in synset.pointers)) for w in lemmas[key]]
        for word in lemmas[synset.key]:
            near.setdefault(word, set()).update(around)
    return near


def _hold_out_synonyms(held_out, synsets, vocabulary, rng):
    shared = {}
    for synset in synsets:
        lemmas = sorted(set(vocabulary_lemmas(synset, vocabulary)))
        for i, a in enumerate(lemmas):
            for b in lemmas[i + 1:]:
                shared.setdefault((a, b), []).append(synset.key)
    pairs = sorted(shared)
    for i in rng.permutation(len(pairs))[: int(len(pairs) * HELD_OUT_SHARE)]:
        pair = pairs[i]
        detached = pair[int(rng.integers(2))]
        held_out.memberships.update((detached, key) for key in shared[pair])
        held_out.synonyms.append(pair)


def _hold_out_relatives(held_out, synsets, vocabulary, rng):
    by_key = {s.key: s for s in synsets}
    joined = {}
    for synset in synsets:
        for symbol, target, _, _ in synset.pointers:
            if symbol not in RELATED_POINTERS or target < synset.key:
                continue
            firsts = [vocabulary_lemmas(s, vocabulary)[:1] for s in (synset, by_key[target])]
            if all(firsts) and firsts[0] != firsts[1]:
                joined.setdefault((firsts[0][0], firsts[1][0]), set()).add(
                    frozenset((synset.key, target)))
    pairs = sorted(joined)
    for i in rng.permutation(len(pairs))[: int(len(pairs) * HELD_OUT_SHARE)]:
        held_out.links.update(joined[pairs[i]])
        held_out.relatives.append(pairs[i])


def choose_held_out(synsets, vocabulary, seed):
    rng = np.random.default_rng([seed, 4])
    held_out = HeldOut()
    _hold_out_synonyms(held_out, synsets, vocabulary, rng)
    _hold_out_relatives(held_out, synsets, vocabulary, rng)
    named = [s.key for s in synsets if vocabulary_lemmas(s, vocabulary)]
    chosen = rng.permutation(len(named))[:HELD_OUT_GLOSSES]
    held_out.glosses.update(named[i] for i in chosen)
    return held_out
