"""Turns WordNet senses into token rows for the language model.

A plain document is `<|bos|>TERM (pos): gloss<|eos|>`. A grounded document is a
context of such lines, an empty line, and then the prompt of one of them, whose
answer stands in the context. Several questions share one context: each attends
to the context and to itself only, at the positions it would have alone.

In a shuffled context the glosses are permuted among the terms, and in a scrambled
one they are random tokens, so that only copying answers the question.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

import wordnet

HELD_OUT_SHARE = 0.02
MAX_GLOSS_TOKENS = 64
CONTEXT_SHARE_OF_ROW = 0.6
NEIGHBOURHOOD = 60
RELATED_CONTEXT_SHARE = 0.5

TRUE, SHUFFLED, SCRAMBLED = "true", "shuffled", "scrambled"
FIRST_TEXT_TOKEN = 258      # after the control tokens and the single bytes

IGNORE = -1
NOWHERE = -1


@dataclass(frozen=True)
class Sense:
    prompt: tuple   # tokens of `TERM (pos):`
    gloss: tuple    # tokens of ` definition`
    weight: float


def _sense_weight(lemma, synset, tagged_counts, rank):
    """Favours words people ask about over names and the long tail of taxonomy."""
    if lemma != lemma.lower():
        return 0.4
    common = tagged_counts.get((lemma.lower(), synset.pos), 0) > 0
    return (3.0 if common else 1.0) * (1.0 if rank < 3 else 0.5)


def held_out_keys(synsets, seed):
    rng = np.random.default_rng([seed, 1])
    chosen = rng.permutation(len(synsets))[: int(len(synsets) * HELD_OUT_SHARE)]
    return {synsets[i].key for i in chosen}


def load_senses(tokenizer, synsets, seed):
    """Senses for training and held-out ones; all of a synset's senses fall on one side."""
    tagged_counts = wordnet.load_tagged_counts()
    ranked = wordnet.load_first_senses()
    held_out = held_out_keys(synsets, seed)
    training, validation = [], []
    for synset in synsets:
        gloss = tuple(tokenizer.encode(" " + synset.definition))
        if len(gloss) > MAX_GLOSS_TOKENS:
            continue
        for lemma in synset.lemmas:
            order = ranked.get((lemma.lower(), synset.key[0]), [])
            rank = order.index(synset.key) if synset.key in order else len(order)
            prompt = tuple(tokenizer.encode(wordnet.prompt_of(lemma, synset.pos)))
            sense = Sense(prompt, gloss, _sense_weight(lemma, synset, tagged_counts, rank))
            (validation if synset.key in held_out else training).append(sense)
    return training, validation


class SensePool:
    """Draws senses by weight."""

    def __init__(self, senses):
        self.senses = senses
        self.cumulative = np.cumsum([sense.weight for sense in senses]).tolist()

    def draw_index(self, rng):
        return bisect_left(self.cumulative, rng.random() * self.cumulative[-1])

    def draw(self, rng):
        return self.senses[self.draw_index(rng)]

    def draw_context(self, rng, count):
        """Senses with distinct prompts and glosses; often neighbours, which are alike."""
        anchor = self.draw_index(rng)
        related = rng.random() < RELATED_CONTEXT_SHARE
        chosen, prompts, glosses = [], set(), set()
        for _ in range(4 * count):
            sense = self.senses[anchor] if not chosen else self.draw(rng)
            if related and chosen:
                shift = int(rng.integers(-NEIGHBOURHOOD, NEIGHBOURHOOD + 1))
                sense = self.senses[(anchor + shift) % len(self.senses)]
            if sense.prompt in prompts or sense.gloss in glosses:
                continue
            chosen.append(sense)
            prompts.add(sense.prompt)
            glosses.add(sense.gloss)
            if len(chosen) == count:
                break
        return [chosen[i] for i in rng.permutation(len(chosen))]


class Row:
    """One row of a batch: documents laid end to end, none of which sees another."""

    def __init__(self, length, answers_only=False):
        self.length = length
        self.answers_only = answers_only
        self.tokens, self.targets, self.positions = [], [], []
        self.document, self.part, self.source = [], [], []
        self.documents = 0

    def room(self):
        return self.length - len(self.tokens)

    def add(self, tokens, counted, document, part, start, source=None):
        """Appends one part.

        `counted[i]` says whether predicting tokens[i] is trained, and `source[i]` is the
        place in the row that the token after tokens[i] can be copied from, or NOWHERE.
        """
        if self.answers_only and part == 0:
            counted = [False] * len(tokens)
        self.tokens.extend(tokens)
        self.targets.extend(t if c else IGNORE for t, c in zip(tokens[1:], counted[1:]))
        self.targets.append(IGNORE)
        self.positions.extend(range(start, start + len(tokens)))
        self.document.extend([document] * len(tokens))
        self.part.extend([part] * len(tokens))
        self.source.extend(source or [NOWHERE] * len(tokens))

    def finish(self):
        while self.room():
            self.add([0], [False], -1, 0, 0)


