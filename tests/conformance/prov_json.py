"""PyPI's prov reads our PROV-JSON, gives it back equal, and says the same as our PROV-N.

    prov_json.py EXPORT_SAMPLE CACHE-FOLDER

The package is installed once into CACHE-FOLDER. Exit status 77 when it cannot be had: the test is
then skipped.
"""

import collections
import datetime
import io
import json
import math
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
PACKAGE = "prov==2.1.1"
# The package's XML and RDF need others, which nothing here asks for.
KINDS = ["entity", "activity", "agent", "used", "wasGeneratedBy", "wasAssociatedWith",
         "wasDerivedFrom", "wasInfluencedBy"]
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def library(cache):
    """Makes the package importable; False without a network."""
    folder = pathlib.Path(cache, PACKAGE.replace("==", "-"))
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--timeout", "20",
                   "--disable-pip-version-check", "--target", str(partial), PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"skipped: {PACKAGE} cannot be had: {done.stderr.strip()[-300:]}")
            return False
        partial.rename(folder)
    sys.path.insert(0, str(folder))
    return True


class ProvN:
    """Statements of PROV-N: kind, id, arguments, attributes (W3C PROV-N, section 3)."""

    NAME = re.compile(r"[A-Za-z_]\w*:(?:[\w/-]|%[0-9A-F]{2})+")
    TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

    def __init__(self, text):
        self.text, self.at = text, 0

    def take(self, pattern):
        found = re.compile(pattern, re.S).match(self.text, self.at)
        if not found:
            raise ValueError(f"PROV-N at {self.at}: {self.text[self.at:self.at + 60]!r}")
        self.at = found.end()
        return found

    def ahead(self, text):
        return self.text.startswith(text, self.at)

    def statements(self):
        self.take(r"document\n  prefix hart <urn:hart:>\n\n")
        while not self.ahead("endDocument"):
            kind = self.take(r"  (\w+)\(")[1]
            arguments, attributes = [], []
            while not self.ahead(")"):
                if arguments:
                    self.take(", ")
                if self.ahead("["):
                    attributes = self.attributes()
                elif self.ahead("-"):
                    arguments.append(self.take("-") and None)
                else:
                    arguments.append(
                        self.take(f"{self.TIME.pattern}|{self.NAME.pattern}")[0])
            self.take(r"\)\n")
            yield kind, arguments, attributes
        self.take("endDocument\n$")

    def attributes(self):
        self.take(r"\[")
        found = []
        while not self.ahead("]"):
            if found:
                self.take(", ")
            name = self.take(self.NAME.pattern)[0]
            self.take("=")
            if self.ahead("'"):
                found.append((name, "prov:QUALIFIED_NAME", self.take(rf"'({self.NAME.pattern})'")[1]))
                continue
            text = re.sub(r"\\(.)", lambda one: ESCAPES.get(one[1], one[1]),
                          self.take(STRING.pattern)[1], flags=re.S)
            typed = self.ahead(" %%")
            found.append((name, self.take(r" %% ([\w:]+)")[1] if typed else "xsd:string", text))
        self.take(r"\]")
        return found


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).isoformat()


def python_value(kind, text):
    """A literal as the package holds it, in a form that compares."""
    if kind == "xsd:long":
        return "int", int(text)
    if kind == "xsd:double":
        return "float", repr(float(text))
    if kind == "xsd:boolean":
        return "bool", {"true": True, "false": False}[text]
    if kind == "xsd:dateTime":
        # Microseconds are as fine as Python's times are.
        whole = re.sub(r"(\.\d{6})\d+", r"\1", text)
        return "time", instant(whole)
    return kind, text


def held_value(value, names):
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, int):
        return "int", value
    if isinstance(value, float):
        return "float", repr(value)
    if isinstance(value, datetime.datetime):
        return "time", value.isoformat()
    if isinstance(value, str):
        return "xsd:string", value
    if isinstance(value, names):
        return "prov:QUALIFIED_NAME", str(value)
    return str(value.datatype), value.value


def record_of(kind, arguments, attributes):
    """One statement, in a form that can be counted."""
    while arguments and arguments[-1] is None:
        arguments = arguments[:-1]
    return kind, tuple(str(one) for one in arguments), tuple(sorted(str(one) for one in attributes))


def said_by_us(text):
    found = collections.Counter()
    for kind, arguments, attributes in ProvN(text).statements():
        if kind == "activity":
            arguments = [arguments[0], *(one and python_value("xsd:dateTime", one)[1]
                                         for one in arguments[1:])]
        found[record_of(kind, arguments, {
            (name, *python_value(of, text)) for name, of, text in attributes})] += 1
    return found


def said_by_library(document, model):
    found = collections.Counter()
    for record in document.get_records():
        kind = model.PROV_N_MAP[record.get_type()]
        arguments = [value.isoformat() if isinstance(value, datetime.datetime) else value
                     for _, value in record.formal_attributes]
        if record.identifier is not None and kind in ("entity", "activity", "agent"):
            arguments.insert(0, record.identifier)
        found[record_of(kind, arguments, {
            (str(name), *held_value(value, model.QualifiedName))
            for name, value in record.extra_attributes})] += 1
    return found


def heads(text):
    """What stands before the attributes, of each statement of the package's own PROV-N."""
    lines = re.findall(rf"^  ((?:{'|'.join(KINDS)})\([^\[\n]*?)(?:, \[|\)$)", text, re.M)
    return collections.Counter(re.sub(r"[ Z]|\+00:00|(?:,-)+$", "", one) for one in lines)


def round_trip(serializer, document):
    out = io.StringIO()
    serializer(document).serialize(out)
    return serializer().deserialize(io.StringIO(out.getvalue()))


def main():
    sample, cache = sys.argv[1:]
    if not library(cache):
        return SKIPPED
    from prov import model
    from prov.serializers.provjson import ProvJSONSerializer
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sample, folder], check=True)
        json_text = pathlib.Path(folder, "prov-json").read_text(encoding="utf-8")
        provn_text = pathlib.Path(folder, "prov-n").read_bytes().decode("utf-8")
    problems = []
    sections = json.loads(json_text)
    if unknown := set(sections) - {"prefix", *KINDS}:
        problems.append(f"sections that PROV-JSON does not have: {unknown}")
    document = ProvJSONSerializer().deserialize(io.StringIO(json_text))
    records = sum(len(sections[kind]) for kind in KINDS if kind in sections)
    if len(document.get_records()) != records or any(kind not in sections for kind in KINDS):
        problems.append(f"{len(document.get_records())} of {records} records read; {list(sections)}")
    if round_trip(ProvJSONSerializer, document) != document:
        problems.append("the document is not equal after a round trip")
    ours, theirs = said_by_us(provn_text), said_by_library(document, model)
    problems += [f"PROV-N alone says {one}" for one in list((ours - theirs))[:5]]
    problems += [f"PROV-JSON alone says {one}" for one in list((theirs - ours))[:5]]
    if (mine := heads(provn_text)) != (library_heads := heads(document.get_provn())):
        problems += [f"our PROV-N: {list((mine - library_heads))[:3]}, "
                     f"the package's: {list((library_heads - mine))[:3]}"]
    print("\n".join(problems))
    print(f"{records} records, in PROV-JSON and in PROV-N")
    return 1 if problems or math.prod(len(sections.get(kind, ())) for kind in KINDS) == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
