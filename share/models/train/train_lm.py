"""Trains the gloss language model and writes checkpoints.

Every batch is a function of the seed and of its step number alone, so that an
interrupted run resumes where it stopped and ends with the same weights.
"""

import argparse
import json
import math
import os
import time
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

import bpe
import wordnet
from guidance import guidance_loss
from llama import Config, Llama
from lm_documents import (IGNORE, SCRAMBLED, SHUFFLED, TRUE, Row, RowBuilder, SensePool,
                          load_senses, stack)

SEED = 20240229
# The rate rises, stays, and from DECAY_FROM falls along a cosine; from LANDING_FROM it goes
# straight to its final value at STEPS, for the end of the run was brought forward.
STEPS, WARMUP, DECAY_FROM, DECAY, LANDING_FROM = 4753, 200, 3000, 2200, 4153
PEAK_RATE, FINAL_RATE = 1.5e-3, 3e-5
BETAS, WEIGHT_DECAY, CLIP = (0.9, 0.98), 0.05, 1.0
LONG_EVERY = 8
PLAIN_LENGTH, GROUNDED_LENGTH, LONG_LENGTH = 128, 256, 512


class Recipe(NamedTuple):
    """A step's batch: rows of plain documents, and longer rows that begin with a context."""
    plain_rows: int
    grounded_rows: int
    shuffled_share: float
    scrambled_share: float


# The first steps of each stretch of training, and what its batches consist of. Left alone, a
# model of this size does not discover, within the steps we can afford, that it may copy from
# the context: from the second stretch on its attention is guided to do so (guidance.py).
# Random tokens as glosses are what makes it learn to copy exactly, and they stay in the
# mixture from there on. The steps were chosen by watching the run.
SCHEDULE = (
    (0, Recipe(10, 3, 0.6, 0.0)),
    (1285, Recipe(4, 6, 0.3, 0.6)),
    (1800, Recipe(10, 3, 0.6, 0.0)),
    (2561, Recipe(7, 5, 0.35, 0.4)),
    (2941, Recipe(12, 2, 0.4, 0.25)),
    (3859, Recipe(7, 4, 0.4, 0.35)),
)
GUIDED_FROM = SCHEDULE[1][0]
GUIDANCE_WEIGHT = 0.3
VALIDATE_EVERY, CHECKPOINT_SECONDS = 500, 120


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
    recipe = next(recipe for first, recipe in reversed(SCHEDULE) if step >= first)
    rows, length = recipe.grounded_rows, GROUNDED_LENGTH
    if step % LONG_EVERY == LONG_EVERY - 1:
        # Longer rows now and then, so that long contexts work too.
        rows, length = (rows + 1) // 2, LONG_LENGTH
    plain = [builder.build_plain(rng, PLAIN_LENGTH) for _ in range(recipe.plain_rows)]
    grounded = [builder.build_grounded(rng, length, recipe.shuffled_share, recipe.scrambled_share)
                for _ in range(rows)]
    return stack(plain), stack(grounded)


def batch_logits(model, batch, attention=None):
    """Logits and targets at the trained positions only; the others are not worth computing."""
    hidden = model.hidden(batch.tokens, batch.positions, batch.mask, attention)
    wanted = batch.targets != IGNORE
    return model.logits(hidden[wanted]), batch.targets[wanted]


def learning_rate(step):
    if step < WARMUP:
        return PEAK_RATE * (step + 1) / WARMUP
    if step > LANDING_FROM:
        left = (STEPS - step) / (STEPS - LANDING_FROM)
        return FINAL_RATE + (learning_rate(LANDING_FROM) - FINAL_RATE) * left
    decayed = max(0, step - DECAY_FROM) / DECAY
    return FINAL_RATE + (PEAK_RATE - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * decayed))


def make_optimizer(model):
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embd" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() != 2 or "embd" in n]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY},
              {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATE, betas=BETAS)


def answer_figures(model, builder, rng, kind, contexts):
    """Loss, token accuracy and whole-answer accuracy over questions with a context.

    An answer counts as right when every token is the most likely one after the
    true tokens before it, which is when greedy decoding would have produced it.
    """
    losses, hits, answers = [], [], []
    for _ in range(contexts):
        row = Row(GROUNDED_LENGTH, answers_only=True)
        builder.add_grounded(row, rng, int(rng.integers(3, 7)), kind)
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
        logits, targets = batch_logits(model, stack([builder.build_plain(rng, PLAIN_LENGTH)]))
        plain += F.cross_entropy(logits, targets, reduction="none").tolist()
    return {"plain_loss": np.mean(plain),
            "context": answer_figures(model, builder, rng, TRUE, contexts),
            "shuffled_context": answer_figures(model, builder, rng, SHUFFLED, contexts),
            "scrambled_context": answer_figures(model, builder, rng, SCRAMBLED, contexts)}


def save(path, model, optimizer, step):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def backward(model, plain, grounded, guided):
    """Gradients for one step; returns the mean loss over its trained tokens and the guidance's."""
    counted = sum(int((batch.targets != IGNORE).sum()) for batch in (plain, grounded))
    total, guidance = 0.0, torch.zeros(())
    for batch in (plain, grounded):
        attention = []
        logits, targets = batch_logits(model, batch, attention)
        loss = F.cross_entropy(logits, targets, reduction="sum") / counted
        total += loss.item()
        if guided and batch is grounded:
            guidance = guidance_loss(batch, attention)
            loss = loss + GUIDANCE_WEIGHT * guidance
        loss.backward()
    return total, guidance.item()


def train(model, optimizer, first_step, training, validation, checkpoint):
    started = saved = time.time()
    losses = np.zeros(2)
    for step in range(first_step, STEPS):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.zero_grad(set_to_none=True)
        losses += backward(model, *make_batches(training, step), step >= GUIDED_FROM)
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        done = step + 1
        if done % 100 == 0:
            rate = (done - first_step) / (time.time() - started)
            loss, guidance = losses / 100
            print(f"step {done} loss {loss:.4f} guidance {guidance:.4f} steps/s {rate:.3f}", flush=True)
            losses = np.zeros(2)
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
