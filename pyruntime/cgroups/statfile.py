# SPDX-License-Identifier: Apache-2.0
"""The forms that statistics files of cgroups have, and reading those that are there."""

from __future__ import annotations

from errno import ENODEV, ENOENT, EOPNOTSUPP

from pyruntime.cgroups.files import failure, read_raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNLIMITED = (1 << 64) - 1
NOT_THERE = (ENOENT, ENODEV, EOPNOTSUPP)
USEC = 1000  # in nanoseconds
CPUSET_FLAGS = (
    "cpu_exclusive",
    "mem_hardwall",
    "mem_exclusive",
    "memory_migrate",
    "memory_spread_page",
    "memory_spread_slab",
    "memory_pressure",
    "sched_load_balance",
    "sched_relax_domain_level",
)


def text(directory: str, name: str) -> str:
    """The file's content, "" when this kernel or this cgroup has none. Raises CgroupError."""
    path = f"{directory}/{name}"
    try:
        return read_raw(path)
    except OSError as err:
        if err.errno in NOT_THERE:
            return ""
        raise failure("read", path, err) from None


def number(content: str) -> int:
    """A file of one number; "max" is 2^64 - 1, nothing is 0."""
    word = content.strip()
    return UNLIMITED if word == "max" else int(word or 0)


def flat(content: str) -> dict[str, int]:
    """Lines of "key value"; what is no such line is left out."""
    found = {}
    for line in content.splitlines():
        key, _, value = line.partition(" ")
        if value.strip().isdigit():
            found[key] = int(value)
    return found


def pressure(content: str) -> dict[str, Any] | None:
    """A PSI file: {"some": {"avg10", "avg60", "avg300": percent, "total": us}, "full": ...}.

    None without content: no CONFIG_PSI, or turned off.
    """
    found: dict[str, Any] = {}
    for line in content.splitlines():
        kind, *pairs = line.split()
        values: dict[str, float | int] = {}
        for pair in pairs:
            key, _, value = pair.partition("=")
            values[key] = int(value) if key == "total" else float(value)
        found[kind] = values
    return found or None


def ids(content: str) -> list[int]:
    """A list of CPUs or memory nodes: "0-2,5" is [0, 1, 2, 5]."""
    found: list[int] = []
    for part in content.strip().split(","):
        first, _, last = part.partition("-")
        if first:
            found += range(int(first), int(last or first) + 1)
    return found


def without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    """Without members that say nothing, as the field's programs leave them out."""
    return {key: value for key, value in values.items() if value not in (0, None, [], {}, "")}
