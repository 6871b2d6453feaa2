"""Exports of a graph with hard values are read back by parsers that are not ours.

    export_formats.py EXPORT_SAMPLE

XML and JSON are read by Python's own modules, CSV, Cypher and DOT by the small parsers below, which
know what is written in those languages and no more. Every format must give back what went in.
"""

import ast
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
KEYS = {"Inference": "inference_id", "Model": "model_id", "Decision": "decision_id",
        "Evidence": "evidence_id", "Alternative": "alternative_id", "ReasoningMode": "type",
        "Atom": "atom_id"}
problems = []


def check(what, found, expected):
    if found != expected and len(problems) < 20:
        problems.append(f"{what}: {found!r}, not {expected!r}")


def text_of(value):
    return bytes.fromhex(value["value"]).decode("utf-8", "replace")


def xml_text(text):
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


def number_text(value):
    """A float as Cypher and JSON read it."""
    return float.fromhex(value["value"])


def flat(value):
    """The value in JSON, as the flat tables have it."""
    kind = value["kind"]
    if kind == "string":
        return text_of(value)
    if kind == "integer":
        return int(value["value"])
    if kind == "float":
        return number_text(value)
    if kind == "list":
        return [flat(item) for item in value["value"]]
    return value.get("value")


def same(found, value):
    """Whether a value that was read is the one that was written, with its type."""
    if value["kind"] == "nested":
        return found is not None
    expected = flat(value)
    if isinstance(expected, float):
        return isinstance(found, float) and found == expected and \
            math.copysign(1, found) == math.copysign(1, expected)
    return type(found) is type(expected) and found == expected


def told(start, end, kind, properties):
    """A relationship in a form that compares: several stand between the same two nodes."""
    return str((start, end, kind, sorted((key, value) for key, value in properties.items())))


def expected_edges(expected, name_of=lambda node: node):
    return sorted(told(name_of(edge["start"]), name_of(edge["end"]), edge["type"],
                       {key: flat(value) for key, value in edge["properties"].items()})
                  for edge in expected["edges"])


def is_uniform(value):
    items = value["value"]
    kinds = {item["kind"] for item in items}
    return len(kinds) == 1 and kinds.isdisjoint({"list", "nested", "null"})


# --- tables -------------------------------------------------------------------------------------

def parse_rfc4180(text):
    """Rows by the grammar of RFC 4180, section 2."""
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == '"':
            field = re.compile(r'"((?:[^"]|"")*)"').match(text, at)
            row.append(field[1].replace('""', '"'))
        else:
            field = re.compile(r'[^",\r\n]*').match(text, at)
            row.append(field[0])
        at = field.end()
        if text[at] == ",":
            at += 1
        else:
            if text[at:at + 2] != "\r\n":
                raise ValueError(f"no line end at {at}: {text[at:at + 20]!r}")
            rows.append(row)
            row, at = [], at + 2
    return rows


def check_flat_tables(folder, expected):
    for kind, fixed in (("nodes", 3), ("edges", 4)):
        heading, *rows = parse_rfc4180((folder / f"{kind}.csv").read_bytes().decode("utf-8"))
        check(f"{kind}.csv heading", heading[0], "id")
        check(f"{kind}.csv rows", sorted(int(row[0]) for row in rows),
              sorted(one["id"] for one in expected[kind]))
        by_id = {one["id"]: one for one in expected[kind]}
        for row in rows:
            one, properties = by_id[int(row[0])], json.loads(row[fixed])
            check(f"{kind}.csv keys", list(properties), sorted(one["properties"]))
            for key, value in one["properties"].items():
                if not same(properties[key], value):
                    check(f"{kind}.csv {key} of {row[0]}", properties[key], value)
            if kind == "nodes":
                check("labels", json.loads(row[2]), one["labels"])
            else:
                check("ends", row[1:4], [str(one["start"]), str(one["end"]), one["type"]])
    days = parse_rfc4180((folder / "trend_days.csv").read_bytes().decode("utf-8"))
    check("trend_days.csv", days[1:], [["2026-11-22", "generate_text", "1", "7", "9", "0.75",
                                        "0.0", "0"]])


# --- Neo4j --------------------------------------------------------------------------------------

def neo4j_rows(text):
    """Rows of (field, whether it was quoted); line ends may stand in quotation marks."""
    field = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])')
    at, row = 0, []
    while at < len(text):
        found = field.match(text, at)
        if not found:
            raise ValueError(f"no field at {at}: {text[at:at + 40]!r}")
        quoted = found[1] is not None
        row.append((found[1].replace('""', '"') if quoted else found[2], quoted))
        at = found.end()
        if found[3] == "\n":
            yield row
            row = []


