"""Every header of lib/ and tools/ compiles alone: it includes what it uses."""

import concurrent.futures
import os
import re
import subprocess

import tree

COMMAND = [os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-x", "c++",
           "-Wall", "-Wextra", "-Wno-pragma-once-outside-header", "-Wno-unused",
           f"-I{tree.ROOT}/lib", f"-I{tree.ROOT}/tools", "-isystem", "/usr/include/eigen3"]


def compile_alone(path):
    # "#pragma once in main file" is no fault of the header: include it from nothing.
    result = subprocess.run(COMMAND + ["-include", str(path), "/dev/null"], text=True,
                            capture_output=True, check=False)
    name = path.relative_to(tree.ROOT)
    return f"{name}: does not compile alone\n{result.stderr}" if result.returncode else None


def first_of_its_source(path):
    """Whether the header's own .cc includes it before anything else: then the build shows it."""
    source = path.with_suffix(".cc")
    if not source.exists():
        return False
    first = re.search(r'^#include [<"](.*)[>"]', source.read_text(), re.MULTILINE)
    return first is not None and path.as_posix().endswith("/" + first[1])


headers = tree.sources("lib", "tools", suffixes={".h"})
headers = [path for path in headers
           if "cuda" not in path.parts and not first_of_its_source(path)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    tree.finish([problem for problem in pool.map(compile_alone, headers) if problem])
