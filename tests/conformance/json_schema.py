"""What hart-infer generates under a JSON schema is accepted by PyPI's jsonschema.

    json_schema.py HART_INFER MODEL

Each schema, several seeds; texts that --tokens cut are counted, and may not be many.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77
SEEDS = 4
TOKENS = 400

PERSON = {"type": "object", "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 12},
    "age": {"type": "integer", "minimum": 0, "maximum": 130},
    "mail": {"type": "string", "pattern": r"^[a-z]{1,8}@[a-z]{1,8}\.(com|org)$"}},
    "required": ["name", "age"], "additionalProperties": False}
SCHEMAS = [
    {"type": "integer", "minimum": -37, "maximum": 1205},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"enum": ["a", 1, None, {"x": [1, 2]}, "q\"\n"]},
    {"type": "string", "minLength": 3, "maxLength": 9},
    {"type": "string", "pattern": "^[^a-z\"\\\\]{1,4}\\s.\\S\\D$"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "uuid"},
    PERSON,
    {"type": "array", "items": PERSON, "minItems": 1, "maxItems": 2},
    {"type": "array", "prefixItems": [{"type": "boolean"}, {"type": ["integer", "null"]}],
     "items": False},
    {"type": "object", "properties": {"a": {"type": "boolean"}},
     "additionalProperties": {"type": "integer", "maximum": 9}, "required": ["a", "b"]},
    {"oneOf": [
        {"type": "object", "properties": {"k": {"const": "a"}, "x": {"type": "null"}},
         "required": ["k", "x"]},
        {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}]},
    {"allOf": [{"type": "integer", "minimum": 3}, {"type": "number", "maximum": 8}]},
    {"$defs": {"t": {"type": "object", "properties": {
        "v": {"type": "boolean"}, "sub": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/t"}]}},
        "required": ["v", "sub"]}}, "$ref": "#/$defs/t"},
]


def generated(tool, model, schema_path):
    prompt = json.dumps({"text": "dog (noun):"})
    for seed in range(SEEDS):
        done = subprocess.run(
            [tool, "generate", "-m", model, "--json-schema", str(schema_path), "--json",
             "--temperature", "1.3", "--seed", str(seed), "-n", str(TOKENS), "-"],
            input=prompt + "\n", text=True, check=True, stdout=subprocess.PIPE)
        yield json.loads(done.stdout)


def main():
    try:
        import jsonschema
    except ImportError:
        print("jsonschema is not installed: what is generated is not checked against it")
        return SKIPPED
    tool, model = sys.argv[1:]
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    problems, whole, cut = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for schema in SCHEMAS:
            path = pathlib.Path(folder, "schema.json")
            path.write_text(json.dumps(schema))
            validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
            for answer in generated(tool, model, path):
                if answer["finish_reason"] == "length":
                    cut += 1
                    continue
                whole += 1
                try:
                    errors = [e.message for e in validator.iter_errors(json.loads(answer["text"]))]
                except ValueError as error:
                    errors = [str(error)]
                problems += [f"{schema}: {answer['text']!r}: {e}" for e in errors]
    print("\n".join(problems))
    print(f"{whole} texts accepted or refused, {cut} cut")
    return 1 if problems or whole < 2 * cut or whole == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
