"""A llama-architecture causal language model, small enough to train on one CPU core."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Config:
    vocab: int = 2048
    dim: int = 256
    layers: int = 4
    heads: int = 8
    kv_heads: int = 4
    ffn: int = 768
    context: int = 512
    norm_eps: float = 1e-5
    rope_base: float = 10000.0

    @property
    def head_dim(self):
        return self.dim // self.heads


def rope_table(config):
    """cos and sin of position * frequency, one column per rotated pair."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    angles = torch.outer(torch.arange(config.context, dtype=torch.float64),
                         config.rope_base ** -exponents)
    return angles.cos().float(), angles.sin().float()


def apply_rope(x, cos, sin):
    """Rotates adjacent pairs (2i, 2i+1), the order that GGUF's "llama" architecture uses."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class MaskedSoftmax(torch.autograd.Function):
    """softmax(scores + mask), with a backward pass much faster than torch 1.13's on a CPU."""

    @staticmethod
    def forward(ctx, scores, mask):
        weights = (scores + mask).softmax(-1)
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx, gradient):
        (weights,) = ctx.saved_tensors
        product = gradient * weights
        return product.sub_(weights * product.sum(-1, keepdim=True)), None


class RMSNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        kv_dim = config.kv_heads * config.head_dim
        self.attn_norm = RMSNorm(config.dim, config.norm_eps)
        self.attn_q = nn.Linear(config.dim, config.dim, bias=False)
        self.attn_k = nn.Linear(config.dim, kv_dim, bias=False)
        self.attn_v = nn.Linear(config.dim, kv_dim, bias=False)
        self.attn_output = nn.Linear(config.dim, config.dim, bias=False)
        self.ffn_norm = RMSNorm(config.dim, config.norm_eps)
        self.ffn_gate = nn.Linear(config.dim, config.ffn, bias=False)
        self.ffn_up = nn.Linear(config.dim, config.ffn, bias=False)
        self.ffn_down = nn.Linear(config.ffn, config.dim, bias=False)

    def attend(self, x, cos, sin, mask):
        c = self.config
        batch, length, _ = x.shape
        group = c.heads // c.kv_heads
        q = self.attn_q(x).view(batch, length, c.heads, c.head_dim).transpose(1, 2)
        k = self.attn_k(x).view(batch, length, c.kv_heads, c.head_dim).transpose(1, 2)
        v = self.attn_v(x).view(batch, length, c.kv_heads, c.head_dim).transpose(1, 2)
        q, k = apply_rope(q * c.head_dim ** -0.5, cos, sin), apply_rope(k, cos, sin)
        # The heads of a group are stacked along the rows, so that k and v need no copies.
        q = q.reshape(batch, c.kv_heads, group * length, c.head_dim)
        scores = (q @ k.transpose(-1, -2)).view(batch, c.kv_heads, group, length, length)
        weights = MaskedSoftmax.apply(scores, mask[:, None, None])
        out = weights.view(batch, c.kv_heads, group * length, length) @ v
        out = out.view(batch, c.heads, length, c.head_dim).transpose(1, 2)
        return self.attn_output(out.reshape(batch, length, c.dim)), weights.flatten(1, 2)

    def forward(self, x, cos, sin, mask):
        """The new states, and what each head looked at: (batch, head, from, to)."""
        attended, weights = self.attend(self.attn_norm(x), cos, sin, mask)
        x = x + attended
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h)), weights


class Llama(nn.Module):
    """Submodule names are GGUF's tensor names, `blk.N.attn_q.weight` and so on."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.token_embd = nn.Embedding(config.vocab, config.dim)
        self.blk = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.output_norm = RMSNorm(config.dim, config.norm_eps)
        cos, sin = rope_table(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self):
        residual_scale = (2 * self.config.layers) ** -0.5
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                is_residual = "attn_output" in name or "ffn_down" in name
                nn.init.normal_(weight, std=0.02 * (residual_scale if is_residual else 1.0))

    def hidden(self, tokens, positions, mask, attention=None):
        """Final normalised states; `mask` is added to the attention scores.

        Each layer's attention weights are appended to the list `attention`, if given.
        """
        cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]
        x = self.token_embd(tokens)
        for block in self.blk:
            x, weights = block(x, cos, sin, mask)
            if attention is not None:
                attention.append(weights)
        return self.output_norm(x)

    def logits(self, hidden):
        return hidden @ self.token_embd.weight.T

    def next_logits(self, ids):
        """Logits after one plain causal sequence."""
        length = len(ids)
        mask = torch.full((1, length, length), float("-inf")).triu(1)
        hidden = self.hidden(torch.tensor([ids]), torch.arange(length)[None], mask)
        return self.logits(hidden[0, -1])

    @torch.no_grad()
    def generate(self, ids, limit, eos):
        """Greedy continuation, without `eos`; recomputes the prefix, for it is only a reference."""
        out = []
        while len(out) < limit and len(ids) + len(out) < self.config.context:
            token = int(self.next_logits(ids + out).argmax())
            if token == eos:
                break
            out.append(token)
        return out
