# SPDX-License-Identifier: Apache-2.0
"""A container's statistics as values: what is counted since its start, and what is in use."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A limit from here on is what cgroup v1 has for none.
NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Pressure:
    """Percent of the last 10, 60 and 300 seconds that some task waited; total in microseconds
    (Linux, accounting/psi.rst).
    """

    avg10: float
    avg60: float
    avg300: float
    total: int


@dataclass(frozen=True, slots=True)
class CpuStats:
    """Times in nanoseconds; periods are those of a quota. pressure: None where the kernel has
    no such measure.
    """

    total: int
    user: int
    system: int
    periods: int
    throttled_periods: int
    throttled_time: int
    pressure: Pressure | None


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """In bytes. limit: None without one. swap: memory and swap together, 0 when it is not
    counted. oom_kills: processes killed for lack of memory.
    """

    usage: int
    peak: int
    limit: int | None
    cache: int
    swap: int
    oom_kills: int
    pressure: Pressure | None


@dataclass(frozen=True, slots=True)
class PidsStats:
    current: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class IoStats:
    """Of all devices together; what the kernel counts depends on the scheduler."""

    read_bytes: int
    written_bytes: int
    reads: int
    writes: int
    pressure: Pressure | None


@dataclass(frozen=True, slots=True)
class NetworkStats:
    """Of one interface, as the container sees it."""

    name: str
    received_bytes: int
    received_packets: int
    received_errors: int
    received_dropped: int
    sent_bytes: int
    sent_packets: int
    sent_errors: int
    sent_dropped: int


@dataclass(frozen=True, slots=True)
class Stats:
    """At one moment: taken is its time on the monotonic clock. raw: the data of the "stats" event
    that `pyruntime events` prints, all of it.
    """

    id: str
    cpu: CpuStats
    memory: MemoryStats
    pids: PidsStats
    io: IoStats
    network: tuple[NetworkStats, ...]
    raw: Mapping[str, Any] = field(repr=False)
    taken: float = field(default_factory=monotonic)

    def cpu_percent(self, before: Stats) -> float:
        """Of one CPU, since an earlier look at the same container."""
        seconds = max(self.taken - before.taken, 1e-6)
        return (self.cpu.total - before.cpu.total) / (seconds * 1e7)


def stats_of(container_id: str, data: Mapping[str, Any]) -> Stats:
    """data: of an event of type "stats"."""
    return Stats(
        id=container_id,
        cpu=_cpu(data["cpu"]),
        memory=_memory(data["memory"]),
        pids=PidsStats(_at(data, "pids", "current"), _at(data, "pids", "limit") or None),
        io=_io(data["blkio"]),
        network=tuple(map(_network, data.get("network_interfaces") or ())),
        raw=data,
    )


def _at(data: Mapping[str, Any], *keys: str) -> int:
    found: Any = data
    for key in keys:
        found = found.get(key, {})
    return found or 0


def _cpu(data: Mapping[str, Any]) -> CpuStats:
    return CpuStats(
        total=_at(data, "usage", "total"),
        user=_at(data, "usage", "user"),
        system=_at(data, "usage", "kernel"),
        periods=_at(data, "throttling", "periods"),
        throttled_periods=_at(data, "throttling", "throttledPeriods"),
        throttled_time=_at(data, "throttling", "throttledTime"),
        pressure=_pressure(data),
    )


def _memory(data: Mapping[str, Any]) -> MemoryStats:
    limit = _at(data, "usage", "limit") or NO_LIMIT
    return MemoryStats(
        usage=_at(data, "usage", "usage"),
        peak=_at(data, "usage", "max"),
        limit=None if limit >= NO_LIMIT else limit,
        cache=_at(data, "cache"),
        swap=_at(data, "swap", "usage"),
        oom_kills=_at(data, "oomKills"),
        pressure=_pressure(data),
    )


def _io(data: Mapping[str, Any]) -> IoStats:
    return IoStats(
        read_bytes=_sum(data.get("ioServiceBytesRecursive", ()), "Read"),
        written_bytes=_sum(data.get("ioServiceBytesRecursive", ()), "Write"),
        reads=_sum(data.get("ioServicedRecursive", ()), "Read"),
        writes=_sum(data.get("ioServicedRecursive", ()), "Write"),
        pressure=_pressure(data),
    )


def _sum(entries: Sequence[Mapping[str, Any]], operation: str) -> int:
    return sum(entry.get("value", 0) for entry in entries if entry.get("op") == operation)


def _pressure(data: Mapping[str, Any]) -> Pressure | None:
    some = data.get("psi", {}).get("some")
    return Pressure(**{name: some[name] for name in Pressure.__slots__}) if some else None


def _network(entry: Mapping[str, Any]) -> NetworkStats:
    counts = [
        entry.get(f"{direction}{what}", 0)
        for direction in ("Rx", "Tx")
        for what in ("Bytes", "Packets", "Errors", "Dropped")
    ]
    return NetworkStats(entry["Name"], *counts)