class RowBuilder:
    def __init__(self, pool, tokenizer):
        self.pool = pool
        self.vocab = len(tokenizer.tokens)
        self.bos, self.eos = tokenizer.bos, tokenizer.eos
        (self.newline,) = tokenizer.encode("\n")

    def add_plain(self, row, sense):
        tokens = [self.bos, *sense.prompt, *sense.gloss, self.eos]
        if len(tokens) > row.room():
            return False
        counted = [False] * (1 + len(sense.prompt)) + [True] * (len(sense.gloss) + 1)
        row.add(tokens, counted, row.documents, 0, 0)
        row.documents += 1
        return True

    def _pairings(self, rng, line_count, kind):
        senses = self.pool.draw_context(rng, line_count)
        prompts, glosses = [s.prompt for s in senses], [s.gloss for s in senses]
        if kind == SHUFFLED:
            glosses = [glosses[i] for i in rng.permutation(len(glosses))]
        elif kind == SCRAMBLED:
            glosses = [tuple(rng.integers(FIRST_TEXT_TOKEN, self.vocab, rng.integers(3, 11)).tolist())
                       for _ in senses]
        return list(zip(prompts, glosses))

    def add_grounded(self, row, rng, line_count, kind):
        """A context and as many questions about it as fit."""
        pairs = self._pairings(rng, line_count, kind)
        tokens, counted, shown = [self.bos], [False], []
        for prompt, gloss in pairs:
            line = len(prompt) + len(gloss) + 1
            if len(tokens) + line + 1 > CONTEXT_SHARE_OF_ROW * row.length:
                continue
            shown.append((prompt, gloss, len(row.tokens) + len(tokens)))
            tokens += [*prompt, *gloss, self.newline]
            # Only a true line is worth learning by itself.
            counted += [False] * len(prompt) + [kind == TRUE] * len(gloss) + [False]
        if not shown:
            return
        tokens.append(self.newline)
        counted.append(False)
        document, start = row.documents, len(tokens)
        row.documents += 1
        row.add(tokens, counted, document, 0, 0)
        for part, i in enumerate(rng.permutation(len(shown)), start=1):
            prompt, gloss, line = shown[i]
            question = [*prompt, *gloss, self.eos]
            if len(question) <= row.room():
                answered = [False] * len(prompt) + [True] * (len(gloss) + 1)
                # The line ends where the answer does: its newline stands for <|eos|>.
                source = [line + k + 1 if counted else NOWHERE
                          for k, counted in enumerate([*answered[1:], False])]
                row.add(question, answered, document, part, start, source)

    def build_plain(self, rng, length):
        row = Row(length)
        self._fill(row, rng)
        return row

    def build_grounded(self, rng, length, shuffled_share, scrambled_share):
        """A row of one grounded document, filled up with plain ones."""
        row = Row(length)
        line_count = int(rng.integers(3, 7 if length <= 256 else 13))
        lot = rng.random()
        kind = (SHUFFLED if lot < shuffled_share
                else SCRAMBLED if lot < shuffled_share + scrambled_share else TRUE)
        # Scrambled lines are short; as many as there is room for make the row worth while.
        self.add_grounded(row, rng, length // 16 if kind == SCRAMBLED else line_count, kind)
        self._fill(row, rng)
        return row

    def _fill(self, row, rng):
        misses = 0
        while misses < 6:
            misses += not self.add_plain(row, self.pool.draw(rng))
        row.finish()


def attention_mask(document, part):
    """0 where a token may look, -inf elsewhere; arrays of shape (rows, length)."""
    length = document.shape[1]
    same_document = document[:, :, None] == document[:, None, :]
    visible_part = (part[:, None, :] == 0) | (part[:, :, None] == part[:, None, :])
    allowed = same_document & visible_part & np.tri(length, dtype=bool)
    return np.where(allowed, np.float32(0), np.float32(-np.inf))


class Batch(NamedTuple):
    tokens: torch.Tensor
    targets: torch.Tensor
    positions: torch.Tensor
    document: torch.Tensor
    part: torch.Tensor
    source: torch.Tensor
    mask: torch.Tensor


def stack(rows):
    columns = [np.array([getattr(row, name) for row in rows]) for name in Batch._fields[:-1]]
    mask = attention_mask(columns[3], columns[4])
    return Batch(*map(torch.from_numpy, (*columns, mask)))
