#!/usr/bin/env python3
"""Text vectors for bench_vectors: WordNet's glosses as TF-IDF, reduced by SVD to 384 dimensions.

  make_text_vectors.py DIRECTORY [VECTORS]

Writes base.f32 and queries.f32 (1 000 that are not in the base) into DIRECTORY. Needs Debian's
`wordnet-base` and PyPI's scikit-learn. More than 116 000 VECTORS come from parts of the glosses,
eight words each.
"""
import sys

import numpy
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

QUERIES = 1000
DIMS = 384
PART = 8


def glosses():
    for part in ("noun", "verb", "adj", "adv"):
        with open(f"/usr/share/wordnet/data.{part}", encoding="latin1") as lines:
            for line in lines:
                if line.startswith("  "):
                    continue
                head, _, gloss = line.partition("|")
                fields = head.split()
                words = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
                yield ", ".join(words) + ": " + gloss.strip()


def parts(texts):
    for text in texts:
        words = text.split()
        for first in range(0, max(1, len(words) - PART + 1)):
            yield " ".join(words[first:first + PART])


def main():
    directory = sys.argv[1]
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    texts = list(glosses())
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=r"[a-zA-Z]{2,}")
    reduction = TruncatedSVD(DIMS, n_iter=3, random_state=0)
    reduction.fit(vectorizer.fit_transform(texts))
    random = numpy.random.default_rng(1)
    if wanted + QUERIES > len(texts):
        texts = list(parts(texts))
        random.shuffle(texts)
        texts = texts[:int(1.6 * (wanted + QUERIES))]
    rows = []
    for first in range(0, len(texts), 50_000):
        rows.append(reduction.transform(vectorizer.transform(texts[first:first + 50_000])).astype(numpy.float32))
    vectors = numpy.concatenate(rows)
    length = numpy.linalg.norm(vectors, axis=1)
    vectors = vectors[length > 1e-3] / length[length > 1e-3, None]
    # Equal texts give equal vectors, which would answer each other.
    _, first = numpy.unique(vectors[:, :8].round(6), axis=0, return_index=True)
    vectors = vectors[random.permutation(first)]
    if len(vectors) < wanted + QUERIES:
        sys.exit(f"only {len(vectors)} different vectors")
    vectors[:wanted].tofile(f"{directory}/base.f32")
    vectors[wanted:wanted + QUERIES].tofile(f"{directory}/queries.f32")


main()
