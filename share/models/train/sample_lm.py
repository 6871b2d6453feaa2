"""Prints greedy answers of a GGUF model, for reading, or its figures on held-out senses."""

import argparse
import json

import torch

import wordnet
from export_lm import load
from lm_documents import RowBuilder, SensePool, load_senses
from train_lm import SEED, validate

TERMS = ("volcano", "dog", "bank", "tide", "honey", "computer", "memory", "music", "river",
         "hammer", "bread", "doctor", "engine", "justice", "winter", "elephant")
ANSWER_LIMIT = 64


def answer(model, tokenizer, prompt):
    ids = [tokenizer.bos, *tokenizer.encode(prompt)]
    return tokenizer.decode(model.generate(ids, ANSWER_LIMIT, tokenizer.eos)).strip()


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--figures", action="store_true", help="measure instead of sampling")
    parser.add_argument("prompts", nargs="*", help="prompts to continue; a default set if none")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(arguments.model)
    if arguments.figures:
        _, held_out = load_senses(tokenizer, wordnet.load_synsets(), SEED)
        builder = RowBuilder(SensePool(held_out), tokenizer)
        print(json.dumps(validate(model, builder, contexts=300, plain_rows=200), indent=1))
        return
    for prompt in arguments.prompts or [wordnet.prompt_of(term, "noun") for term in TERMS]:
        print(prompt, answer(model, tokenizer, prompt))


if __name__ == "__main__":
    main()
