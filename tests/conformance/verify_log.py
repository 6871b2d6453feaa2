#!/usr/bin/env python3
"""Checks an exported transparency log, with nothing but the standard library and this file.

  verify_log.py --key VERIFIER DIRECTORY [--receipt FILE]... [--old CHECKPOINT]...

DIRECTORY is what `hart-prov log export` writes: a checkpoint, tiles and entry bundles. VERIFIER is
the public key that the reader trusts, as NAME+ID+BASE64 or a file that holds it. Checked are: the
signature of the checkpoint; every tile and every bundle of a log of its size, each full tile
against the level above, the whole against the checkpoint's root; that every --receipt (of
`hart-prov show --raw`) is in the log, by an inclusion proof; that every --old checkpoint is signed
and that the log begins with what it promised, by a consistency proof.

Exit status: 0 when everything holds, 1 when not, 2 on a wrong call. Sources: c2sp.org/tlog-tiles, tlog-checkpoint and signed-note; RFC 9162, section 2.1; RFC 8032,
section 5.1.
"""
import argparse
import base64
import hashlib
import pathlib
import sys

WIDTH = 256


def require(holds, what):
    if not holds:
        raise ValueError(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\0", entry)


def node_hash(*children):
    return sha256(b"\1", *children)


def split(size):
    """The largest power of two below size."""
    return 1 << (size - 1).bit_length() - 1


def fold(hashes):
    """The root over hashes, a power of two of them."""
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[i:i + 2]) for i in range(0, len(hashes), 2)]
    return hashes[0]


