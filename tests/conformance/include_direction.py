"""Includes in lib/ point to the same module or to one above it in lib/CMakeLists.txt's list."""

import re

import tree

order = {name: place for place, name in enumerate(tree.modules())}
assert order, "lib/CMakeLists.txt lists no modules"

problems = []
for path in tree.sources("lib", suffixes={".cc", ".h", ".cu"}):
    module = path.relative_to(tree.ROOT / "lib").parts[0]
    if module not in order:
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not include:
            continue
        target = include[1].split("/")[0]
        where = f"{path.relative_to(tree.ROOT)}:{number}"
        if target not in order:
            problems.append(f"{where}: {include[1]} belongs to no module of lib/")
        elif order[target] > order[module]:
            problems.append(f"{where}: {module} includes {include[1]}, which stands below it")
tree.finish(problems)
