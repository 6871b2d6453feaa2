"""Writes a training checkpoint as a GGUF file, and reads such a file back into the model."""

import argparse
import os

import numpy as np
import torch

import bpe
import wordnet
from gguf_writer import ALIGNMENT, ARRAY, BOOL, FLOAT32, INT32, STRING, UINT32, read_gguf, write_gguf
from llama import Config, Llama
from train_lm import load_tokenizer

NORMAL_TOKEN, CONTROL_TOKEN = 1, 3
MOSTLY_F16 = 1


def model_metadata(config):
    return {
        "general.architecture": (STRING, "llama"),
        "general.name": (STRING, "WordNet glosses"),
        "general.description": (STRING, "Completes `TERM (pos):` with a dictionary definition, or "
                                        "with the one that the text before the prompt gives."),
        "general.license": (STRING, "WordNet-3.0"),
        "general.alignment": (UINT32, ALIGNMENT),
        "general.file_type": (UINT32, MOSTLY_F16),
        "llama.vocab_size": (UINT32, config.vocab),
        "llama.context_length": (UINT32, config.context),
        "llama.embedding_length": (UINT32, config.dim),
        "llama.block_count": (UINT32, config.layers),
        "llama.feed_forward_length": (UINT32, config.ffn),
        "llama.attention.head_count": (UINT32, config.heads),
        "llama.attention.head_count_kv": (UINT32, config.kv_heads),
        "llama.attention.layer_norm_rms_epsilon": (FLOAT32, config.norm_eps),
        "llama.rope.dimension_count": (UINT32, config.head_dim),
        "llama.rope.freq_base": (FLOAT32, config.rope_base),
    }


def tokenizer_metadata(tokenizer):
    kinds = [CONTROL_TOKEN if token in (bpe.BOS, bpe.EOS) else NORMAL_TOKEN
             for token in tokenizer.tokens]
    return {
        "tokenizer.ggml.model": (STRING, "gpt2"),
        "tokenizer.ggml.pre": (STRING, "gpt-2"),
        "tokenizer.ggml.tokens": ((ARRAY, STRING), tokenizer.tokens),
        "tokenizer.ggml.token_type": ((ARRAY, INT32), kinds),
        "tokenizer.ggml.merges": ((ARRAY, STRING), [" ".join(pair) for pair in tokenizer.merges]),
        "tokenizer.ggml.bos_token_id": (UINT32, tokenizer.bos),
        "tokenizer.ggml.eos_token_id": (UINT32, tokenizer.eos),
        "tokenizer.ggml.add_bos_token": (BOOL, True),
        "tokenizer.ggml.add_eos_token": (BOOL, False),
    }


def export(model, tokenizer, path):
    tensors = {name: weight.detach().numpy().astype(np.float16 if weight.dim() == 2 else np.float32)
               for name, weight in model.named_parameters()}
    write_gguf(path, {**model_metadata(model.config), **tokenizer_metadata(tokenizer)}, tensors)


def load(path):
    """The model and tokenizer of a GGUF file; its weights are used in float32."""
    metadata, tensors = read_gguf(path)
    config = Config(
        vocab=metadata["llama.vocab_size"], dim=metadata["llama.embedding_length"],
        layers=metadata["llama.block_count"], heads=metadata["llama.attention.head_count"],
        kv_heads=metadata["llama.attention.head_count_kv"],
        ffn=metadata["llama.feed_forward_length"], context=metadata["llama.context_length"],
        norm_eps=metadata["llama.attention.layer_norm_rms_epsilon"],
        rope_base=metadata["llama.rope.freq_base"])
    model = Llama(config)
    model.load_state_dict({name: torch.from_numpy(array.astype(np.float32))
                           for name, array in tensors.items()})
    merges = [tuple(pair.split(" ")) for pair in metadata["tokenizer.ggml.merges"]]
    return model.eval(), bpe.Tokenizer(metadata["tokenizer.ggml.tokens"], merges)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, help="the directory train_lm.py worked in")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    merges = os.path.join(arguments.work, "merges.json")
    tokenizer = load_tokenizer(merges, wordnet.load_synsets())
    model = Llama(Config())
    model.load_state_dict(torch.load(os.path.join(arguments.work, "checkpoint.pt"))["model"])
    export(model, tokenizer, arguments.out)


if __name__ == "__main__":
    main()
