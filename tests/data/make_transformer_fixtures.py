#!/usr/bin/env python3
"""Computes what transformers answers for small random models, one file an architecture.

    pip install torch transformers
    tests/data/make_transformer_fixtures.py tests/data/transformers

Weights are not stored: both sides make them from the tensors' names, see `weights`. A file
holds the configuration as save_pretrained writes it, the shapes of the tensors, the tokens, and
of some positions the logits in float32 (of an encoder: the hidden states).
"""

import json
import math
import sys

import numpy as np
import torch
import transformers

MASK = (1 << 64) - 1


def name_hash(name):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def uniform(name, count):
    """`count` multiples of 2^-23 in [-1, 1): splitmix64 of the name's hash plus the index."""
    with np.errstate(over="ignore"):
        z = np.uint64(name_hash(name)) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def weights(name, shape):
    """Factors of norms lie around 1, biases below a quarter, matrices keep the size of what
    they are multiplied with."""
    values = uniform(name, math.prod(shape))
    if len(shape) == 1:
        values = values / 4 + (1 if name.endswith("weight") else 0)
    elif "embed" not in name:
        values = values * 2.0 ** round(math.log2(math.sqrt(3 / shape[-1])))
    return values.astype(np.float32).reshape(shape)


SMALL = dict(
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    vocab_size=64,
    max_position_embeddings=64,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)


def rope(kind, **more):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=10000.0, **more))


T = transformers
CASES = {
    "llama": (T.LlamaForCausalLM, T.LlamaConfig, dict(tie_word_embeddings=True)),
    "llama-bias": (T.LlamaForCausalLM, T.LlamaConfig, dict(attention_bias=True, mlp_bias=True)),
    "llama-llama3": (
        T.LlamaForCausalLM,
        T.LlamaConfig,
        rope(
            "llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=16,
        ),
    ),
    "llama-linear": (T.LlamaForCausalLM, T.LlamaConfig, rope("linear", factor=4.0)),
    "llama-yarn": (
        T.LlamaForCausalLM,
        T.LlamaConfig,
        rope("yarn", factor=4.0, original_max_position_embeddings=16),
    ),
    "mistral": (T.MistralForCausalLM, T.MistralConfig, dict(sliding_window=8, head_dim=16)),
    "qwen2": (T.Qwen2ForCausalLM, T.Qwen2Config, dict(use_sliding_window=False)),
    "qwen2-window": (
        T.Qwen2ForCausalLM,
        T.Qwen2Config,
        dict(use_sliding_window=True, sliding_window=8, max_window_layers=2),
    ),
    "qwen3": (T.Qwen3ForCausalLM, T.Qwen3Config, dict(head_dim=16)),
    "gemma": (T.GemmaForCausalLM, T.GemmaConfig, dict(head_dim=16)),
    "gemma2": (
        T.Gemma2ForCausalLM,
        T.Gemma2Config,
        dict(head_dim=16, sliding_window=8, query_pre_attn_scalar=24, num_hidden_layers=4),
    ),
    "gemma3": (
        T.Gemma3ForCausalLM,
        T.Gemma3TextConfig,
        dict(head_dim=16, sliding_window=8, query_pre_attn_scalar=24, num_hidden_layers=7),
    ),
    "phi3": (T.Phi3ForCausalLM, T.Phi3Config, dict(sliding_window=8)),
    "phi3-longrope": (
        T.Phi3ForCausalLM,
        T.Phi3Config,
        dict(
            original_max_position_embeddings=16,
            **rope(
                "longrope",
                short_factor=[1.0, 1.25, 1.5, 2.0],
                long_factor=[1.5, 2.0, 4.0, 8.0],
                original_max_position_embeddings=16,
            ),
        ),
    ),
    "phi3-partial": (
        T.Phi3ForCausalLM,
        T.Phi3Config,
        rope("default", partial_rotary_factor=0.5),
    ),
    "bert": (T.BertModel, T.BertConfig, dict(num_key_value_heads=4)),
}
if hasattr(T, "NomicBertModel"):
    CASES["nomic-bert"] = (T.NomicBertModel, T.NomicBertConfig, {})