def neo4j_value(text, kind):
    if kind.endswith("[]"):
        return [neo4j_value(item, kind[:-2]) for item in text.split(";")]
    if kind == "long":
        return int(text)
    if kind == "double":
        return float(text)
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    return text


def check_neo4j_field(what, field, kind, value):
    text, quoted = field
    if value is None or value["kind"] == "null":
        return check(what, field, ("", False))
    found = neo4j_value(text, kind)
    if kind == "string":
        check(f"{what}: quoted", quoted, True)
        if value["kind"] == "string":
            check(what, found, text_of(value))
        elif value["kind"] == "list" or value["kind"] == "nested":
            check(what, same(json.loads(found), value), True)
        elif value["kind"] == "integer":
            check(what, found, value["value"])
        elif value["kind"] == "float":
            check(what, float(found), number_text(value))
        return None
    if kind == "double" and value["kind"] == "integer":
        return check(what, found, float(value["value"]))
    if not same(found, value):
        check(what, found, value)
    return None


def check_neo4j(folder, expected):
    arguments = (folder / "import.args").read_text().split()
    for kind, fixed in (("nodes", 2), ("relationships", 3)):
        names = [one.split("=")[1] for one in arguments if one.startswith(f"--{kind}=")]
        check(f"files of {kind}", sorted(names), sorted(one.name for one in folder.glob(f"{kind}*")))
        seen = []
        for name in names:
            heading, *rows = neo4j_rows((folder / name).read_bytes().decode("utf-8"))
            columns = [field[0] for field in heading]
            check(f"{name} heading", columns[:fixed], [":ID", ":LABEL"] if kind == "nodes" else
                  [":START_ID", ":END_ID", ":TYPE"])
            for row in rows:
                check(f"{name}: fields", len(row), len(columns))
                seen.append((row, [column.rsplit(":", 1) for column in columns[fixed:]]))
        ours = expected["nodes" if kind == "nodes" else "edges"]
        check(f"rows of {kind}", len(seen), len(ours))
        if kind == "nodes":
            by_id = {int(row[0][0]): (row, columns) for row, columns in seen}
            for one in ours:
                row, columns = by_id[one["id"]]
                check("labels", row[1][0], ";".join(one["labels"]))
                for (key, of), field in zip(columns, row[fixed:]):
                    check_neo4j_field(f"neo4j {key} of {one['id']}", field, of,
                                      one["properties"].get(key))
        else:
            check("neo4j relationships", sorted(
                told(int(row[0][0]), int(row[1][0]), row[2][0],
                     {key: neo4j_value(field[0], of)
                      for (key, of), field in zip(columns, row[fixed:]) if field != ("", False)})
                for row, columns in seen), expected_edges(expected))


# --- Cypher -------------------------------------------------------------------------------------

