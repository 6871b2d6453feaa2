#!/usr/bin/env python3
"""Checks proofs as `hart-prov log prove` and `hart-prov log consistency` print them, with nothing
but the standard library: one JSON object a line on standard input.

  verify_proof.py [--root HEX] [--old-root HEX] [--receipt FILE]

With --root every proof must lead to that root, and with --old-root a consistency proof must begin
at that one: roots that the reader trusts already; without them, those that the proof names. With
--receipt the file (of `hart-prov show --raw`) must be the receipt that is proven. Exit status: 0
when everything holds, 1 when not, 2 on bad input.

Source: RFC 9162, sections 2.1.1, 2.1.3.2 and 2.1.4.2.
"""
import argparse
import json
import pathlib
import sys

import verify_log


def inclusion_holds(proof, path, root, receipt):
    receipt_hash = bytes.fromhex(proof["receipt"].removeprefix("sha256:"))
    if receipt is not None and verify_log.sha256(receipt) != receipt_hash:
        return False
    leaf = verify_log.leaf_hash(receipt_hash)
    return leaf.hex() == proof["leaf_hash"] and verify_log.inclusion_holds(
        proof["leaf_index"], proof["size"], leaf, path, root)


def holds(proof, arguments, receipt):
    path = [bytes.fromhex(node) for node in proof["proof"]]
    root = bytes.fromhex(arguments.root or proof["root"])
    if proof["type"] == "consistency_proof":
        old_root = bytes.fromhex(arguments.old_root or proof["old_root"])
        return verify_log.consistency_holds(proof["old_size"], proof["size"], old_root, root, path)
    return inclusion_holds(proof, path, root, receipt)


def main():
    parser = argparse.ArgumentParser(description="check inclusion and consistency proofs")
    parser.add_argument("--root")
    parser.add_argument("--old-root")
    parser.add_argument("--receipt", type=pathlib.Path)
    arguments = parser.parse_args()
    receipt = arguments.receipt.read_bytes() if arguments.receipt else None
    sound = True
    seen = 0
    for line in sys.stdin:
        try:
            proof = json.loads(line)
            good = holds(proof, arguments, receipt)
        except (ValueError, KeyError, TypeError) as error:
            print(f"verify_proof: bad proof: {error}", file=sys.stderr)
            return 2
        seen += 1
        if not good:
            print(f"verify_proof: line {seen} is not proven", file=sys.stderr)
            sound = False
    return 0 if sound and seen > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
