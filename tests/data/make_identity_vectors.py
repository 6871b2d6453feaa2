#!/usr/bin/env python3
"""Writes identity-vectors.json: ids and headers as hart-store(5) specifies them, computed from the
specification alone with the standard library.

  make_identity_vectors.py > identity-vectors.json
"""
import hashlib
import json
import struct
import sys

CONTENT, STRUCTURE = 0, 1
KIND = {"content": 0, "tensor": 1, "layer": 2, "model": 3, "paragraph": 4, "document": 5}
BLOCK_BYTES = 65536
GGUF_STRING = 8


def sha256(data):
    return hashlib.sha256(data).digest()


def merkle_root(leaves):
    """RFC 9162, section 2.1.1, over the leaves' data."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def crc32c(data):
    """CRC-32C (Castagnoli), bit by bit, reflected polynomial 0x82F63B78."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def descriptor(kind, count, root):
    return bytes([KIND[kind], 1]) + count.to_bytes(6, "little") + root


def content_id(data):
    return CONTENT, sha256(data)


def structure_id(encoded):
    return STRUCTURE, sha256(encoded)


def text_of(identity):
    space, digest = identity
    return ("sha256:", "tree:")[space] + digest.hex()


def composite(kind, children):
    leaves = [bytes([space]) + digest for space, digest in children]
    return descriptor(kind, len(leaves), merkle_root(leaves))


def tensor(dtype, shape, data):
    blocks = [data[at:at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    body = struct.pack("<II", dtype, len(shape))
    body += b"".join(struct.pack("<Q", dimension) for dimension in shape)
    body += struct.pack("<Q", len(data)) + merkle_root(blocks)
    return body, descriptor("tensor", len(blocks), sha256(body))


def named_leaf(name, digest):
    return b"\x01" + struct.pack("<I", len(name)) + name.encode() + digest


def canonical_metadata(strings):
    encoded = b""
    for key in sorted(strings, key=str.encode):
        value = strings[key].encode()
        encoded += struct.pack("<I", len(key.encode())) + key.encode()
        encoded += struct.pack("<IQ", GGUF_STRING, len(value)) + value
    return encoded


def pack_header(pack_id):
    header = b"HARTPACK" + struct.pack("<IIQ", 1, 0, pack_id)
    header += bytes(60 - len(header))
    return header + struct.pack("<I", crc32c(header))


def extent_header(codec, decoded, stored):
    header = b"HXT1" + struct.pack("<HHQQ", codec, 0, len(decoded), len(stored))
    header += sha256(decoded) + struct.pack("<I", crc32c(stored))
    return header + struct.pack("<I", crc32c(header))


def content_vectors():
    return [{"hex": data.hex(), "id": text_of(content_id(data))}
            for data in (b"", b"hello", b"\n", b"hello\n", bytes(range(256)))]


def paragraph_id(leaves):
    return structure_id(composite("paragraph", [content_id(leaf) for leaf in leaves]))


def document_vectors():
    """Each document is a list of parts: a list of leaves is a paragraph, bytes are a blank leaf."""
    documents = [
        [],
        [[b"hello"]],
        [[b"hello"], b"\n"],
        [[b"A", b" ", b"cat", b"."], b"\n\n", [b"Two", b"\n", b"lines", b"..."], b"\n"],
    ]
    vectors = []
    for parts in documents:
        children, paragraphs, text = [], [], b""
        for part in parts:
            blank = isinstance(part, bytes)
            children.append(content_id(part) if blank else paragraph_id(part))
            text += part if blank else b"".join(part)
            if not blank:
                encoded = composite("paragraph", [content_id(leaf) for leaf in part])
                paragraphs.append({"leaves": [leaf.decode() for leaf in part],
                                   "descriptor": encoded.hex(),
                                   "id": text_of(structure_id(encoded))})
        encoded = composite("document", children)
        vectors.append({"text": text.decode(), "content": text_of(content_id(text)),
                        "paragraphs": paragraphs, "children": [text_of(c) for c in children],
                        "descriptor": encoded.hex(), "id": text_of(structure_id(encoded))})
    return vectors


def tensor_vectors():
    """The bytes of a tensor are `hex`, `repeat` times."""
    cases = [
        (0, [2], bytes.fromhex("0000803f00000040"), 1),   # f32 1, 2
        (0, [], bytes.fromhex("0000803f"), 1),            # f32, rank 0
        (0, [0], b"", 0),                                 # f32 without elements
        (1, [2, 3], bytes.fromhex("003c0040"), 3),        # f16, rows of two
        (0, [16385], bytes.fromhex("0000803f"), 16385),   # f32, a block and four bytes
        (30, [256, 640], bytes.fromhex("803f0040"), 81920),  # bf16, five blocks
    ]
    vectors = []
    for dtype, shape, pattern, repeat in cases:
        body, encoded = tensor(dtype, shape, pattern * repeat)
        vectors.append({"dtype": dtype, "shape": shape, "hex": pattern.hex(), "repeat": repeat,
                        "body": body.hex(), "descriptor": encoded.hex(),
                        "id": text_of(structure_id(encoded))})
    return vectors


def named_vectors():
    """(layers, models) over the first tensors above."""
    first = structure_id(tensor(0, [2], bytes.fromhex("0000803f00000040"))[1])
    scalar = structure_id(tensor(0, [], bytes.fromhex("0000803f"))[1])

    def listed(tensors):
        return [{"name": name, "tensor": text_of(identity)} for name, identity in tensors]

    layers, models = [], []
    for tensors in ([("w", first)], [("w", first), ("scale", scalar)]):
        leaves = [named_leaf(name, digest) for name, (_, digest) in tensors]
        encoded = descriptor("layer", len(tensors), merkle_root(leaves))
        layers.append({"tensors": listed(tensors), "descriptor": encoded.hex(),
                       "id": text_of(structure_id(encoded))})
    llama = {"general.architecture": "llama"}
    for metadata, tensors in (
            (llama, [("blk.0.w", first)]),
            ({}, []),
            (dict(llama, **{"general.name": "two"}), [("blk.0.w", first), ("scale", scalar)])):
        canonical = canonical_metadata(metadata)
        leaves = [b"\x00" + sha256(canonical)]
        leaves += [named_leaf(name, digest) for name, (_, digest) in tensors]
        encoded = descriptor("model", len(tensors), merkle_root(leaves))
        models.append({"metadata": metadata, "canonical_metadata": canonical.hex(),
                       "tensors": listed(tensors), "descriptor": encoded.hex(),
                       "id": text_of(structure_id(encoded))})
    return layers, models


def extent_vectors():
    cases = [(0, b"hello", b"hello"),
             # A Zstandard frame written by hand: single segment, 8 bytes, one run-length block.
             (1, b"aaaaaaaa", bytes.fromhex("28b52ffd2008430000") + b"a")]
    return [{"codec": codec, "decoded": decoded.hex(), "stored": stored.hex(),
             "checksum": crc32c(stored), "header": extent_header(codec, decoded, stored).hex()}
            for codec, decoded, stored in cases]


def main():
    assert crc32c(b"123456789") == 0xE3069283  # the check value of CRC-32C
    layers, models = named_vectors()
    vectors = {
        "content": content_vectors(),
        "documents": document_vectors(),
        "tensors": tensor_vectors(),
        "layers": layers,
        "models": models,
        "pack_headers": [{"pack_id": number, "header": pack_header(number).hex()}
                         for number in (1, 258)],
        "extents": extent_vectors(),
    }
    json.dump(vectors, sys.stdout, indent=1)
    sys.stdout.write("\n")


main()
