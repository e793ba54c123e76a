# SPDX-License-Identifier: Apache-2.0
"""Compile schemas/ into pyruntime/spec/compiled/: plain code that validates without imports.

    python3 tools/gen_validators.py           write the modules
    python3 tools/gen_validators.py --check   exit 1 when a module on disk differs

One module per kind of document, with `validate(value)`. It stops at the first fault and says
little: spec.explain finds the rest and the words. platforms.py is imported only by a document
that has such a section. documents.py holds the schemas themselves, for spec.explain, so that an
installed package needs no data files. All are committed; a test runs --check.

Only the keywords that the schemas use are known; another one is an error here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "schemas"
COMPILED = ROOT / "pyruntime/spec/compiled"
KINDS = ("config", "process", "state", "features")
LAZY = "platforms.json"

ANNOTATIONS = {"$schema", "$defs", "title", "description"}
KEYWORDS = {
    "object": {"type", "properties", "required", "additionalProperties"},
    "array": {"type", "items", "minItems"},
    "string": {"type", "enum", "pattern"},
    "integer": {"type", "minimum", "maximum"},
    "boolean": {"type"},
}

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# `re` costs 4 ms of import, so each pattern is spelt as string methods on {0}. A test holds the
# two together.
PATTERNS = {
    "^RLIMIT_[A-Z]+$": (
        f'{{0}}.startswith("RLIMIT_") and len({{0}}) > 7 and not {{0}}[7:].strip("{UPPER}")'
    ),
    "^CAP_[A-Z_]+$": (
        f'{{0}}.startswith("CAP_") and len({{0}}) > 4 and not {{0}}[4:].strip("{UPPER}_")'
    ),
    "^[0-9, -]*$": 'not {0}.strip("0123456789, -")',
    "^MB:[^\\n]*$": '{0}.startswith("MB:") and "\\n" not in {0}',
    "^[1-9][0-9]*[KMG]B$": (
        '{0}.endswith(("KB", "MB", "GB")) and {0}[:1] in "123456789" and len({0}) > 2'
        ' and not {0}[:-2].strip("0123456789")'
    ),
}

HEAD = '''# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/{name} by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""{doc}"""