class Cypher:
    """Statements of the form UNWIND [...] AS row ...; and the literals in them."""

    TOKEN = re.compile(r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<name>`(?:[^`]|``)*`|[A-Za-z_]\w*)"
                       r"|(?P<number>-?\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<sign>[\[\]{}():,.;/=-]))", re.S)

    def __init__(self, text):
        self.text, self.at = text, 0

    def peek(self):
        found = self.TOKEN.match(self.text, self.at)
        if not found:
            raise ValueError(f"Cypher: no token at {self.at}: {self.text[self.at:self.at + 40]!r}")
        return found.lastgroup, found[found.lastgroup], found.end()

    def take(self, expected=None):
        kind, text, end = self.peek()
        if expected is not None and text != expected:
            raise ValueError(f"Cypher: {text!r} at {self.at}, not {expected!r}")
        self.at = end
        return kind, text

    @staticmethod
    def string(text):
        return re.sub(r"\\(u[0-9A-F]{4}|.)", lambda found: {
            "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(
                found[1], chr(int(found[1][1:], 16)) if found[1][0] == "u" else found[1]),
            text[1:-1], flags=re.S)

    @staticmethod
    def name(text):
        if not text.startswith("`"):
            return text
        return re.sub(r"\\u([0-9A-F]{4})", lambda found: chr(int(found[1], 16)),
                      text[1:-1]).replace("``", "`")

    def value(self):
        kind, text, _ = self.peek()
        if text == "[":
            return self.sequence("[", "]", self.value)
        if text == "{":
            return dict(self.sequence("{", "}", self.entry))
        self.take()
        if kind == "string":
            return self.string(text)
        if kind == "number":
            return float(text) if re.search(r"[.e]", text) else int(text)
        if text == "(":
            return self.arithmetic()
        if text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text]
        self.take("(")
        argument = self.string(self.take()[1])
        self.take(")")
        return (text, argument)

    def arithmetic(self):
        """(1.0/0.0), (-9223372036854775807 - 1)"""
        left, sign, right = self.take()[1], self.take()[1], self.take()[1]
        self.take(")")
        if sign == "-":
            return int(left) - int(right)
        return {0.0: math.nan, 1.0: math.inf, -1.0: -math.inf}[float(left)]

    def entry(self):
        key = self.name(self.take()[1])
        self.take(":")
        return key, self.value()

    def sequence(self, opened, closed, item):
        self.take(opened)
        items = []
        while self.peek()[1] != closed:
            if items:
                self.take(",")
            items.append(item())
        self.take(closed)
        return items

    def statements(self):
        """(rows, the statement's text behind them)"""
        for _ in range(8):
            end = self.text.index(";\n", self.at) + 2
            if not re.fullmatch(r"CREATE CONSTRAINT hart_\w+ IF NOT EXISTS FOR \(n:\w+\) "
                                r"REQUIRE n\.\w+ IS UNIQUE;\n", self.text[self.at:end]):
                raise ValueError(f"no constraint: {self.text[self.at:end]}")
            self.at = end
        while self.at < len(self.text):
            self.take("UNWIND")
            rows = self.value()
            # What follows holds names, and no strings.
            tail = re.compile(r" AS row\n((?:[^;`]|`(?:[^`]|``)*`)*);\n").match(self.text, self.at)
            self.at = tail.end()
            yield rows, tail[1]


def check_cypher_value(what, found, value):
    kind = value["kind"]
    if kind == "nested" or (kind == "list" and value["value"] and not is_uniform(value)):
        check(what, same(json.loads(found), value), True)
    elif isinstance(found, tuple):
        check(what, found, (kind, value["value"]))
    elif not same(found, value):
        check(what, found, value)


def key_of(node):
    for label, key in KEYS.items():
        if label in node["labels"]:
            return label, text_of(node["properties"][key])
    return "HartNode", node["id"]


def check_cypher(text, expected):
    nodes = {key_of(node): node for node in expected["nodes"]}
    names = {node["id"]: key_of(node) for node in expected["nodes"]}
    seen, keys, edges = set(), [], []
    for rows, tail in Cypher(text).statements():
        variables = dict(re.findall(r"MERGE \((\w):(\w+) \{\w+: row\.\w\}\)", tail))
        for row in rows:
            if "n" in variables:
                key = (variables["n"], row["n"])
                seen.add(key)
                properties = dict(row["p"])
                properties.pop("hart_id", None)
                wanted = {name: value for name, value in nodes[key]["properties"].items()
                          if value["kind"] != "null"}
                check(f"cypher keys of {key}", sorted(properties), sorted(wanted))
                for name, value in wanted.items():
                    check_cypher_value(f"cypher {name} of {key}", properties[name], value)
                labels = re.search(r"\nSET n((?::(?:`(?:[^`]|``)*`|\w+))+)", tail)
                found = [Cypher.name(one) for one in re.findall(r":(`(?:[^`]|``)*`|\w+)", labels[1])] \
                    if labels else []
                check("cypher labels", sorted({*found, variables["n"]} - {"HartNode"}),
                      sorted(nodes[key]["labels"]))
            else:
                kind = Cypher.name(re.search(r"-\[r:(`(?:[^`]|``)*`|\w+)", tail)[1])
                ends = (variables["a"], row["a"]), (variables["b"], row["b"])
                keys.append(str((*ends, kind, sorted(re.findall(r"row\.p\.(\w+)", tail)))))
                edges.append(told(*ends, kind, {key: value for key, value in row["p"].items()
                                                if key != "hart_id"}))
    check("cypher nodes", seen, set(nodes))
    check("cypher relationships", sorted(edges), expected_edges(expected, names.get))
    check("cypher keys", sorted(keys), sorted(
        str((names[edge["start"]], names[edge["end"]], edge["type"], edge_keys(edge, names)))
        for edge in expected["edges"]))


def edge_keys(edge, names):
    """What tells a relationship apart from others of its type between its ends."""
    if "HartNode" in (names[edge["start"]][0], names[edge["end"]][0]):
        return ["hart_id"]
    return sorted({"role", "sequence", "position", "how"} & set(edge["properties"]))


