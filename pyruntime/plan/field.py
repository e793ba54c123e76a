# SPDX-License-Identifier: Apache-2.0
"""Optional fields of a schema-valid document, with JSON null read as absent.

Producers written in Go emit null for an empty list or map. Nothing is validated here but
what would otherwise end in a traceback: a value of the wrong kind is a ConfigError.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Map = dict[str, Any]


def escape(key: str) -> str:
    """One reference token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def is_annotated(config: Map) -> bool:
    """Whether an annotation asks the runtime for something: see plan.annotations."""
    return any(key.startswith("run.oci.") for key in config.get("annotations") or ())


def mapping(parent: Map, key: str, pointer: str = "") -> Map:
    """The object, {} when absent."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{pointer}/{key}: not an object", pointer=f"{pointer}/{key}")
    return value


def sequence(parent: Map, key: str, pointer: str = "") -> list[Any]:
    """The array, [] when absent."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigError(f"{pointer}/{key}: not an array", pointer=f"{pointer}/{key}")
    return value


def text(parent: Map, key: str) -> str:
    """The string, "" when absent."""
    value = parent.get(key)
    return "" if value is None else str(value)


def number(parent: Map, key: str) -> int | None:
    """The integer (1.0 is one in JSON Schema), None when absent."""
    value = parent.get(key)
    return None if value is None else int(value)
