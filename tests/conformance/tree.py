"""What the checks of the tree share: where it is, and what is in it."""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("HART_SOURCE", pathlib.Path(__file__).parents[2])).resolve()


def sources(*folders, suffixes):
    """The files under `folders` with one of `suffixes`, build trees left out, sorted."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts:
                found.append(path)
    return found


def modules():
    """The modules of lib/, lowest first, as lib/CMakeLists.txt lists them."""
    text = (ROOT / "lib/CMakeLists.txt").read_text()
    return re.findall(r"^hart_module\((\w+)", text, re.MULTILINE)


def finish(problems):
    """Prints each problem and ends with the status that ctest reads."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
