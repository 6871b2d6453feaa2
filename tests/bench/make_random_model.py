#!/usr/bin/env python3
"""Writes a GGUF model of random weights in the shape of TinyLlama (1.1 B), for measuring speed.

    make_random_model.py TYPE FILE [--small]

TYPE is f16, q8_0, q4_0 or q4_k. The scales keep every activation finite; the text is nonsense.
"""

import random
import struct
import sys

# GGUF's number of the type, elements and bytes of a block, and where its binary16 scales stand.
TYPES = {
    "f32": (0, 1, 4, {}),
    "f16": (1, 1, 2, {}),
    "q4_0": (2, 32, 18, {0: 0.002}),
    "q8_0": (8, 32, 34, {0: 0.0002}),
    "q4_k": (12, 256, 144, {0: 0.00005, 2: 0.0003}),
}
ALIGNMENT = 32


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, payload):
    return text(key) + struct.pack("<I", kind) + payload


def number(key, value):
    return entry(key, 4, struct.pack("<I", value))


def array(key, kind, count, payload):
    return entry(key, 9, struct.pack("<IQ", kind, count) + payload)


def vocabulary(size):
    """Three special tokens, a token for each byte, and made-up words."""
    special = ["<unk>", "<s>", "</s>"]
    names = special + [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [2, 3, 3] + [6] * 256
    names += [f"\u2581w{i}" for i in range(size - len(names))]
    kinds += [1] * (size - len(kinds))
    scores = struct.pack(f"<{size}f", *(-float(i) for i in range(size)))
    return [
        entry("tokenizer.ggml.model", 8, text("llama")),
        array("tokenizer.ggml.tokens", 8, size, b"".join(map(text, names))),
        array("tokenizer.ggml.scores", 6, size, scores),
        array("tokenizer.ggml.token_type", 5, size, struct.pack(f"<{size}i", *kinds)),
        number("tokenizer.ggml.bos_token_id", 1),
        number("tokenizer.ggml.eos_token_id", 2),
    ]


def random_rows(kind, rows, columns, generator):
    _, elements, size, scales = TYPES[kind]
    data = bytearray(generator.randbytes(rows * columns // elements * size))
    for at, scale in scales.items():
        low, high = struct.pack("<e", scale)
        count = len(data) // size
        data[at::size] = bytes([low]) * count
        data[at + 1 :: size] = bytes([high]) * count
    if kind == "f16":
        # The sign as it comes, the exponent one of those of 2^-8 to 2^-5.
        small = bytes((byte & 0x80) | 0x1C | (byte & 0x0F) for byte in range(256))
        data[1::2] = bytes(data[1::2]).translate(small)
    return data


def main():
    kind, path = sys.argv[1:3]
    small = "--small" in sys.argv
    width, layers, heads, kv_heads, hidden, words = 2048, 22, 32, 4, 5632, 32000
    if small:
        width, layers, heads, kv_heads, hidden, words = 256, 2, 4, 2, 512, 512
    kv_width = width // heads * kv_heads
    tensors = [("token_embd.weight", kind, words, width)]
    for layer in range(layers):
        shapes = {
            "attn_norm": ("f32", 1, width),
            "attn_q": (kind, width, width),
            "attn_k": (kind, kv_width, width),
            "attn_v": (kind, kv_width, width),
            "attn_output": (kind, width, width),
            "ffn_norm": ("f32", 1, width),
            "ffn_gate": (kind, hidden, width),
            "ffn_up": (kind, hidden, width),
            "ffn_down": (kind, width, hidden),
        }
        tensors += [(f"blk.{layer}.{name}.weight", *shape) for name, shape in shapes.items()]
    tensors += [("output_norm.weight", "f32", 1, width), ("output.weight", kind, words, width)]

    entries = [
        entry("general.architecture", 8, text("llama")),
        entry("general.name", 8, text("random " + kind)),
        number("llama.context_length", 2048),
        number("llama.embedding_length", width),
        number("llama.block_count", layers),
        number("llama.feed_forward_length", hidden),
        number("llama.attention.head_count", heads),
        number("llama.attention.head_count_kv", kv_heads),
        number("llama.rope.dimension_count", width // heads),
        entry("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        *vocabulary(words),
    ]
    infos, offset = [], 0
    for name, type_name, rows, columns in tensors:
        gguf_id, elements, size, _ = TYPES[type_name]
        shape = [columns] if rows == 1 else [columns, rows]
        infos.append(text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, gguf_id, offset))
        offset += rows * columns // elements * size
        offset += -offset % ALIGNMENT
    generator = random.Random(1)
    with open(path, "wb") as file:
        file.write(struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(entries)))
        file.writelines(entries)
        file.writelines(infos)
        for _, type_name, rows, columns in tensors:
            file.write(bytes(-file.tell() % ALIGNMENT))
            if type_name == "f32":
                file.write(struct.pack("<f", 1.0) * (rows * columns))
            else:
                file.write(random_rows(type_name, rows, columns, generator))


main()
