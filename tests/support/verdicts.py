# SPDX-License-Identifier: Apache-2.0
"""Three verdicts on a document, and where the official schemas are known to differ from ours."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT4

from pyruntime.spec import schema_walk
from pyruntime.spec.compiled.documents import SCHEMAS

Node = tuple[str, dict[str, Any]]
Path_ = list[str | int]
OCI = Path(__file__).resolve().parent.parent / "data/oci"
KINDS = ("config", "process", "state", "features")


def samples(kind: str, quality: str) -> list[Path]:
    return sorted((OCI / "test" / kind / quality).glob("*.json"))


def generated(kind: str) -> Callable[[Any], tuple[str, str, str] | None]:
    found: Callable[[Any], tuple[str, str, str] | None] = import_module(
        f"pyruntime.spec.compiled.{kind}"
    ).validate
    return found


class Official:
    """The official schemas, read as the draft 4 that they are written in."""

    def __init__(self) -> None:
        files = {path.name: json.loads(path.read_text()) for path in OCI.glob("*.json")}
        registry: Registry[Any] = Registry().with_resources(
            (name, DRAFT4.create_resource(schema)) for name, schema in files.items()
        )
        self.validators = {
            kind: Draft4Validator({"$ref": f"{kind}-schema.json"}, registry=registry)
            for kind in ("config", "state", "features")
        }
        process = {"$ref": "config-schema.json#/properties/process"}
        self.validators["process"] = Draft4Validator(process, registry=registry)

    def accepts(self, kind: str, value: Any) -> bool:
        try:
            return bool(self.validators[kind].is_valid(value))
        except Unresolvable:
            return False


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _at(value: Any, *path: str) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _blank_keys(value: Any) -> Any:
    maps = (("annotations",), ("linux", "sysctl"), ("linux", "resources", "unified"))
    for path in maps:
        found = _at(value, *path)
        if isinstance(found, dict):
            for key in [key for key in found if not key.strip("\n")]:
                del found[key]
    return value


def _last_newline(value: Any) -> Any:
    if isinstance(value, str):
        return value.removesuffix("\n") + "\n\n" if value.endswith("\n") else value
    if isinstance(value, dict):
        return {key: _last_newline(item) for key, item in value.items()}
    return [_last_newline(item) for item in value] if isinstance(value, list) else value


def _without(*path: str) -> Callable[[Any], Any]:
    def remove(value: Any) -> Any:
        holder = _at(value, *path[:-1])
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
        return value

    return remove


def _paused(value: Any) -> Any:
    if _at(value, "status") == "paused":
        value["status"] = "running"
    return value


def _type_bits(value: Any) -> Any:
    devices = _at(value, "linux", "devices")
    for device in devices if isinstance(devices, list) else ():
        mode = _at(device, "fileMode")
        if isinstance(mode, int) and not isinstance(mode, bool) and 0 <= mode <= 0xFFFF:
            device["fileMode"] = mode & 0o777
    return value


def _recursive(value: Any) -> Any:
    linux = _at(value, "linux")
    word = _at(linux, "rootfsPropagation")
    if word in ("rprivate", "rshared", "rslave", "runbindable"):
        linux["rootfsPropagation"] = word[1:]
    return value


# Why the verdicts differ, and what makes the difference go away.
DIFFERENCES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("1.0 is an integer since draft 6 of JSON Schema, but not in draft 4", _whole),
    ("a map's empty key escapes the official pattern, so its value is not checked", _blank_keys),
    ("Python's $ matches before a last newline", _last_newline),
    ("the official iomems checks its first item only", _without("vm", "hwConfig", "iomems")),
    ("the official irqs refers to what is not there", _without("vm", "hwConfig", "irqs")),
    ("the runtime defines a status of its own, as runtime.md allows", _paused),
    ("Podman writes the bits of a device's type into its mode, and runc takes them", _type_bits),
    ("Podman writes rslave as the propagation of /, and runc takes it", _recursive),
    ("features-linux.md has it, the official schema not", _without("linux", "memoryPolicy")),
    (
        "features-linux.md has it, the official schema not",
        _without("linux", "intelRdt", "schemata"),
    ),
    (
        "features-linux.md has it, the official schema not",
        _without("linux", "intelRdt", "monitoring"),
    ),
)


def without_differences(kind: str, value: Any) -> Any:
    value = copy.deepcopy(value)
    features_only = DIFFERENCES[-3:]
    for row in DIFFERENCES:
        if kind == "features" or row not in features_only:
            value = row[1](value)
    return value


def minimal(node: Node) -> Any:
    """A small valid value."""
    name, schema = schema_walk.resolve(node)
    kind = schema["type"]
    if kind == "object":
        return {
            key: minimal((name, schema["properties"][key])) for key in schema.get("required", ())
        }
    if kind == "array":
        return [minimal((name, schema["items"]))] * schema.get("minItems", 0)
    if kind == "string":
        words = {"^RLIMIT_[A-Z]+$": "RLIMIT_CPU", "^CAP_[A-Z_]+$": "CAP_KILL"}
        words |= {"^[1-9][0-9]*[KMG]B$": "2MB", "^MB:[^\\n]*$": "MB:0=50"}
        return schema.get("enum", [words.get(schema.get("pattern", ""), "1")])[0]
    return {"integer": max(1, schema.get("minimum", 1)), "boolean": True}[kind]


def documents(node: Node, words: bool = False) -> Iterator[tuple[Path_, Any]]:
    """For every place that a schema knows: its path, and a small valid document that has it.

    words: one such document for each word of an enumeration.
    """
    name, schema = schema_walk.resolve(node)
    for word in schema.get("enum", ()) if words else ():
        yield [], word
    yield [], minimal(node)
    children: dict[str | int, Any] = dict(schema.get("properties", {}))
    if "additionalProperties" in schema:
        children["some.key"] = schema["additionalProperties"]
    for key, child in children.items():
        for path, inner in documents((name, child), words):
            yield [key, *path], {**minimal(node), key: inner}
    if "items" in schema:
        for path, inner in documents((name, schema["items"]), words):
            yield [0, *path], [inner]


def places(kind: str, words: bool = False) -> Iterator[tuple[Path_, Any]]:
    return documents((f"{kind}.json", SCHEMAS[f"{kind}.json"]), words)


def replaced(value: Any, path: Path_, new: Any) -> Any:
    """A copy with another value at the path."""
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value
