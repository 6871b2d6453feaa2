"""Trains the gloss language model and writes checkpoints.

Every batch is a function of the seed and of its step number alone, so that an
interrupted run resumes where it stopped and ends with the same weights.
"""

import argparse
import json
import math
import os
import time

import numpy as np
import torch
from torch.nn import functional as F

import bpe
import wordnet
from llama import Config, Llama
from lm_documents import IGNORE, Row, RowBuilder, SensePool, load_senses, stack

SEED = 20240229
# The rate rises, stays, and falls over the last DECAY steps.
STEPS, WARMUP, DECAY = 6000, 200, 2200
PEAK_RATE, FINAL_RATE = 1.5e-3, 3e-5
BETAS, WEIGHT_DECAY, CLIP = (0.9, 0.98), 0.05, 1.0
# A step's batch: many short rows of plain documents and a few rows with contexts,
# which every LONG_EVERY-th step are longer, so that long contexts work too.
PLAIN_ROWS, PLAIN_LENGTH = 10, 128
GROUNDED_ROWS, GROUNDED_LENGTH = 3, 256
LONG_ROWS, LONG_LENGTH, LONG_EVERY = 2, 512, 8
VALIDATE_EVERY, CHECKPOINT_SECONDS = 500, 180


def load_tokenizer(path, synsets):
    """Reads the tokenizer, training it first if there is none."""
    if not os.path.exists(path):
        lines = [wordnet.gloss_line(s.lemmas[0], s) for s in synsets]
        merges = bpe.train_merges(lines, Config.vocab - 256 - 2)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(merges, file, ensure_ascii=False)
    with open(path, encoding="utf-8") as file:
        return bpe.Tokenizer.from_merges([tuple(pair) for pair in json.load(file)])


def make_batches(builder, step):
    """The plain and the grounded part of a step's batch."""
    rng = np.random.default_rng([SEED, 2, step])
    rows, length = GROUNDED_ROWS, GROUNDED_LENGTH
    if step % LONG_EVERY == LONG_EVERY - 1:
        rows, length = LONG_ROWS, LONG_LENGTH
    plain = [builder.build(rng, PLAIN_LENGTH, False) for _ in range(PLAIN_ROWS)]
    grounded = [builder.build(rng, length, True) for _ in range(rows)]
    return stack(plain), stack(grounded)


def batch_logits(model, batch):
    """Logits and targets at the trained positions only; the others are not worth computing."""
    tokens, targets, positions, mask = (torch.from_numpy(array) for array in batch)
    hidden = model.hidden(tokens, positions, mask)
    wanted = targets != IGNORE
    return model.logits(hidden[wanted]), targets[wanted]


def learning_rate(step):
    if step < WARMUP:
        return PEAK_RATE * (step + 1) / WARMUP
    decayed = max(0, step - (STEPS - DECAY)) / DECAY
    return FINAL_RATE + (PEAK_RATE - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * decayed))


def make_optimizer(model):
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embd" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() != 2 or "embd" in n]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY},
              {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=BETAS)


def answer_figures(model, builder, rng, shuffled, contexts):
    """Loss, token accuracy and whole-answer accuracy over questions with a context.

    An answer counts as right when every token is the most likely one after the
    true tokens before it, which is when greedy decoding would have produced it.
    """
    losses, hits, answers = [], [], []
    for _ in range(contexts):
        row = Row(GROUNDED_LENGTH, answers_only=True)
        builder.add_grounded(row, rng, int(rng.integers(3, 7)), shuffled)
        row.finish()
        logits, targets = batch_logits(model, stack([row]))
        losses += F.cross_entropy(logits, targets, reduction="none").tolist()
        right = (logits.argmax(-1) == targets).tolist()
        hits += right
        ends = [i for i, token in enumerate(targets.tolist()) if token == builder.eos]
        for begin, end in zip([0, *[e + 1 for e in ends]], ends):
            answers.append(all(right[begin:end + 1]))
    return {"loss": np.mean(losses), "token_accuracy": np.mean(hits),
            "answer_accuracy": np.mean(answers)}


@torch.no_grad()
def validate(model, builder, contexts=60, plain_rows=48):
    rng = np.random.default_rng([SEED, 3])
    plain = []
    for _ in range(plain_rows):
        logits, targets = batch_logits(model, stack([builder.build(rng, PLAIN_LENGTH, False)]))
        plain += F.cross_entropy(logits, targets, reduction="none").tolist()
    return {"plain_loss": np.mean(plain),
            "context": answer_figures(model, builder, rng, False, contexts),
            "shuffled_context": answer_figures(model, builder, rng, True, contexts)}


def save(path, model, optimizer, step):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def backward(model, batches):
    """Gradients of the mean loss over all trained tokens of the batches; returns that loss."""
    counted = sum(int((batch[1] != IGNORE).sum()) for batch in batches)
    total = 0.0
    for batch in batches:
        logits, targets = batch_logits(model, batch)
        loss = F.cross_entropy(logits, targets, reduction="sum") / counted
        loss.backward()
        total += loss.item()
    return total


def train(model, optimizer, first_step, training, validation, checkpoint):
    started = saved = time.time()
    running = 0.0
    for step in range(first_step, STEPS):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.zero_grad(set_to_none=True)
        running += backward(model, make_batches(training, step))
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        done = step + 1
        if done % 100 == 0:
            rate = (done - first_step) / (time.time() - started)
            print(f"step {done} loss {running / 100:.4f} steps/s {rate:.3f}", flush=True)
            running = 0.0
        if done % VALIDATE_EVERY == 0:
            print("validation", json.dumps(validate(model, validation)), flush=True)
        if done == STEPS or time.time() - saved > CHECKPOINT_SECONDS:
            save(checkpoint, model, optimizer, done)
            saved = time.time()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, help="directory for tokenizer and checkpoint")
    work = parser.parse_args().work
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    os.makedirs(work, exist_ok=True)
    synsets = wordnet.load_synsets()
    tokenizer = load_tokenizer(os.path.join(work, "merges.json"), synsets)
    training, validation = load_senses(tokenizer, synsets, SEED)
    print(len(training), "training senses,", len(validation), "held out", flush=True)
    model = Llama(Config())
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    optimizer, first_step = make_optimizer(model), 0
    checkpoint = os.path.join(work, "checkpoint.pt")
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first_step = state["step"]
    train(model, optimizer, first_step, RowBuilder(SensePool(training), tokenizer),
          RowBuilder(SensePool(validation), tokenizer), checkpoint)


if __name__ == "__main__":
    main()
