"""Writes tests/data/wordnet-llama.golden.json from the exported GGUF file."""

import json
import sys

import torch

from export_lm import load

CONTINUATION = 40
CONTEXT = """\
volcano (noun): a fissure in the earth's crust through which molten lava and gases erupt
bee (noun): any of numerous hairy-bodied insects including social and solitary species
ledger (noun): a record in which commercial accounts are recorded

"""
PROMPTS = ("volcano (noun):", "quickly (adverb):", CONTEXT + "ledger (noun):")
# Not prompts: text that exercises the tokenizer alone.
TOKENIZED = ("It's 2 or 31 dogs' beds, isn't it?", "  two  spaces\tand\n\nlines ", "naïve café — 5 €",
             "snake_case_name(42);")


def golden_prompt(model, tokenizer, prompt):
    ids = [tokenizer.bos, *tokenizer.encode(prompt)]
    logits = model.next_logits(ids)
    continuation = model.generate(ids, CONTINUATION, tokenizer.eos)
    values, top = logits.topk(5)
    return {
        "prompt": prompt, "ids": ids,
        "top5": [[int(i), round(float(v), 5)] for i, v in zip(top, values)],
        "continuation_ids": continuation,
        "ended": len(continuation) < CONTINUATION,
        "continuation": tokenizer.decode(continuation),
    }


@torch.no_grad()
def main():
    model_path, target = sys.argv[1:]
    torch.set_num_threads(1)
    model, tokenizer = load(model_path)
    golden = {
        "made_by": "share/models/train/make_golden.py",
        "model": "share/models/wordnet-llama.gguf",
        "note": "float32 arithmetic on the F16 weights as stored; ids begin with <|bos|>; greedy "
                "continuations exclude <|eos|>, and `ended` says that it came next",
        "prompts": [golden_prompt(model, tokenizer, prompt) for prompt in PROMPTS],
        "tokenized": [{"text": text, "ids": tokenizer.encode(text)} for text in TOKENIZED],
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(golden, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
