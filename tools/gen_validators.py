# SPDX-License-Identifier: Apache-2.0
"""Compile schemas/ into pyruntime/spec/compiled/: tables, and the little code that walks them.

    python3 tools/gen_validators.py           write the modules
    python3 tools/gen_validators.py --check   exit 1 when a module on disk differs

One module per kind of document, with `validate(value)`. It imports nothing, stops at the first
fault and says little: spec.explain finds the rest and the words. platforms.py is imported only by
a document that has such a section. documents.py holds the schemas themselves, for spec.explain,
so that an installed package needs no data files. All are committed; a test runs --check.

Only the keywords that the schemas use are known; another one is an error here.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from validator_code import PATTERNS

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "schemas"
COMPILED = ROOT / "pyruntime/spec/compiled"
CODE = ROOT / "tools/validator_code.py"
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
HEAD = '''# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/{name} by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""{doc}"""
'''

Schema = dict[str, Any]
Node = tuple[Any, ...]


class Compiler:
    """Schemas to tables. entry: the file whose table is made."""

    def __init__(self, schemas: dict[str, Schema], entry: str) -> None:
        self.schemas = schemas
        self.entry = entry

    def node(self, name: str, schema: Schema) -> Node:
        """The table of a schema in the file `name`."""
        while "$ref" in schema:
            if set(schema) - {"$ref", "description"}:
                raise SystemExit(f"{name}: {sorted(schema)} beside $ref")
            target, _, place = schema["$ref"].partition("#")
            name = target or name
            if name == LAZY and self.entry != LAZY:
                return ("lazy", place.rpartition("/")[2])
            schema = self.schemas[name]
            for part in place.split("/")[1:]:
                schema = schema[part]
        kind = schema.get("type")
        if kind not in KEYWORDS or set(schema) - KEYWORDS[kind] - ANNOTATIONS:
            raise SystemExit(f"{name}: unknown type or keyword in {sorted(schema)}, {kind}")
        node: Node = getattr(self, str(kind))(name, schema)
        return node

    def object(self, name: str, schema: Schema) -> Node:
        if "additionalProperties" not in schema:
            properties = schema.get("properties", {}).items()
            table = tuple((key, self.node(name, child)) for key, child in properties)
            return ("object", tuple(schema.get("required", ())), table)
        if len({"properties", "required"} & set(schema)):
            raise SystemExit(f"{name}: properties and additionalProperties")
        return ("map", self.node(name, schema["additionalProperties"]))

    def array(self, name: str, schema: Schema) -> Node:
        items, low = self.node(name, schema["items"]), schema.get("minItems", 0)
        return ("strings",) if (items, low) == (("string",), 0) else ("array", low, items)

    def string(self, name: str, schema: Schema) -> Node:
        if "enum" in schema:
            return ("enum", tuple(schema["enum"]))
        if "pattern" not in schema:
            return ("string",)
        if schema["pattern"] not in PATTERNS:
            raise SystemExit(f"{name}: {schema['pattern']!r} is not in {CODE.name}")
        return ("pattern", schema["pattern"])

    def integer(self, name: str, schema: Schema) -> Node:
        return ("integer", schema.get("minimum", -math.inf), schema.get("maximum", math.inf))

    def boolean(self, name: str, schema: Schema) -> Node:
        return ("boolean",)


def written(node: Node, indent: str = "") -> str:
    """A table as source: one line, or one line for each property if that is too long."""
    # A float's overflow is how a constant can be infinite.
    line = repr(node).replace("inf", "1e999")
    if len(line) < 80 or node[0] not in ("object", "map", "array"):
        return line
    inner = indent + " "
    if node[0] != "object":
        parts = [repr(part) if isinstance(part, int) else written(part, inner) for part in node[1:]]
        return f"({node[0]!r}, " + ", ".join(parts) + ")"
    rows = [f"{inner} ({key!r}, {written(child, inner + ' ')}),\n" for key, child in node[2]]
    return f"('object', {node[1]!r}, (\n{''.join(rows)}{inner}))"


def validator(schemas: dict[str, Schema], kind: str) -> str:
    name = f"{kind}.json"
    table = written(Compiler(schemas, name).node(name, schemas[name]))
    head = HEAD.format(name=name, doc=f"Validator of a {kind} document.")
    code = CODE.read_text().partition("from __future__")
    return head + "\n" + code[1] + code[2].replace("TABLE: Node = ()", f"TABLE: Node = {table}")


def platforms(schemas: dict[str, Schema]) -> str:
    compiler = Compiler(schemas, LAZY)
    tables = "".join(
        f"    {name!r}: {written(compiler.node(LAZY, schema), '    ')},\n"
        for name, schema in schemas[LAZY]["$defs"].items()
    )
    head = HEAD.format(name=LAZY, doc="Tables of the sections of other platforms.")
    return f"{head}\nTABLES: dict[str, tuple[object, ...]] = {{\n{tables}}}\n"


def documents(schemas: dict[str, Schema]) -> str:
    head = HEAD.format(name="*.json", doc="The schemas as they were when compiled, by file name.")
    text = json.dumps(schemas, indent=1)  # the schemas hold no true, false or null
    guard = "\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any\n"
    future = "\nfrom __future__ import annotations\n"
    return f"{head}{future}{guard}\nSCHEMAS: dict[str, Any] = {text}\n"


def main() -> int:
    schemas = {path.name: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}
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
