"""What a tool's --help says, as data."""

import re
import subprocess


def help_text(tool, path=()):
    return subprocess.run([tool, *path, "--help"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def subcommands(text):
    """The names listed in a help text, empty for a command that acts itself."""
    if "SUBCOMMAND" not in text.splitlines()[0]:
        return []
    names = re.findall(r"^  ([a-z][a-z0-9-]*)(?:  |$)", text, re.MULTILINE)
    # Those of a topic stand on a line of it, without summaries.
    for line in re.findall(r"^  [A-Z][a-z ]*: +(.*)$", text, re.MULTILINE):
        names += line.split()
    return names


def long_options(text):
    """(own, common): the long options of a help text."""
    own, _, common = text.partition("Common options:")
    own_names = re.findall(r"^  (?:-\w, |    )(--[a-z][a-z0-9-]*)", own, re.MULTILINE)
    return own_names, re.findall(r"(--[a-z][a-z0-9-]*)", common)


def commands(tool, path=()):
    """Yields (path, own options, common options, subcommands) of the tool and all below it."""
    text = help_text(tool, path)
    below = subcommands(text)
    own, common = long_options(text)
    yield path, own, common, below
    for name in below:
        yield from commands(tool, (*path, name))
