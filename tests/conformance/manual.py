"""A tool's manual page names the options and subcommands that its --help names, and no others.

An option is named where it is defined: at the start of a line of the formatted page, as
"-k, --count N" or "--count N". A subcommand is named by a subsection that begins with its words.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import command_help
import tree

SKIPPED = 77

tool = pathlib.Path(sys.argv[1])
page = tree.ROOT / "man" / f"{tool.name}.1"
formatter = shutil.which("mandoc")
if not page.exists() or not formatter:
    print(f"skipped: no {page.name}" if formatter else "skipped: no mandoc")
    sys.exit(SKIPPED)

formatted = subprocess.run([formatter, "-T", "ascii", "-O", "width=400", str(page)], text=True,
                           check=True, stdout=subprocess.PIPE).stdout
formatted = re.sub(r".\x08", "", formatted)
defined = set()
for line in formatted.splitlines():
    definition = re.match(r"\s+((?:-\w|--[a-z][a-z0-9-]*)[^.]*)", line)
    if definition and definition[1].startswith("-"):
        # The names end where two blanks or the explanation begins.
        defined.update(re.findall(r"(?<![\w-])(--[a-z][a-z0-9-]*)", definition[1].split("   ")[0]))
headings = re.findall(r"^ {1,4}(\S.*)$", formatted, re.MULTILINE)

problems = []
known = set()
for path, own, common, below in command_help.commands(str(tool)):
    known.update(own, common)
    name = " ".join(path)
    for option in own + common:
        if option not in defined:
            problems.append(f"{page.name}: {option} of '{tool.name} {name}' is not in the manual")
    if path and not below and not any(re.match(rf"{re.escape(name)}\b", h) for h in headings):
        problems.append(f"{page.name}: no subsection begins with '{name}'")
problems += [f"{page.name}: {option} is in no --help" for option in sorted(defined - known)]
tree.finish(list(dict.fromkeys(problems)))
