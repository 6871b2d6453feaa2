"""A tool's manual page defines the options that its --help lists, and no others.

An option is defined at the start of a line of the formatted page, as "-k, --count N". Subsections
"Options of SUBCOMMAND" define those of one subcommand, and are compared with its --help alone;
definitions elsewhere belong to the tool as a whole. The options that every command has may be left
to hart.7, which then must define them. Every subcommand has a subsection that names it.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import command_help
import tree

SKIPPED = 77
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*)")


def formatted(page):
    text = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=400", str(page)], text=True,
                          check=True, stdout=subprocess.PIPE).stdout
    return re.sub(r".\x08", "", text)


def definitions(page):
    """(headings, {subcommand or "": options}): what a page defines, and for which subcommand."""
    headings, defined, subject = [], {}, ""
    for line in formatted(page).splitlines():
        if re.match(r" {0,4}\S", line):
            headings.append(line.strip())
            of_one = re.match(r"Options of (.+)", line.strip())
            subject = of_one[1] if of_one else ""
        elif re.match(r"\s+-(?:\w|-[a-z])", line):
            # The explanation, if it begins on this line, stands some blanks behind.
            names = re.split(r" {3,}", line.strip())[0]
            defined.setdefault(subject, set()).update(OPTION.findall(names))
    return headings, defined


def covers(subject, path):
    """Whether "Options of `subject`" speaks of this command: "index", "plan apply and show"."""
    words = [word for word in re.findall(r"[a-z][a-z0-9-]*", subject) if word not in ("and", "or")]
    return path[0] in words and (words == [path[0]] or path[-1] in words)


def compare(page, tool):
    headings, defined = definitions(page)
    general = defined.get("", set())
    overall, shared, problems = set(), set(), []
    claimed = {subject: set() for subject in defined if subject}
    for path, own, common, _ in command_help.commands(str(tool)):
        name = " ".join([tool.name, *path])
        sections = [subject for subject in claimed if path and covers(subject, path)]
        stated = general.union(*(defined[subject] for subject in sections))
        problems += [f"{page.name}: {option} of '{name}' is not defined"
                     for option in own if option not in stated]
        for subject in sections:
            claimed[subject].update(own, common)
        overall.update(own, common)
        shared.update(common)
        if path and not any(path[0] in re.findall(r"[a-z][a-z0-9-]*", heading)
                            for heading in headings):
            problems.append(f"{page.name}: no subsection names '{path[0]}'")
    for subject, options in claimed.items():
        problems += [f"{page.name}: {option} is no option of '{subject}'"
                     for option in sorted(defined[subject] - options)]
    problems += [f"{page.name}: {option} is in no --help" for option in sorted(general - overall)]
    return problems, shared - general


def main():
    tool = pathlib.Path(sys.argv[1])
    page = tree.ROOT / "man" / f"{tool.name}.1"
    concepts = tree.ROOT / "man/hart.7"
    if not page.exists() or not shutil.which("mandoc"):
        print("skipped: no " + (page.name if shutil.which("mandoc") else "mandoc"))
        sys.exit(SKIPPED)
    problems, left_to_concepts = compare(page, tool)
    if concepts.exists():
        known = set().union(*definitions(concepts)[1].values())
        problems += [f"hart.7: {option}, which every command has, is not defined"
                     for option in sorted(left_to_concepts - known)]
    tree.finish(list(dict.fromkeys(problems)))


main()
