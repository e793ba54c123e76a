# SPDX-License-Identifier: Apache-2.0
"""The schemas themselves, walked along a document: descriptions, known properties, jsonschema.

For messages only; whether a document is valid is the generated validators' business.
"""

from __future__ import annotations

from pyruntime.spec.compiled.documents import SCHEMAS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from jsonschema.protocols import Validator

    Path = list[str | int]
    Node = tuple[str, dict[str, Any]]  # the file that relative references start from, a schema


def validator(kind: str) -> Validator:
    """A jsonschema validator of a kind. Raises ImportError where jsonschema is missing."""
    import re

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    def pattern(
        validator: Any, wanted: str, value: object, schema: object
    ) -> Iterator[ValidationError]:
        # `$` of Python also matches before a last newline, unlike that of JSON Schema.
        if isinstance(value, str) and not re.search(wanted.replace("$", r"\Z"), value):
            yield ValidationError(f"{value!r} does not match {wanted!r}")

    # At each "$schema" jsonschema would go over to its own class for that draft.
    registry: Registry[Any] = Registry().with_resources(
        (name, DRAFT202012.create_resource({k: v for k, v in schema.items() if k != "$schema"}))
        for name, schema in SCHEMAS.items()
    )
    strict = extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
    # By reference, so that references inside are relative to the file.
    found: Validator = strict({"$ref": f"{kind}.json"}, registry=registry)
    return found


def first_fault(value: Any, kind: str) -> tuple[str, str, str] | None:
    """What the generated validator says."""
    from importlib import import_module

    fault: tuple[str, str, str] | None = import_module(f"pyruntime.spec.compiled.{kind}").validate(
        value
    )
    return fault


def resolve(node: Node) -> Node:
    """Follow $ref to a schema that says what the value is."""
    name, schema = node
    while "$ref" in schema:
        target, _, place = schema["$ref"].partition("#")
        name = target or name
        schema = SCHEMAS[name]
        for part in place.split("/")[1:]:
            schema = schema[part]
    return name, schema


def child(node: Node, part: str | int) -> Node | None:
    """The schema of a member or item, not yet resolved; None for an unknown property."""
    name, schema = resolve(node)
    if schema.get("type") == "array":
        return name, schema["items"]
    found = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    return (name, found) if found is not None else None


def description(kind: str, path: Path) -> str:
    """What the schema calls the place, with its name: "cwd: working directory inside ..."."""
    node: Node | None = (kind + ".json", SCHEMAS[kind + ".json"])
    text = ""
    for part in path:
        node = child(node, part) if node else None
        if node is None:
            return ""
        text = node[1].get("description") or resolve(node)[1].get("description", text)
    names = [part for part in path if isinstance(part, str)]
    return f"{names[-1]}: {text}" if names and text else text


def unknown_properties(value: Any, kind: str) -> Iterator[tuple[Path, list[str], list[str]]]:
    """(path, properties that the schema does not know, those that it knows and are absent)."""
    return _unknown((kind + ".json", SCHEMAS[kind + ".json"]), value, [])


def _unknown(node: Node, value: Any, path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    _, schema = resolve(node)
    known = schema.get("properties")
    if isinstance(value, dict) and known is not None:
        unknown = [key for key in value if key not in known]
        if unknown:
            yield path, unknown, [key for key in known if key not in value]
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list) and schema.get("type") == "array":
        items = enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            inner = child(node, key)
            if inner is not None and resolve(inner)[1].get("type") in ("object", "array"):
                yield from _unknown(inner, item, [*path, key])


def unknown_keys(value: Any, kind: str, path: Path) -> list[str]:
    """The properties of the object at path that the schema does not know."""
    node: Node | None = (kind + ".json", SCHEMAS[kind + ".json"])
    for part in path:
        node = child(node, part) if node else None
    known = resolve(node)[1].get("properties", {}) if node else {}
    return [key for key in value if key not in known]
