# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/state.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validator of a state document."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fault = tuple[str, str, str]  # JSON pointer, keyword, message
    Node = tuple[Any, ...]

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
PATTERNS: dict[str, Any] = {
    "^RLIMIT_[A-Z]+$": lambda x: x[:7] == "RLIMIT_" and len(x) > 7 and not x[7:].strip(UPPER),
    "^CAP_[A-Z_]+$": lambda x: x[:4] == "CAP_" and len(x) > 4 and not x[4:].strip(UPPER + "_"),
    "^[0-9, -]*$": lambda x: not x.strip(DIGITS + ", -"),
    "^MB:[^\\n]*$": lambda x: x[:3] == "MB:" and "\n" not in x,
    "^[1-9][0-9]*[KMG]B$": lambda x: (
        x.endswith(("KB", "MB", "GB"))
        and len(x) > 2
        and x[0] in DIGITS[1:]
        and not x[:-2].strip(DIGITS)
    ),
}


def validate(value: Any) -> Fault | None:
    """None, or the first fault."""
    return _check(value, TABLE)


def _check(v: Any, node: Node) -> Fault | None:
    kind = node[0]
    if kind == "object":
        if type(v) is not dict:
            return "", "type", "must be an object"
        for key in node[1]:
            if key not in v:
                return "", "required", f'needs "{key}"'
        for key, child in node[2]:
            if key in v:
                x = v[key]
                if child[0] == "string":
                    if type(x) is not str:
                        return f"/{key}", "type", "must be a string"
                elif e := _check(x, child):
                    return f"/{key}{e[0]}", e[1], e[2]
        return None
    if kind == "strings":
        if type(v) is not list:
            return "", "type", "must be an array"
        for index, x in enumerate(v):
            if type(x) is not str:
                return f"/{index}", "type", "must be a string"
        return None
    if kind == "integer":
        if type(v) is int and node[1] <= v <= node[2]:
            return None
        return _integer(v, node)
    if kind == "boolean":
        return None if v is True or v is False else ("", "type", "must be true or false")
    if kind == "array" or kind == "map":
        return _children(v, node)
    if kind == "lazy":
        from pyruntime.spec.compiled.platforms import TABLES

        return _check(v, TABLES[node[1]])
    if type(v) is not str:
        return "", "type", "must be a string"
    if kind == "enum" and v not in node[1]:
        return "", "enum", "is not one of the known values"
    if kind == "pattern" and not PATTERNS[node[1]](v):
        return "", "pattern", "has the wrong form"
    return None


def _integer(v: Any, node: Node) -> Fault | None:
    """1.0 is an integer in JSON Schema; true is not. A bound may be infinite."""
    if (type(v) is not int and type(v) is not float) or v % 1 != 0:
        return "", "type", "must be an integer"
    if v < node[1]:
        return "", "minimum", f"must be at least {node[1]}"
    if v > node[2]:
        return "", "maximum", f"must be at most {node[2]}"
    return None


def _children(v: Any, node: Node) -> Fault | None:
    if node[0] == "map":
        if type(v) is not dict:
            return "", "type", "must be an object"
        for key, x in v.items():
            if e := _check(x, node[1]):
                return f"/{key.replace('~', '~0').replace('/', '~1')}{e[0]}", e[1], e[2]
        return None
    if type(v) is not list:
        return "", "type", "must be an array"
    if len(v) < node[1]:
        return "", "minItems", f"must have at least {node[1]} entry"
    for index, x in enumerate(v):
        if e := _check(x, node[2]):
            return f"/{index}{e[0]}", e[1], e[2]
    return None


TABLE: Node = ('object', ('ociVersion', 'id', 'status', 'bundle'), (
  ('ociVersion', ('string',)),
  ('id', ('string',)),
  ('status', ('enum', ('creating', 'created', 'running', 'paused', 'stopped'))),
  ('pid', ('integer', 0, 1e999)),
  ('bundle', ('string',)),
  ('annotations', ('map', ('string',))),
 ))