# --- GraphML ------------------------------------------------------------------------------------

def check_graphml_value(what, text, kind, value):
    if value["kind"] == "string":
        check(what, text, xml_text(text_of(value)))
    elif kind == "boolean":
        check(what, text, {True: "true", False: "false"}[value["value"]])
    elif kind == "long":
        check(what, text, value["value"])
    elif value["kind"] == "float":
        check(what, float(text), number_text(value))
    elif value["kind"] in ("list", "nested"):
        check(what, same(json.loads(text), value) or "\ufffd" in text, True)


def check_graphml(text, expected):
    root = ElementTree.fromstring(text)
    keys = {key.get("id"): key for key in root.iter(GRAPHML + "key")}
    for element, kind, label in (("node", "nodes", "labels"), ("edge", "edges", "label")):
        found = {int(one.get("id")[1:]): one for one in root.iter(GRAPHML + element)}
        check(f"graphml {kind}", sorted(found), sorted(one["id"] for one in expected[kind]))
        for one in expected[kind]:
            data = {}
            for datum in found[one["id"]].iter(GRAPHML + "data"):
                key = keys[datum.get("key")]
                check("domain of a key", key.get("for"), element)
                data[key.get("attr.name")] = (datum.text or "", key.get("attr.type"))
            names = one["labels"] if kind == "nodes" else [one["type"]]
            separator = ":" if kind == "nodes" else ""
            check("graphml label", data.pop(label)[0],
                  xml_text("".join(separator + name for name in names)))
            wanted = {key: value for key, value in one["properties"].items()
                      if value["kind"] != "null"}
            check("graphml keys", sorted(data), sorted(wanted))
            for key, value in wanted.items():
                check_graphml_value(f"graphml {key} of {one['id']}", *data[key], value)


# --- DOT and SVG --------------------------------------------------------------------------------

def check_dot(text, expected):
    string = r'"(?:[^"\\]|\\.)*"'
    attributes = rf'\[label=({string})(?:, \w+=(?:{string}|\w+))*\];'
    node = re.compile(rf"  n(\d+) {attributes}")
    edge = re.compile(rf"  n(\d+) -> n(\d+) {attributes}")
    lines = text.splitlines() if "\x0b" not in text else text.split("\n")
    check("dot frame", (lines[0], lines[-1]), ("digraph provenance {", "}"))
    nodes, edges = [], []
    for line in lines[4:-1]:
        if found := node.fullmatch(line):
            nodes.append(int(found[1]))
        elif found := edge.fullmatch(line):
            label = ast.literal_eval(found[3]).replace("&amp;", "&")
            edges.append((int(found[1]), int(found[2]), label.rsplit(" ", 1)[0]
                          if re.search(r" [\d.e-]+$", label) else label))
        else:
            problems.append(f"dot: {line!r}")
    check("dot nodes", nodes, [one["id"] for one in expected["nodes"]])
    check("dot edges", sorted(edges), sorted(
        (one["start"], one["end"], one["type"]) for one in expected["edges"]))


def check_svg(text):
    root = ElementTree.fromstring(text)
    check("svg", root.tag, "{http://www.w3.org/2000/svg}svg")
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter():
        for name in ("href", "{http://www.w3.org/1999/xlink}href", "src", "onload"):
            check(f"svg: {name}", element.get(name), None)
        check("svg: script", element.tag.endswith("script"), False)
        if element.tag.endswith("rect") and element.get("x"):
            check("svg: inside", float(element.get("x")) + float(element.get("width")) <= width and
                  float(element.get("y")) + float(element.get("height")) <= height, True)


def main():
    sample, = sys.argv[1:]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for folder in (first, second):
            subprocess.run([sample, folder], check=True)
        folder, again = pathlib.Path(first), pathlib.Path(second)
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            check(f"{path.name}, written twice: same bytes",
                  path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), True)
        expected = json.loads((folder / "expected.json").read_text())
        text = {name: (folder / name).read_bytes().decode("utf-8")
                for name in ("cypher", "graphml", "dot", "svg")}
        check_flat_tables(folder / "csv", expected)
        check_neo4j(folder / "neo4j-csv", expected)
        check_cypher(text["cypher"], expected)
        check_graphml(text["graphml"], expected)
        check_dot(text["dot"], expected)
        check_svg(text["svg"])
    print("\n".join(problems))
    print(f"{len(expected['nodes'])} nodes and {len(expected['edges'])} edges read back")
    return 1 if problems or not expected["edges"] else 0


if __name__ == "__main__":
    sys.exit(main())