from __future__ import annotations
'''

HELPERS = """
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fault = tuple[str, str, str]


def _key(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _int(x: Any, low: int | None, high: int | None) -> tuple[str, str] | None:
    if (type(x) is not int and type(x) is not float) or x % 1 != 0:
        return "type", "must be an integer"
    if low is not None and x < low:
        return "minimum", f"must be at least {low}"
    if high is not None and x > high:
        return "maximum", f"must be at most {high}"
    return None


def _word(x: Any, keyword: str) -> tuple[str, str]:
    if type(x) is not str:
        return "type", "must be a string"
    return keyword, "is not one of the known values" if keyword == "enum" else "has a wrong form"
"""

Schema = dict[str, Any]


def load_schemas() -> dict[str, Schema]:
    return {path.name: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}


class Compiler:
    """The code of one module, as functions in the order in which they are called."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self.schemas = schemas
        self.functions: list[list[str]] = []
        self.constants: dict[str, str] = {}
        self.named: dict[tuple[str, str], str] = {}
        self.module = ""

    def resolve(self, name: str, node: Schema) -> tuple[str, str, Schema]:
        """Follow $ref: the file, the place in it ("" for an inline schema), the schema."""
        place = ""
        while "$ref" in node:
            extra = set(node) - {"$ref", "description"}
            if extra:
                raise SystemExit(f"{name}: {sorted(extra)} beside $ref")
            target, _, place = node["$ref"].partition("#")
            name = target or name
            node = self.schemas[name]
            for part in place.split("/")[1:]:
                node = node[part]
            place = place or "/"
        return name, place, node

    def check(self, name: str, node: Schema) -> str:
        kind = node.get("type")
        if kind not in KEYWORDS:
            raise SystemExit(f"{name}: unknown type {kind!r}")
        extra = set(node) - KEYWORDS[kind] - ANNOTATIONS
        if extra:
            raise SystemExit(f"{name}: unknown keywords {sorted(extra)}")
        return str(kind)

    def constant(self, value: str) -> str:
        return self.constants.setdefault(value, f"_W{len(self.constants)}")

    def value(self, name: str, node: Schema, x: str, pointer: str, hint: str) -> list[str]:
        """Code that returns a fault when the variable x does not fit; pointer is an expression."""
        name, place, node = self.resolve(name, node)
        kind = self.check(name, node)
        if kind == "string":
            return self.string(node, x, pointer)
        if kind == "boolean":
            return [
                f"if {x} is not True and {x} is not False:",
                f'    return {pointer}, "type", "must be true or false"',
            ]
        if kind == "integer":
            return self.integer(node, x, pointer)
        if kind == "array" and set(node) - ANNOTATIONS == {"type", "items"}:
            _, _, items = self.resolve(name, node["items"])
            if items["type"] == "string" and set(items) - ANNOTATIONS == {"type"}:
                return [f"if e := _strings({x}):", f"    return {pointer} + e[0], e[1], e[2]"]
        call = self.function(name, place, node, hint)
        lines = [f"if e := {call}({x}):", f"    return {pointer} + e[0], e[1], e[2]"]
        if name == LAZY and self.module != LAZY:
            module = LAZY.removesuffix(".json")
            lines.insert(0, f"from pyruntime.spec.compiled.{module} import {call}")
        return lines

    def string(self, node: Schema, x: str, pointer: str) -> list[str]:
        test, keyword = "", "type"
        if "enum" in node:
            words = ", ".join(json.dumps(word) for word in node["enum"])
            test, keyword = f" or {x} not in {self.constant(f'frozenset(({words},))')}", "enum"
        elif "pattern" in node:
            test, keyword = f" or not ({PATTERNS[node['pattern']].format(x)})", "pattern"
        if not test:
            return [
                f"if type({x}) is not str:",
                f'    return {pointer}, "type", "must be a string"',
            ]
        return [
            f"if type({x}) is not str{test}:",
            f'    return {pointer}, *_word({x}, "{keyword}")',
        ]

    def integer(self, node: Schema, x: str, pointer: str) -> list[str]:
        low, high = node.get("minimum"), node.get("maximum")
        test = f"type({x}) is not int"
        if low is not None and high is not None:
            test += f" or not {low} <= {x} <= {high}"
        elif low is not None:
            test += f" or {x} < {low}"
        return [
            f"if ({test}) and (bad := _int({x}, {low}, {high})):",
            f"    return {pointer}, bad[0], bad[1]",
        ]

    def function(self, name: str, place: str, node: Schema, hint: str) -> str:
        """The name of the function that checks an object or an array."""
        if place and (name, place) in self.named:
            return self.named[name, place]
        called = place.rpartition("/")[2] or (name.removesuffix(".json") if place else hint)
        called = called if name == LAZY and place else f"_{called}"
        taken = {lines[0].split("(")[0].removeprefix("def ") for lines in self.functions}
        while called in taken:
            called += "_"
        if place:
            self.named[name, place] = called
        if name == LAZY and self.module != LAZY:
            return called
        lines = [f"def {called}(v: Any) -> Fault | None:"]
        self.functions.append(lines)
        body = self.object if node["type"] == "object" else self.array
        lines += ["    " + line for line in [*body(name, node, called.strip("_")), "return None"]]
        return called

    def object(self, name: str, node: Schema, called: str) -> list[str]:
        self.check(name, node)
        lines = ["if type(v) is not dict:", '    return "", "type", "must be an object"']
        required = node.get("required", ())
        for key in required:
            lines += [f'if "{key}" not in v:', f'    return "", "required", \'needs "{key}"\'']
        for key, child in node.get("properties", {}).items():
            inner = [f'x = v["{key}"]', *self.value(name, child, "x", f'"/{key}"', key)]
            if key not in required:
                inner = [f'if "{key}" in v:', *("    " + line for line in inner)]
            lines += inner
        if "additionalProperties" in node:
            if "properties" in node:
                raise SystemExit(f"{name}: properties and additionalProperties")
            child = node["additionalProperties"]
            lines += ["for key, x in v.items():"]
            inner = self.value(name, child, "x", "_key(key)", called + "_value")
            lines += ["    " + line for line in inner]
        return lines

    def array(self, name: str, node: Schema, called: str) -> list[str]:
        self.check(name, node)
        lines = ["if type(v) is not list:", '    return "", "type", "must be an array"']
        if "minItems" in node:
            low = node["minItems"]
            lines += [f"if len(v) < {low}:"]
            lines += [f'    return "", "minItems", "must have at least {low} entry"']
        lines += ["for i, x in enumerate(v):"]
        item = called.removesuffix("s") + ("_item" if not called.endswith("s") else "")
        inner = self.value(name, node["items"], "x", 'f"/{i}"', item)
        return lines + ["    " + line for line in inner]


STRINGS = """
def _strings(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str:
            return f"/{i}", "type", "must be a string"
    return None
"""


def render(name: str, doc: str, compiler: Compiler, last: list[str]) -> str:
    out = [HEAD.format(name=name, doc=doc) + HELPERS, STRINGS]
    if compiler.constants:
        out += ["", *(f"{called} = {value}" for value, called in compiler.constants.items())]
    for lines in [*reversed(compiler.functions), last]:
        if lines:
            out += ["", "", *lines]
    return "\n".join(out) + "\n"


def validator(schemas: dict[str, Schema], kind: str) -> str:
    compiler = Compiler(schemas)
    compiler.module = f"{kind}.json"
    call = compiler.function(f"{kind}.json", "/", schemas[f"{kind}.json"], kind)
    last = [
        "def validate(value: Any) -> Fault | None:",
        '    """None, or the first fault: (JSON pointer, keyword, message)."""',
        f"    return {call}(value)",
    ]
    return render(f"{kind}.json", f"Validator of a {kind} document.", compiler, last)


def platforms(schemas: dict[str, Schema]) -> str:
    compiler = Compiler(schemas)
    compiler.module = LAZY
    for name, node in schemas[LAZY]["$defs"].items():
        if node["type"] == "object":
            compiler.function(LAZY, f"/$defs/{name}", node, name)
    return render(LAZY, "Validators of the sections of other platforms.", compiler, [])


def documents(schemas: dict[str, Schema]) -> str:
    head = HEAD.format(name="*.json", doc="The schemas as they were when compiled, by file name.")
    text = json.dumps(schemas, indent=1)  # the schemas hold no true, false or null
    guard = "\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any\n"
    return f"{head}{guard}\nSCHEMAS: dict[str, Any] = {text}\n"


def main() -> int:
    schemas = load_schemas()
    modules = {kind: validator(schemas, kind) for kind in KINDS}
    modules["platforms"] = platforms(schemas)
    modules["documents"] = documents(schemas)
    status = 0
    for name, text in modules.items():
        path = COMPILED / f"{name}.py"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(ROOT)}: stale; run python3 tools/gen_validators.py")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
