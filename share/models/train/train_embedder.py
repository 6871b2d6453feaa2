"""Trains the word vectors: random walks over WordNet, PPMI, truncated SVD.

Two models are made by the same recipe. The first is trained without the held-out
links and glosses and only measured; the second, trained on everything, is shipped.
"""

import argparse
import json

import numpy as np
import torch

import wordnet
import words
from embed_measure import measure
from embed_reference import Embedder
from gguf_writer import write_safetensors
from word_graph import VOCABULARY_SIZE, Lexicon, WordGraph
from word_pairs import HeldOut, choose_held_out, relatives_of

SEED = 20240229
DIMS = 104
WALKS_PER_WORD, WALK_STEPS, STEP_DECAY = 400, 4, 0.6
CONTEXT_SMOOTHING, SHIFT = 0.75, 0.0
SINGULAR_POWER = 0.5
FREQUENCY_SCALE = 2e-4      # `a` of the smooth inverse frequency a / (a + p(word))
COMMON_COMPONENTS = 1


def walk_counts(graph, vocabulary, rng):
    """Weighted counts of the words named along random walks from each vocabulary word."""
    starts = [(row, graph.word_ids[graph.lexicon.base(word)]) for row, word in enumerate(vocabulary)
              if word not in words.STOP_WORDS]
    rows = np.repeat([row for row, _ in starts], WALKS_PER_WORD)
    at_words = np.repeat([word for _, word in starts], WALKS_PER_WORD)
    connected = graph.word_to_synset.degree(at_words) > 0
    rows = rows[connected]
    at = graph.word_to_synset.draw(at_words[connected], rng)
    keys, weights = [], []
    for step in range(WALK_STEPS):
        names = graph.synset_to_word.degree(at) > 0
        named = graph.synset_to_word.draw(at[names], rng)
        keys.append(rows[names] * len(graph.words) + named)
        weights.append(np.full(len(named), STEP_DECAY ** step, np.float32))
        goes_on = graph.synset_to_synset.degree(at) > 0
        rows, at = rows[goes_on], graph.synset_to_synset.draw(at[goes_on], rng)
    keys, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    counts = np.bincount(inverse, np.concatenate(weights))
    return keys // len(graph.words), keys % len(graph.words), counts


def positive_pmi(rows, columns, counts, row_count, column_count):
    row_totals = np.bincount(rows, counts, row_count)
    contexts = np.bincount(columns, counts, column_count) ** CONTEXT_SMOOTHING
    pmi = np.log(counts * contexts.sum() / (row_totals[rows] * contexts[columns])) - SHIFT
    kept = pmi > 0
    indices = torch.from_numpy(np.stack([rows[kept], columns[kept]]))
    return torch.sparse_coo_tensor(indices, torch.from_numpy(pmi[kept]).float(),
                                   (row_count, column_count)).coalesce()


def left_singular(matrix, dims, iterations=5):
    """Randomised truncated SVD: the left vectors scaled by a power of the singular values."""
    generator = torch.Generator().manual_seed(SEED)
    transposed = matrix.t().coalesce()
    basis = torch.randn(matrix.shape[1], dims + 16, generator=generator)
    for _ in range(iterations):
        basis, _ = torch.linalg.qr(torch.sparse.mm(matrix, basis))
        basis, _ = torch.linalg.qr(torch.sparse.mm(transposed, basis))
    left, values, _ = torch.linalg.svd(torch.sparse.mm(matrix, basis), full_matrices=False)
    return (left[:, :dims] * values[:dims] ** SINGULAR_POWER).numpy()


def word_weights(vocabulary, lexicon):
    """Smooth inverse frequency; 0 for stop words."""
    total = sum(lexicon.frequency.values())
    shares = [lexicon.frequency[lexicon.base(word)] / total for word in vocabulary]
    return np.array([0.0 if word in words.STOP_WORDS else FREQUENCY_SCALE / (FREQUENCY_SCALE + share)
                     for word, share in zip(vocabulary, shares)], np.float32)


def common_components(vocabulary, vectors, weights, synsets):
    """Leading directions of the mean vectors of all definitions."""
    plain = Embedder(vocabulary, vectors, weights, np.zeros((0, vectors.shape[1])))
    means = [v for s in synsets[::4] if (v := plain.embed(s.definition)) is not None]
    _, _, right = np.linalg.svd(np.array(means), full_matrices=False)
    return right[:COMMON_COMPONENTS].astype(np.float32)


def train(synsets, lexicon, vocabulary, held_out):
    rng = np.random.default_rng([SEED, 5])
    graph = WordGraph(synsets, lexicon, held_out)
    counts = walk_counts(graph, vocabulary, rng)
    matrix = positive_pmi(*counts, len(vocabulary), len(graph.words))
    print("nonzero entries:", matrix._nnz(), flush=True)
    vectors = left_singular(matrix, DIMS)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    vectors = vectors.astype(np.float16)
    weights = word_weights(vocabulary, lexicon)
    return Embedder(vocabulary, vectors, weights,
                    common_components(vocabulary, vectors, weights, synsets))


def write(path, vocabulary, embedder, notice):
    metadata = {
        "format": "hart-word-vectors-1",
        "name": "WordNet word vectors",
        "dims": str(embedder.vectors.shape[1]),
        "license": notice,
        "pooling": "mean of the known words' vectors weighted by idf, less its projection on "
                   "each row of common, L2-normalised; share/models/README.md is the specification",
    }
    write_safetensors(path, metadata, {
        "vectors": embedder.vectors.astype(np.float16), "idf": embedder.weights,
        "common": embedder.common,
        "words": np.frombuffer("\n".join(vocabulary).encode("utf-8"), np.uint8)})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", help="the model file; without it the recipe is only measured")
    parser.add_argument("--figures", help="where to write the measured figures, as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    synsets = wordnet.load_synsets()
    lexicon = Lexicon(synsets)
    vocabulary = lexicon.choose_vocabulary(VOCABULARY_SIZE)
    print(len(vocabulary), "words", flush=True)
    held_out = choose_held_out(synsets, set(vocabulary), SEED)
    figures = measure(train(synsets, lexicon, vocabulary, held_out), synsets, held_out,
                      relatives_of(synsets, set(vocabulary)))
    print(json.dumps(figures, indent=1), flush=True)
    if arguments.figures:
        with open(arguments.figures, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
    if arguments.out:
        notice = "WordNet 3.0 license, Princeton University; see share/models/LICENSE.wordnet"
        write(arguments.out, vocabulary, train(synsets, lexicon, vocabulary, HeldOut()), notice)


if __name__ == "__main__":
    main()
