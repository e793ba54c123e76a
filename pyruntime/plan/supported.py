# SPDX-License-Identifier: Apache-2.0
"""What a valid config may ask for and this version does not carry out.

One table: whatever it names is refused with its reason, never ignored. A value that asks for
nothing (null, "", an empty list) is no request. Further refusals that depend on the host
are raised where the value is compiled.
"""

from __future__ import annotations

from pyruntime.errors import Problem, Unsupported
from pyruntime.plan.field import sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.field import Map

# (field of `linux`, what it is, value that asks for nothing)
LINUX: tuple[tuple[str, str, object], ...] = (
    ("uidMappings", "user namespaces", None),
    ("gidMappings", "user namespaces", None),
    ("timeOffsets", "time namespaces", None),
)
NAMESPACES = {"user": "user namespaces", "time": "time namespaces"}


def problems(config: Map) -> list[Problem]:
    """Every used field that is not carried out."""
    linux = config.get("linux") or {}
    found = _used(linux, "/linux", LINUX)
    for index, entry in enumerate(sequence(linux, "namespaces", "/linux")):
        if entry.get("type") in NAMESPACES:
            found.append(_problem(f"/linux/namespaces/{index}", NAMESPACES[entry["type"]]))
    if config.get("vm"):
        found.append(_problem("/vm", "virtual machines"))
    return found


def _used(section: Map, pointer: str, table: tuple[tuple[str, str, object], ...]) -> list[Problem]:
    return [
        _problem(f"{pointer}/{field}", what)
        for field, what, nothing in table
        if field in section and _asks(section[field]) and section[field] != nothing
    ]


def _asks(value: Any) -> bool:
    """False for null, false, "", [] and {}, also when an object holds nothing else."""
    if isinstance(value, dict):
        return any(isinstance(item, dict) or _asks(item) for item in value.values())
    return value is not None and value is not False and value != "" and value != []


def _problem(pointer: str, what: str) -> Problem:
    return Problem(f"{what} are not supported yet", pointer=pointer)


def refuse(found: list[Problem]) -> None:
    """Raise Unsupported with all of them, if there are any."""
    if found:
        first = found[0]
        raise Unsupported(
            f"{first.pointer}: {first.message}", pointer=first.pointer, problems=found
        )
