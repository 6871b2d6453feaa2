#!/usr/bin/env python3
"""Makes fixtures.bin and fixtures.json; see README for what they hold and how to run this."""

import ctypes
import json
import pathlib
import sys

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T

HERE = pathlib.Path(__file__).parent

# Where the binary16 numbers of a block stand.
HALVES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0],
    T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208],
    T.IQ2_XXS: [0], T.IQ2_XS: [0], T.IQ2_S: [0], T.IQ3_XXS: [0], T.IQ3_S: [0], T.IQ1_S: [0],
    T.IQ4_NL: [0], T.IQ4_XS: [0], T.TQ1_0: [52], T.TQ2_0: [64],
}  # fmt: skip
# Types that the gguf package does not know, or gives an older size: elements, bytes and halves.
EXTRA = {"q1_0": (128, 18, [0]), "q2_0": (64, 18, [0]), "q8_1": (32, 36, [0, 2])}
OTHERS = [T.Q8_K, T.IQ1_M, T.MXFP4, T.NVFP4]

# Named as in ggml_type.
QUANTIZED = {
    "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "q2_k": 10, "q3_k": 11, "q4_k": 12,
    "q5_k": 13, "q6_k": 14, "iq4_nl": 20, "tq1_0": 34, "tq2_0": 35, "mxfp4": 39, "nvfp4": 40,
    "q1_0": 41, "q2_0": 42,
}  # fmt: skip
WEIGHTED = ["q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl"]
ROW = 256


def random_half(rng, count):
    """Halves of either sign from 2^-12 to 8, the first of them subnormal."""
    values = rng.choice([-1, 1], count) * 2.0 ** rng.uniform(-12, 3, count)
    values[0] = 2.0**-20
    return values.astype("<f2").view(np.uint8).reshape(count, 2)


def scatter_iq1m_scale(blocks, halves):
    """The scale of iq1_m stands in the upper nibbles of its four words of scales."""
    words = np.ascontiguousarray(blocks[:, 48:56]).view("<u2")
    for i in range(4):
        nibble = halves.reshape(-1) >> 4 * i & 15
        words[:, i] = words[:, i] & 0x0FFF | nibble << 12
    blocks[:, 48:56] = words.view(np.uint8)


def random_blocks(rng, name, size, halves, count=4):
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for at in halves:
        blocks[:, at : at + 2] = random_half(rng, count)
    if name == "q8_k":
        blocks[:, :4] = rng.normal(0, 1, count).astype("<f4").view(np.uint8).reshape(count, 4)
    if name == "iq1_m":
        scatter_iq1m_scale(blocks, random_half(rng, count).view("<u2").astype(np.uint16))
    if name == "mxfp4":
        blocks[:, 0] = [0, 1, 121, 251]
    if name == "nvfp4":
        blocks[:, :4] = np.reshape([0, 1, 7, 8, 0x38, 0x7E, 0x7F, 0x80, 0xFF, 0xB5, 9, 64,
                                    0x31, 0x2A, 0x4F, 0x60], (4, 4))  # fmt: skip
    return blocks


def every_row(rng, name, size, rows, per_block):
    """Blocks that use each row of a code book once."""
    index = np.arange(rows).reshape(-1, per_block)
    blocks = random_blocks(rng, name, size, [0], len(index))
    low = (index & 255).astype(np.uint8)
    high = index >> 8
    if name == "iq2_xxs":
        for group in range(8):
            blocks[:, 2 + 8 * group : 6 + 8 * group] = low[:, 4 * group : 4 * group + 4]
    elif name == "iq2_xs":
        words = (index | rng.integers(0, 128, index.shape) << 9).astype("<u2")
        blocks[:, 2:66] = words.view(np.uint8)
    else:
        blocks[:, 2 : 2 + per_block] = low
    if name == "iq1_s":
        words = np.ascontiguousarray(blocks[:, 34:50]).view("<u2") & 0xF000
        for run in range(4):
            words |= (high[:, run::4] << 3 * run).astype(np.uint16)
        blocks[:, 34:50] = words.view(np.uint8)
    if name == "iq2_s":
        blocks[:, 66:74] = sum(high[:, run::4] << 2 * run for run in range(4))
    if name == "iq3_s":
        blocks[:, 66:74] = sum(high[:, run::8] << run for run in range(8))
    return blocks


def peer_dequantize(peer, name, blocks, elements):
    # The peer spells the letters of a family in capitals: q4_K, but q4_0 and iq2_xs.
    function = getattr(peer, "dequantize_row_" + (name.replace("_k", "_K")))
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    function.restype = None
    blocks = np.ascontiguousarray(blocks)
    values = np.zeros(len(blocks) * elements, "<f4")
    function(blocks.ctypes.data, values.ctypes.data, values.size)
    return values


def dequantize(peer, name, blocks, elements):
    """By the peer's library and by the gguf package, which must agree where both can."""
    results = []
    if name != "q8_1":  # which the peer only ever multiplies
        results.append(peer_dequantize(peer, name, blocks, elements))
    try:
        qtype = T[name.upper()]
        results.append(gguf.dequantize(blocks, qtype).astype("<f4").reshape(-1))
    except (KeyError, NotImplementedError):
        pass
    if not results:  # by definition: a half times signed bytes
        scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype("<f4")
        results.append((scale * blocks[:, 4:].view(np.int8)).astype("<f4").reshape(-1))
    for other in results[1:]:
        assert np.array_equal(results[0].view("<u4"), other.view("<u4")), name
    return results[0], len(results)


