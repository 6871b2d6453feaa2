"""The shipped completion of a tool is the one that scripts/make-completions writes today."""

import pathlib
import subprocess
import sys

import tree

tool = pathlib.Path(sys.argv[1])
shipped = tree.ROOT / "share/completions" / f"{tool.name}.bash"
fresh = subprocess.run([sys.executable, tree.ROOT / "scripts/make-completions", str(tool)],
                       text=True, check=True, stdout=subprocess.PIPE).stdout
if not shipped.exists():
    tree.finish([f"{shipped.name} is missing: scripts/make-completions writes it"])
tree.finish([] if shipped.read_text() == fresh else
            [f"{shipped.name} is out of date: scripts/make-completions writes it"])
