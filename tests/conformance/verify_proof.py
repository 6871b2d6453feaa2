#!/usr/bin/env python3
"""Checks inclusion proofs as `hart-prov log prove` prints them, with nothing but the standard
library: one JSON object a line on standard input.

  verify_proof.py [--root HEX] [--receipt FILE]

With --root every proof must lead to that root, one that the reader trusts already; without it, to
the root that the proof names. With --receipt the file (of `hart-prov show --raw`) must be the
receipt that is proven. Exit status: 0 when everything holds, 1 when not, 2 on bad input.

Source: RFC 9162, sections 2.1.1 and 2.1.3.2.
"""
import argparse
import hashlib
import json
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def root_of(leaf, index, size, path):
    """The root that the path leads to, or None when it has the wrong length."""
    if index >= size:
        return None
    node, at, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if at % 2 == 1 or at == last:
            node = sha256(b"\x01" + sibling + node)
            while at % 2 == 0 and at != 0:
                at //= 2
                last //= 2
        else:
            node = sha256(b"\x01" + node + sibling)
        at //= 2
        last //= 2
    return node if last == 0 else None


def holds(proof, trusted_root, receipt):
    receipt_hash = bytes.fromhex(proof["receipt"].removeprefix("sha256:"))
    if receipt is not None and sha256(receipt) != receipt_hash:
        return False
    leaf = sha256(b"\x00" + receipt_hash)
    if leaf.hex() != proof["leaf_hash"]:
        return False
    path = [bytes.fromhex(node) for node in proof["proof"]]
    root = root_of(leaf, proof["leaf_index"], proof["size"], path)
    return root is not None and root.hex() == (trusted_root or proof["root"])


def main():
    parser = argparse.ArgumentParser(description="check inclusion proofs")
    parser.add_argument("--root")
    parser.add_argument("--receipt")
    arguments = parser.parse_args()
    receipt = None
    if arguments.receipt:
        with open(arguments.receipt, "rb") as file:
            receipt = file.read()
    sound = True
    seen = 0
    for line in sys.stdin:
        try:
            proof = json.loads(line)
            good = holds(proof, arguments.root, receipt)
        except (ValueError, KeyError, TypeError) as error:
            print(f"verify_proof: bad proof: {error}", file=sys.stderr)
            return 2
        seen += 1
        if not good:
            print(f"verify_proof: {proof.get('inference')} is not proven", file=sys.stderr)
            sound = False
    return 0 if sound and seen > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
