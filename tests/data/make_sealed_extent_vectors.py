#!/usr/bin/env python3
"""Writes sealed-extents.json: sealed extents as hart-store(5) says, made with the Python package
`cryptography` and nothing of ours.

    tests/data/make_sealed_extent_vectors.py > tests/data/sealed-extents.json
"""

import hashlib
import json
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY = bytes(range(32))
SEGMENT = 65536
CASES = [
    # codec, hash kind, plaintext bytes, decoded bytes, base (hash kind, offset) or None
    (0, 0, 5, 5, None),
    (1, 0, 65536, 200000, None),
    (0, 1, 65537, 65537, None),
    (3, 1, 132072, 2097152, (1, 4096)),
]


def derive(salt, info, length):
    return HKDF(SHA256(), length, salt, info).derive(KEY)


def pattern(size):
    return bytes((i * 7 + (i >> 8)) & 255 for i in range(size))


def seal(plain, salt, binding):
    cipher = AESGCM(derive(salt, b"hart-extent/1", 32))
    parts = [plain[at:at + SEGMENT] for at in range(0, len(plain), SEGMENT)]
    sealed = salt
    for number, part in enumerate(parts):
        last = number + 1 == len(parts)
        nonce = struct.pack("<QBBBB", number, 0, 0, 0, last)
        sealed += cipher.encrypt(nonce, part, binding)
    return sealed


def vector(number, codec, hash_kind, size, decoded, base):
    digest = hashlib.sha256(b"digest %d" % number).digest()
    base_digest = hashlib.sha256(b"base %d" % number).digest() if base else bytes(32)
    base_kind, base_offset = base or (0, 0)
    binding = struct.pack("<HHHHQQ", codec, hash_kind, base_kind, 0, decoded, base_offset)
    binding += digest + base_digest
    salt = hashlib.sha256(b"salt %d" % number).digest()
    sealed = seal(pattern(size), salt, binding)
    case = {"codec": codec, "hash_kind": hash_kind, "plain_bytes": size,
            "decoded_bytes": decoded, "digest": digest.hex(), "salt": salt.hex(),
            "binding": binding.hex(), "sealed_bytes": len(sealed),
            "sealed_sha256": hashlib.sha256(sealed).hexdigest()}
    if base:
        case["base"] = {"hash_kind": base_kind, "digest": base_digest.hex(),
                        "offset": base_offset}
    if size < 100:
        case["sealed"] = sealed.hex()
    return case


def main():
    json.dump({"key": KEY.hex(), "key_id": derive(b"", b"hart-payload-key/1", 16).hex(),
               "extents": [vector(i, *case) for i, case in enumerate(CASES)]},
              sys.stdout, indent=1)
    print()


main()
