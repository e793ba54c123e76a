# SPDX-License-Identifier: Apache-2.0
"""What containers use at the moment: the differences between two looks at their statistics."""

from __future__ import annotations

from time import monotonic

from pyruntime import state
from pyruntime.cgroups.statfile import UNLIMITED
from pyruntime.cgroups.stats import collect
from pyruntime.errors import CgroupError, Error, NotFound, NotRunning
from pyruntime.lifecycle.events import running
from pyruntime.lifecycle.freeze import cgroup_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# A v1 limit from here on is what the kernel says for none.
NO_LIMIT = 1 << 62


class Look:
    """At one container: monotonic time in seconds, and what cgroups.stats.collect gave."""

    __slots__ = ("data", "time")

    def __init__(self, data: dict[str, Any]) -> None:
        self.time = monotonic()
        self.data = data


class Row:
    """cpu: percent of one CPU. memory, memory_limit: bytes, limit 0 for none. read, written:
    bytes a second. throttled: percent of the periods. pressure: of cpu, memory, io, percent of
    the last ten seconds that some task waited, None where the kernel has no such measure.
    """

    __slots__ = (
        "cpu",
        "id",
        "memory",
        "memory_limit",
        "oom_kills",
        "pids",
        "pids_limit",
        "pressure",
        "read",
        "throttled",
        "written",
    )

    def __init__(self, container_id: str, before: Look, now: Look) -> None:
        data, old = now.data, before.data
        seconds = max(now.time - before.time, 1e-6)
        usage = data["memory"].get("usage", {})
        limit = usage.get("limit", UNLIMITED)
        self.id = container_id
        self.cpu = (_at(data, "cpu", "usage", "total") - _at(old, "cpu", "usage", "total")) / (
            seconds * 1e7
        )
        self.memory = usage.get("usage", 0)
        self.memory_limit = 0 if limit >= NO_LIMIT else limit
        self.pids = data["pids"].get("current", 0)
        self.pids_limit = data["pids"].get("limit", 0)
        self.read = (_transferred(data, "Read") - _transferred(old, "Read")) / seconds
        self.written = (_transferred(data, "Write") - _transferred(old, "Write")) / seconds
        periods = _at(data, "cpu", "throttling", "periods")
        periods -= _at(old, "cpu", "throttling", "periods")
        held = _at(data, "cpu", "throttling", "throttledPeriods")
        held -= _at(old, "cpu", "throttling", "throttledPeriods")
        self.throttled = 100 * held / periods if periods > 0 else 0.0
        self.pressure = [_pressure(data[name]) for name in ("cpu", "memory", "blkio")]
        self.oom_kills = data["memory"].get("oomKills", 0)


def _at(data: dict[str, Any], *keys: str) -> int:
    found: Any = data
    for key in keys:
        found = found.get(key, {})
    return found or 0


def _transferred(data: dict[str, Any], operation: str) -> int:
    entries = data["blkio"].get("ioServiceBytesRecursive", ())
    return sum(entry.get("value", 0) for entry in entries if entry.get("op") == operation)


def _pressure(part: dict[str, Any]) -> float | None:
    some: dict[str, float] = part.get("psi", {}).get("some", {})
    return some.get("avg10")


def look(root: str, ids: Sequence[str]) -> dict[str, Look]:
    """At the containers named, or at all that run; those that end meanwhile are left out."""
    found = {}
    for container_id in ids or _all(root):
        try:
            found[container_id] = Look(collect(cgroup_of(running(root, container_id))))
        except (NotFound, NotRunning, CgroupError):
            continue
        except Error:
            if ids:
                raise
    return found


def _all(root: str) -> list[str]:
    try:
        return state.list_ids(root)
    except FileNotFoundError:
        return []


def rows(before: dict[str, Look], now: dict[str, Look]) -> list[Row]:
    """Of the containers that both looks saw; the busiest first."""
    found = [Row(name, before[name], now[name]) for name in now if name in before]
    return sorted(found, key=lambda row: (-row.cpu, row.id))