def input_rows(rng):
    """Rows of 256 that lead a quantiser into all its corners."""
    normal = lambda scale: rng.normal(0, scale, ROW)
    outliers = normal(1.0)
    outliers[::37] *= 50
    sparse = normal(1.0) * (rng.uniform(size=ROW) < 0.1)
    powers = 2.0 ** np.tile(np.arange(-8, 8), 16) * rng.choice([-1, 1], ROW)
    powers[::3] = np.nextafter(powers[::3].astype("<f4"), np.float32(0))
    # Groups of 16 whose largest values lie on both sides of the limits of nvfp4's scale.
    limits = [0, 0.46, 0.54, 6.4, 7.4, 7.6, 7.95, 8, 8.4, 247 * 512, 249 * 512, 300 * 512,
              447 * 512, 449 * 512, 1000, 1001]  # fmt: skip
    scales = rng.uniform(-1, 1, (16, 16))
    scales[:, 5] = 1
    scales *= np.reshape(limits, (16, 1)) * 6 / 512
    rows = [
        scales.reshape(-1), normal(1.0), normal(0.02), outliers, np.zeros(ROW), np.full(ROW, 0.37),
        np.full(ROW, -1.25), normal(1e-5), normal(1e-18), normal(1e4),
        rng.uniform(0.5, 1.5, ROW), rng.uniform(-3, -2, ROW), sparse, np.linspace(-1, 1, ROW),
        powers, rng.integers(-1, 2, ROW) * 0.5, np.repeat(normal(1.0)[::16], 16),
    ]  # fmt: skip
    return np.array(rows, "<f4")


def peer_quantize(peer, name, rows, importance, block_bytes, elements):
    out = np.zeros(rows.size // elements * block_bytes, np.uint8)
    if name in QUANTIZED:
        weights = importance.ctypes.data if importance is not None else None
        written = peer.ggml_quantize_chunk(
            QUANTIZED[name], rows.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int64(0), ctypes.c_int64(len(rows)), ctypes.c_int64(rows.shape[1]),
            ctypes.c_void_p(weights))  # fmt: skip
        assert written == out.size, (name, written, out.size)
    else:
        function = getattr(peer, f"quantize_row_{name.replace('_k', '_K')}_ref")
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        function(rows.ctypes.data, out.ctypes.data, rows.size)
    return out


def fnv1a(data):
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return f"{digest:016x}"


class Fixtures:
    def __init__(self):
        self.data = bytearray()
        self.index = {"decode": [], "encode": []}

    def put(self, array):
        at = len(self.data)
        self.data += np.ascontiguousarray(array).tobytes()
        return at

    def write(self):
        (HERE / "fixtures.bin").write_bytes(self.data)
        lines = [f'"{kind}": [\n' + ",\n".join(json.dumps(e) for e in entries) + "]"
                 for kind, entries in self.index.items()]  # fmt: skip
        (HERE / "fixtures.json").write_text("{" + ",\n".join(lines) + "}\n")


def add_decoding(fixtures, peer, rng, layouts):
    for name, (elements, size, halves) in layouts.items():
        blocks = random_blocks(rng, name, size, halves)
        values, sources = dequantize(peer, name, blocks, elements)
        assert np.isfinite(values).all(), name
        print(f"{name}: {sources} source(s)")
        fixtures.index["decode"].append({"dtype": name, "elements": values.size,
            "bytes_at": fixtures.put(blocks), "bytes": blocks.size,
            "values_at": fixtures.put(values)})  # fmt: skip
    books = {"iq1_s": (2048, 32), "iq2_xxs": (256, 32), "iq2_xs": (512, 32),
             "iq2_s": (1024, 32), "iq3_xxs": (256, 64), "iq3_s": (512, 64)}  # fmt: skip
    for name, (rows, per_block) in books.items():
        blocks = every_row(rng, name, layouts[name][1], rows, per_block)
        values, _ = dequantize(peer, name, blocks, ROW)
        fixtures.index["decode"].append({"dtype": name, "elements": values.size,
            "bytes_at": fixtures.put(blocks), "bytes": blocks.size,
            "values_fnv1a": fnv1a(values.tobytes())})  # fmt: skip


def add_encoding(fixtures, peer, rng, layouts):
    rows = input_rows(rng)
    importance = rng.exponential(1.0, ROW).astype("<f4")
    importance[64:80] = 0
    common = {"elements": rows.size, "row": ROW, "values_at": fixtures.put(rows)}
    importance_at = fixtures.put(importance)
    for name in [*QUANTIZED, "q8_1", "q8_k"]:
        elements, size, _ = layouts[name]
        out = peer_quantize(peer, name, rows, None, size, elements)
        if name in ("q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "tq1_0", "tq2_0", "mxfp4"):
            same = gguf.quantize(rows, T[name.upper()]).reshape(-1) == out
            print(f"{name}: {np.count_nonzero(~same)} bytes of {out.size} unlike gguf.quantize")
        fixtures.index["encode"].append({"dtype": name, **common, "bytes_at": fixtures.put(out),
                                         "bytes": out.size})  # fmt: skip
        if name in WEIGHTED:
            out = peer_quantize(peer, name, rows, importance, size, elements)
            fixtures.index["encode"].append({"dtype": name, **common, "bytes": out.size,
                "importance_at": importance_at, "bytes_at": fixtures.put(out)})  # fmt: skip


def main():
    peer = ctypes.CDLL(sys.argv[1])
    rng = np.random.default_rng(3)
    layouts = {t.name.lower(): (*GGML_QUANT_SIZES[t], HALVES.get(t, []))
               for t in [*HALVES, *OTHERS]}  # fmt: skip
    layouts |= EXTRA
    fixtures = Fixtures()
    add_decoding(fixtures, peer, rng, layouts)
    add_encoding(fixtures, peer, rng, layouts)
    fixtures.write()


if __name__ == "__main__":
    main()
