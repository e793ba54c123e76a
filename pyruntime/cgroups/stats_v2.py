# SPDX-License-Identifier: Apache-2.0
"""Statistics from the files of cgroup2, in the shape that v1 gave them.

Each function takes the cgroup's directory. Source: the kernel's
Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

from pyruntime.cgroups.statfile import (
    CPUSET_FLAGS,
    UNLIMITED,
    USEC,
    flat,
    ids,
    number,
    pressure,
    text,
    without_nothing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# io.stat's key -> (member, operation)
IO = {
    "rbytes": ("ioServiceBytesRecursive", "Read"),
    "wbytes": ("ioServiceBytesRecursive", "Write"),
    "rios": ("ioServicedRecursive", "Read"),
    "wios": ("ioServicedRecursive", "Write"),
}


def cpu(directory: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(usage, throttling), in nanoseconds."""
    found = flat(text(directory, "cpu.stat"))
    usage = without_nothing({"total": found.get("usage_usec", 0) * USEC})
    usage |= {
        "kernel": found.get("system_usec", 0) * USEC,
        "user": found.get("user_usec", 0) * USEC,
    }
    throttling = {
        "periods": found.get("nr_periods", 0),
        "throttledPeriods": found.get("nr_throttled", 0),
        "throttledTime": found.get("throttled_usec", 0) * USEC,
    }
    return usage, without_nothing(throttling)


def cpuset(directory: str) -> dict[str, Any]:
    """The flags that v1 has are zeros, for who reads them; none at all without the controller."""
    found = without_nothing(
        {key: ids(text(directory, f"cpuset.{key}.effective")) for key in ("cpus", "mems")}
    )
    return found | dict.fromkeys(CPUSET_FLAGS, 0) if found else {}


def memory(directory: str) -> dict[str, Any]:
    """In bytes; swap counts memory and swap together, as v1 did."""
    raw = flat(text(directory, "memory.stat"))
    if not raw:
        return {}
    limit, used = number(text(directory, "memory.max")), number(text(directory, "memory.current"))
    events = flat(text(directory, "memory.events"))
    usage = without_nothing({"usage": used, "max": number(text(directory, "memory.peak"))})
    usage |= {"limit": limit, "failcnt": events.get("max", 0)}
    found: dict[str, Any] = {"cache": raw.get("file", 0), "usage": usage}
    swap = text(directory, "memory.swap.current")
    if swap:
        swap_limit = number(text(directory, "memory.swap.max"))
        both = UNLIMITED if UNLIMITED in (limit, swap_limit) else limit + swap_limit
        found["swap"] = without_nothing({"usage": number(swap) + used})
        found["swap"] |= {"limit": both, "failcnt": 0}
    found |= {"raw": raw, "oomKills": events.get("oom_kill", 0)}
    return without_nothing(found)


def pids(directory: str) -> dict[str, Any]:
    """No limit is left out. Without the controller the processes are counted."""
    current = text(directory, "pids.current")
    if not current:
        return without_nothing({"current": len(text(directory, "cgroup.procs").split())})
    limit = number(text(directory, "pids.max"))
    return without_nothing(
        {"current": number(current), "limit": 0 if limit == UNLIMITED else limit}
    )


def io(content: str) -> dict[str, Any]:
    """io.stat: lines of "major:minor key=value ..."."""
    found: dict[str, Any] = {}
    for line in content.splitlines():
        device, *pairs = line.split()
        major, _, minor = device.partition(":")
        for pair in pairs:
            key, _, value = pair.partition("=")
            if key in IO and value.isdigit():
                member, operation = IO[key]
                entry = {"major": int(major), "minor": int(minor), "op": operation}
                entry["value"] = int(value)
                found.setdefault(member, []).append(without_nothing(entry))
    return found


def hugetlb(directory: str, size: str) -> dict[str, int]:
    usage = text(directory, f"hugetlb.{size}.rsvd.current")
    usage = usage or text(directory, f"hugetlb.{size}.current")
    events = flat(text(directory, f"hugetlb.{size}.events"))
    return without_nothing({"usage": number(usage)}) | {"failcnt": events.get("max", 0)}


def pressures(directory: str) -> dict[str, dict[str, Any] | None]:
    """By "cpu", "memory", "io"."""
    return {name: pressure(text(directory, f"{name}.pressure")) for name in ("cpu", "memory", "io")}
