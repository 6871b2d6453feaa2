"""The reference implementation of embedding a text; share/models/README.md specifies it."""

import json
import sys

import numpy as np

import words
from gguf_writer import read_safetensors


class Embedder:
    def __init__(self, vocabulary, vectors, weights, common):
        self.rows = {word: i for i, word in enumerate(vocabulary)}
        self.vectors = np.asarray(vectors, np.float32)
        self.weights = np.asarray(weights, np.float32)
        self.common = np.asarray(common, np.float32)

    @classmethod
    def load(cls, path):
        _, tensors = read_safetensors(path)
        vocabulary = tensors["words"].tobytes().decode("utf-8").split("\n")
        return cls(vocabulary, tensors["vectors"], tensors["idf"], tensors["common"])

    def embed(self, text):
        """The unit vector of a text, or None where no word with a weight is known."""
        found = [words.look_up(word, self.rows) for word in words.split(text)]
        rows = [self.rows[word] for word in found if word is not None]
        total = self.weights[rows].sum() if rows else 0.0
        if total <= 0.0:
            return None
        mean = self.weights[rows] @ self.vectors[rows] / total
        for component in self.common:
            mean = mean - (mean @ component) * component
        length = np.linalg.norm(mean)
        return mean / length if length > 1e-6 else None


def golden(embedder):
    texts = [
        "volcano", "a mountain that erupts molten rock", "The dog's puppies were running!",
        "children and kids", "How do I repay a loan to the bank?",
        "Interest is the charge for borrowing money.", "Crème brûlée & café au lait",
        "naïve bees gather nectar; bees make honey", "zzxqj 12345 — и",
    ]
    embedded = [embedder.embed(text) for text in texts]
    cosines = [[None if a is None or b is None else round(float(a @ b), 6) for b in embedded]
               for a in embedded]
    entries = [{"text": text, "words": words.split(text),
                "first8": None if v is None else [round(float(x), 6) for x in v[:8]]}
               for text, v in zip(texts, embedded)]
    return {"made_by": "share/models/train/embed_reference.py",
            "model": "share/models/wordnet-vectors.safetensors", "tolerance": 1e-3,
            "texts": entries, "cosines": cosines}


def main():
    model, target = sys.argv[1:]
    with open(target, "w", encoding="utf-8") as file:
        json.dump(golden(Embedder.load(model)), file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