# Ed25519: points in extended coordinates on -x^2 + y^2 = 1 + d x^2 y^2.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    s = (a[1] - a[0]) * (b[1] - b[0]) % P
    t = (a[1] + a[0]) * (b[1] + b[0]) % P
    u = 2 * a[3] * b[3] * D % P
    v = 2 * a[2] * b[2] % P
    return ((t - s) * (v - u) % P, (v + u) * (t + s) % P, (v - u) * (v + u) % P,
            (t - s) * (t + s) % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = divmod(y, 2**255)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_holds(key, message, signature):
    public, commitment = decode_point(key), decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or public is None or commitment is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little")
    left, right = multiply(scalar, BASE), add(commitment, multiply(challenge, public))
    return ((left[0] * right[2] - right[0] * left[2]) % P == 0
            and (left[1] * right[2] - right[1] * left[2]) % P == 0)


class Verifier:
    def __init__(self, text):
        self.name, key_id, encoded = text.strip().split("+", 2)
        data = base64.b64decode(encoded, validate=True)
        self.key, self.id = data[1:], sha256(self.name.encode(), b"\n", data)[:4]
        require(len(data) == 33 and data[0] == 1, "the key is not for Ed25519")
        require(self.id.hex() == key_id, "the key's id is not its own")


class Checkpoint:
    """A signed tree head; made only when the verifier's signature holds."""

    def __init__(self, path, verifier):
        text, _, signatures = path.read_bytes().decode().rpartition("\n\n")
        text, known = text + "\n", []
        for line in signatures.split("\n")[:-1]:
            dash, name, encoded = line.split(" ")
            require(dash == "\u2014", f"{path}: a malformed signature")
            data = base64.b64decode(encoded, validate=True)
            if name == verifier.name and data[:4] == verifier.id:
                known.append(ed25519_holds(verifier.key, text.encode(), data[4:]))
        require(known and all(known), f"{path}: not signed by {verifier.name}")
        self.origin, size, root = text.split("\n")[:3]
        self.size, self.root = int(size), base64.b64decode(root, validate=True)
        require(str(self.size) == size and len(self.root) == 32, f"{path}: no tree head")


class Log:
    def __init__(self, directory, size):
        self.directory, self.size, self.tiles = directory, size, {}

    def read(self, kind, index, width):
        groups = [f"{index % 1000:03}"]
        while index := index // 1000:
            groups.insert(0, f"x{index % 1000:03}")
        # Where a partial file is gone, the full one serves.
        full = self.directory.joinpath("tile", kind, *groups)
        partial = full.with_name(full.name + ".p") / str(width)
        if width < WIDTH and partial.exists():
            return partial.read_bytes(), width
        return full.read_bytes(), WIDTH

    def tile(self, level, index):
        if (level, index) not in self.tiles:
            width = min(WIDTH, (self.size >> 8 * level) - index * WIDTH)
            data, stored = self.read(str(level), index, width)
            require(len(data) == 32 * stored, f"tile {level}/{index} has another width")
            self.tiles[level, index] = [data[i * 32:i * 32 + 32] for i in range(width)]
        return self.tiles[level, index]

    def subtree(self, height, index):
        """The root of the leaves [index << height, (index + 1) << height)."""
        level, rest = divmod(height, 8)
        first = index << rest
        return fold(self.tile(level, first // WIDTH)[first % WIDTH:][:1 << rest])

    def root(self, start, end):
        """RFC 9162's MTH of a range that is a subtree of the log."""
        count = end - start
        if count == 0:
            return sha256(b"")
        if count & (count - 1) == 0:
            return self.subtree(count.bit_length() - 1, start // count)
        middle = start + split(count)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def entries(self, index):
        width = min(WIDTH, self.size - index * WIDTH)
        data, stored = self.read("entries", index, width)
        found = []
        while data:
            end = 2 + int.from_bytes(data[:2], "big")
            require(len(data) >= end, f"entries {index} are cut")
            found.append(data[2:end])
            data = data[end:]
        require(len(found) == stored, f"entries {index} are another number")
        return found[:width]

    def check(self):
        """Every tile against the one above, every bundle against its tile."""
        level = 0
        while (hashes := self.size >> 8 * level) > 0:
            for index in range((hashes + WIDTH - 1) // WIDTH):
                tile = self.tile(level, index)
                if len(tile) == WIDTH:
                    above = self.tile(level + 1, index // WIDTH)[index % WIDTH]
                    require(fold(tile) == above, f"tile {level}/{index} is another")
            level += 1
        for index in range((self.size + WIDTH - 1) // WIDTH):
            require([leaf_hash(entry) for entry in self.entries(index)] == self.tile(0, index),
                    f"entries {index} are others than tile 0/{index}")

    def position(self, entry):
        for index in range((self.size + WIDTH - 1) // WIDTH):
            if entry in (bundle := self.entries(index)):
                return index * WIDTH + bundle.index(entry)
        raise ValueError("not in the log: " + entry.hex())

    def proof(self, start, end, low, high, known):
        """RFC 9162's PATH and SUBPROOF: that [start, end) belongs to [low, high)."""
        if (start, end) == (low, high):
            return [] if known else [self.root(low, high)]
        middle = low + split(high - low)
        if end <= middle:
            return self.proof(start, end, low, middle, known) + [self.root(middle, high)]
        if start >= middle:
            return self.proof(start, end, middle, high, known) + [self.root(low, middle)]
        return self.proof(middle, end, middle, high, False) + [self.root(low, middle)]


def inclusion_holds(index, size, node, proof, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size or len(node) != 32:
        return False
    last = size - 1
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while index & 1 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def consistency_holds(old_size, size, old_root, root, proof):
    """RFC 9162, section 2.1.4.2."""
    if not 0 < old_size < size:
        return 0 < old_size == size and not proof and old_root == root
    path = ([old_root] if old_size & (old_size - 1) == 0 else []) + proof
    index, last = old_size - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = path[0] if path else b""
    for sibling in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while index & 1 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def check(arguments):
    key = pathlib.Path(arguments.key)
    verifier = Verifier(key.read_text() if "+" not in arguments.key else arguments.key)
    newest = Checkpoint(arguments.directory / "checkpoint", verifier)
    log = Log(arguments.directory, newest.size)
    log.check()
    require(log.root(0, newest.size) == newest.root, "the tiles do not lead to the checkpoint")
    for path in arguments.receipt:
        receipt_id = sha256(path.read_bytes())
        index = log.position(receipt_id)
        proof = log.proof(index, index + 1, 0, newest.size, True)
        require(inclusion_holds(index, newest.size, leaf_hash(receipt_id), proof, newest.root),
                f"{path} is not proven")
    for path in arguments.old:
        old = Checkpoint(path, verifier)
        require(old.origin == newest.origin and old.size <= newest.size, f"{path}: another log")
        if old.size == 0:
            continue
        proof = log.proof(0, old.size, 0, newest.size, True)
        require(consistency_holds(old.size, newest.size, old.root, newest.root, proof),
                f"{path}: history was rewritten")
    return newest


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition(",")[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--key", required=True)
    for option in ("--receipt", "--old"):
        parser.add_argument(option, type=pathlib.Path, action="append", default=[])
    try:
        newest = check(parser.parse_args())
    except (OSError, ValueError) as error:
        print(f"verify_log: {error}", file=sys.stderr)
        return 1
    print(f"{newest.origin}: {newest.size} receipts, root {newest.root.hex()}: sound")
    return 0


if __name__ == "__main__":
    sys.exit(main())