def hub_name(name):
    """What the published checkpoints of nomic-bert call a tensor of transformers' own class,
    and which third of it that is, if it is one."""
    third = None
    for i, letter in enumerate("qkv"):
        if f"self_attn.{letter}_proj" in name:
            name, third = name.replace(f"self_attn.{letter}_proj", "attn.Wqkv"), i
    for own, hub in (
        ("embeddings.LayerNorm", "emb_ln"),
        ("self_attn.o_proj", "attn.out_proj"),
        ("up_proj", "fc11"),
        ("gate_proj", "fc12"),
        ("down_proj", "fc2"),
        ("post_attention_layernorm", "norm1"),
        ("post_mlp_layernorm", "norm2"),
    ):
        name = name.replace(own, hub)
    return ("encoder." if name.startswith("layers.") else "") + name, third


def hub_config(config):
    return {
        "model_type": "nomic_bert",
        "n_embd": config["hidden_size"],
        "n_inner": config["intermediate_size"],
        "n_layer": config["num_hidden_layers"],
        "n_head": config["num_attention_heads"],
        "n_positions": config["max_position_embeddings"],
        "vocab_size": config["vocab_size"],
        "layer_norm_epsilon": config["layer_norm_eps"],
        "rotary_emb_base": config["rope_parameters"]["rope_theta"],
    }


def answer(model_class, config_class, more):
    config = config_class(**{**SMALL, **more})
    config._attn_implementation = "eager"
    model = model_class(config).float().eval()
    state = model.state_dict()
    tied = getattr(config, "tie_word_embeddings", False)
    shapes = {}
    with torch.no_grad():
        for name, tensor in state.items():
            if tied and name == "lm_head.weight" or name.startswith("pooler."):
                continue
            shape = list(tensor.shape)
            third = None
            if config.model_type == "nomic_bert":
                name, third = hub_name(name)
            if third is not None:
                shape[0] *= 3
            shapes[name] = shape
            values = torch.from_numpy(weights(name, tuple(shape)))
            tensor.copy_(values if third is None else values.chunk(3)[third])
    tokens = [(7 * i * i + 3 * i + 1) % config.vocab_size for i in range(40)]
    positions = [0, 1, 9, 25, 39]
    with torch.no_grad():
        out = model(torch.tensor([tokens]))
    rows = out.logits[0] if hasattr(out, "logits") else out.last_hidden_state[0]
    return {
        "about": f"made by make_transformer_fixtures.py with transformers "
        f"{transformers.__version__}, torch {torch.__version__.split('+')[0]}",
        "config": json.loads(config.to_json_string(use_diff=False)),
        "tensors": shapes,
        "tokens": tokens,
        "positions": positions,
        "rows": [[float(f"{v:.7g}") for v in rows[p].tolist()] for p in positions],
    }


KEPT = (
    "model_type hidden_size intermediate_size num_hidden_layers num_attention_heads "
    "num_key_value_heads vocab_size max_position_embeddings head_dim rms_norm_eps layer_norm_eps "
    "rope_theta rope_scaling rope_parameters rope_local_base_freq partial_rotary_factor "
    "original_max_position_embeddings sliding_window use_sliding_window max_window_layers "
    "layer_types attn_logit_softcapping final_logit_softcapping query_pre_attn_scalar "
    "tie_word_embeddings hidden_act hidden_activation"
).split()


def main():
    for name, case in CASES.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        result = answer(*case)
        result["config"] = {k: v for k, v in result["config"].items() if k in KEPT}
        if name == "nomic-bert":
            result["config"] = hub_config(result["config"])
        with open(f"{sys.argv[1]}/{name}.json", "w", encoding="utf-8") as file:
            json.dump(result, file, separators=(",", ":"))
            file.write("\n")
        print(name, result["rows"][-1][:3])


main()
