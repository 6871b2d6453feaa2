#!/usr/bin/env python3
"""Writes cases.json: templates, variables, and what PyPI's jinja2 makes of them when it is set up
as transformers' apply_chat_template sets it up. A case has `expected`, or `error` where jinja2
refuses; every error but those of syntax is one of rendering.

    pip install jinja2==3.1.6 && ./make_fixtures.py
"""
import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

import conversations
import expressions
import families

NOW = datetime.datetime(2025, 12, 31, 23, 59, 59)


class Generation(jinja2.ext.Extension):
    """The tags around what the assistant wrote: the text passes through."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method("_pass_through")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _pass_through(self, caller):
        return caller()


def environment():
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True,
        extensions=[Generation, jinja2.ext.loopcontrols])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators,
                          sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


def case(name, template, variables):
    made = {"name": name}
    try:
        made["expected"] = environment().from_string(template).render(**variables)
    except Exception as error:  # Whatever Python raises is a refusal.
        made["error"] = f"{type(error).__name__}: {error}"
    return made


def main():
    cases = []
    for family, template in families.ALL.items():
        for name, variables in conversations.conversations():
            made = case(f"{family}: {name}", template, variables)
            cases.append({**made, "family": family, "variables": name})
    for groups, refused in ((expressions.GROUPS, False), (expressions.REFUSED, True)):
        for group, templates in groups.items():
            for i, template in enumerate(templates):
                made = case(f"{group} {i + 1}", template, expressions.VARIABLES)
                assert ("error" in made) == refused, (template, made)
                cases.append({**made, "template": template, "variables": "expressions"})
    made = {
        "made_by": f"make_fixtures.py with jinja2 {jinja2.__version__}",
        "now": NOW.isoformat() + "Z",
        "families": families.ALL,
        "variables": {**dict(conversations.conversations()),
                      "expressions": expressions.VARIABLES},
        "cases": cases,
    }
    path = pathlib.Path(__file__).with_name("cases.json")
    path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    errors = sum("error" in each for each in cases)
    print(f"{len(cases)} cases, {errors} of them refused")


if __name__ == "__main__":
    main()
