# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/state.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validator of a state document."""

from __future__ import annotations

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


def _strings(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str:
            return f"/{i}", "type", "must be a string"
    return None


_W0 = frozenset(("creating", "created", "running", "paused", "stopped",))


def _annotations(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if type(x) is not str:
            return _key(key), "type", "must be a string"
    return None


def _state(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "ociVersion" not in v:
        return "", "required", 'needs "ociVersion"'
    if "id" not in v:
        return "", "required", 'needs "id"'
    if "status" not in v:
        return "", "required", 'needs "status"'
    if "bundle" not in v:
        return "", "required", 'needs "bundle"'
    x = v["ociVersion"]
    if type(x) is not str:
        return "/ociVersion", "type", "must be a string"
    x = v["id"]
    if type(x) is not str:
        return "/id", "type", "must be a string"
    x = v["status"]
    if type(x) is not str or x not in _W0:
        return "/status", *_word(x, "enum")
    if "pid" in v:
        x = v["pid"]
        if (type(x) is not int or x < 0) and (bad := _int(x, 0, None)):
            return "/pid", bad[0], bad[1]
    x = v["bundle"]
    if type(x) is not str:
        return "/bundle", "type", "must be a string"
    if "annotations" in v:
        x = v["annotations"]
        if e := _annotations(x):
            return "/annotations" + e[0], e[1], e[2]
    return None


def validate(value: Any) -> Fault | None:
    """None, or the first fault: (JSON pointer, keyword, message)."""
    return _state(value)
