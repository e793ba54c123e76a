# SPDX-License-Identifier: Apache-2.0
"""Statistics from the files of cgroup v1.

Each function takes the controller's directory and gives the controller's part of what
`events` prints. Sources: the kernel's Documentation/admin-guide/cgroup-v1.
"""

from __future__ import annotations

from pyruntime.cgroups.statfile import (
    CPUSET_FLAGS,
    UNLIMITED,
    flat,
    ids,
    number,
    text,
    without_nothing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TICK = 10_000_000  # nanoseconds: the kernel's USER_HZ is 100 on every architecture
BLKIO = (
    ("ioServiceBytesRecursive", "io_service_bytes"),
    ("ioServicedRecursive", "io_serviced"),
    ("ioQueueRecursive", "io_queued"),
    ("ioServiceTimeRecursive", "io_service_time"),
    ("ioWaitTimeRecursive", "io_wait_time"),
    ("ioMergedRecursive", "io_merged"),
    ("ioTimeRecursive", "time"),
    ("sectorsRecursive", "sectors"),
)


def cpu_usage(directory: str) -> dict[str, Any]:
    """cpuacct, in nanoseconds."""
    ticks = flat(text(directory, "cpuacct.stat"))
    user, kernel = per_cpu(text(directory, "cpuacct.usage_all"))
    usage = without_nothing(
        {
            "total": number(text(directory, "cpuacct.usage")),
            "percpu": [int(word) for word in text(directory, "cpuacct.usage_percpu").split()],
            "percpu_kernel": kernel,
            "percpu_user": user,
        }
    )
    return usage | {
        "kernel": ticks.get("system", 0) * TICK,
        "user": ticks.get("user", 0) * TICK,
    }


def per_cpu(content: str) -> tuple[list[int], list[int]]:
    """(user, kernel) by CPU of cpuacct.usage_all: a heading, then "cpu user system" lines."""
    rows = [line.split() for line in content.splitlines()[1:]]
    rows = [row for row in rows if len(row) >= 3]
    return [int(row[1]) for row in rows], [int(row[2]) for row in rows]


def throttling(directory: str) -> dict[str, Any]:
    """cpu; the time in nanoseconds."""
    found = flat(text(directory, "cpu.stat"))
    return without_nothing(
        {
            "periods": found.get("nr_periods", 0),
            "throttledPeriods": found.get("nr_throttled", 0),
            "throttledTime": found.get("throttled_time", 0),
        }
    )


def cpuset(directory: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in ("cpus", "mems"):
        found[key] = ids(text(directory, f"cpuset.{key}"))
    return without_nothing(found) | {
        name: int(text(directory, f"cpuset.{name}") or 0) for name in CPUSET_FLAGS
    }


def memory(directory: str) -> dict[str, Any]:
    """In bytes; swap counts memory and swap together."""
    raw = flat(text(directory, "memory.stat"))
    entries = {
        name: _entry(directory, prefix)
        for name, prefix in (
            ("usage", "memory"),
            ("swap", "memory.memsw"),
            ("kernel", "memory.kmem"),
            ("kernelTCP", "memory.kmem.tcp"),
        )
    }
    found = without_nothing({"cache": raw.get("cache", 0), **entries, "raw": raw})
    kills = flat(text(directory, "memory.oom_control")).get("oom_kill", 0)
    return found | without_nothing({"oomKills": kills})


def _entry(directory: str, prefix: str) -> dict[str, int]:
    usage = text(directory, f"{prefix}.usage_in_bytes")
    if not usage:
        return {}
    found = without_nothing(
        {
            "usage": number(usage),
            "max": number(text(directory, f"{prefix}.max_usage_in_bytes")),
        }
    )
    return found | {
        "limit": number(text(directory, f"{prefix}.limit_in_bytes")),
        "failcnt": number(text(directory, f"{prefix}.failcnt")),
    }


def pids(directory: str) -> dict[str, Any]:
    """No limit is left out."""
    limit = number(text(directory, "pids.max"))
    return without_nothing(
        {
            "current": number(text(directory, "pids.current")),
            "limit": 0 if limit == UNLIMITED else limit,
        }
    )


def blkio(directory: str) -> dict[str, Any]:
    """What the BFQ scheduler counts; without it, what passes the throttle."""
    for scheduler in ("blkio.bfq", "blkio"):
        found = {
            key: blkio_lines(text(directory, f"{scheduler}.{name}_recursive"))
            for key, name in BLKIO
        }
        if any(found.values()):
            return without_nothing(found)
    for suffix in ("_recursive", ""):
        found = {
            key: blkio_lines(text(directory, f"blkio.throttle.{name}{suffix}"))
            for key, name in BLKIO[:2]
        }
        if any(found.values()):
            break
    return without_nothing(found)


def blkio_lines(content: str) -> list[dict[str, Any]]:
    """Lines of "major:minor operation value", or without operation; the total is left out."""
    found = []
    for line in content.splitlines():
        device, *rest = line.split()
        major, colon, minor = device.partition(":")
        if not colon or not rest:
            continue
        entry: dict[str, Any] = {"major": int(major), "minor": int(minor)}
        if len(rest) > 1:
            entry["op"] = rest[0]
        found.append(without_nothing(entry | {"value": int(rest[-1])}))
    return found


def hugetlb(directory: str, size: str) -> dict[str, int]:
    for prefix in (f"hugetlb.{size}.rsvd", f"hugetlb.{size}"):
        usage = text(directory, f"{prefix}.usage_in_bytes")
        if usage:
            break
    found = {
        "usage": number(usage),
        "max": number(text(directory, f"{prefix}.max_usage_in_bytes")),
    }
    return without_nothing(found) | {"failcnt": number(text(directory, f"{prefix}.failcnt"))}
