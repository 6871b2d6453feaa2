"""A training loss that shows chosen attention heads where to look.

Copying from a context takes two steps. Heads in the first layer look a fixed number
of tokens back, so that every token knows what stood before it; later heads then look
for the place in the context where the same was said, and at what followed there.
Both places are known for the training rows, and each head's loss is the negative
logarithm of the weight that it gives to its place.
"""

import torch

from lm_documents import NOWHERE

BACKWARD_LAYER = 0
BACKWARD_HEADS = {0: 1, 2: 2, 4: 3, 6: 4}       # head: how many tokens back
COPYING_HEADS = ((2, 0), (2, 2), (3, 0))        # (layer, head)
SMALLEST = 1e-6


def _missed(weights, head, rows, places, sources):
    return -torch.log(weights[rows, head, places, sources] + SMALLEST).mean()


def _backward_losses(batch, weights):
    for head, distance in BACKWARD_HEADS.items():
        same = ((batch.document[:, distance:] == batch.document[:, :-distance])
                & (batch.part[:, distance:] == batch.part[:, :-distance])
                & (batch.document[:, distance:] >= 0))
        rows, before = same.nonzero(as_tuple=True)
        yield _missed(weights, head, rows, before + distance, before)


def guidance_loss(batch, attention):
    """The mean over the guided heads; `attention` holds each layer's weights."""
    losses = list(_backward_losses(batch, attention[BACKWARD_LAYER]))
    rows, places = (batch.source != NOWHERE).nonzero(as_tuple=True)
    if len(rows):
        sources = batch.source[rows, places]
        losses += [_missed(attention[layer], head, rows, places, sources)
                   for layer, head in COPYING_HEADS]
    return torch.stack(losses).mean()
