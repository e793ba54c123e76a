# SPDX-License-Identifier: Apache-2.0
"""events: a container's statistics at intervals, and its lack of memory as it happens.

{"type": "stats", "id": ID, "data": {...}}    at once, then after each interval
{"type": "oom", "id": ID}                     for each process killed for lack of memory
"""

from __future__ import annotations

import os
from errno import ENODEV, ENOENT
from select import POLLIN, poll
from time import monotonic

from pyruntime import state
from pyruntime.cgroups.oom import OomWatch
from pyruntime.cgroups.stats import collect
from pyruntime.errors import CgroupError, NotRunning
from pyruntime.lifecycle.freeze import cgroup_of
from pyruntime.lifecycle.status import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.state import Record

    Emit = Callable[[dict[str, Any]], None]

INTERFACE = ("Bytes", "Packets", "Errors", "Dropped")


def stats(root: str, container_id: str) -> dict[str, Any]:
    """One event of type "stats". Raises NotFound, NotRunning, CgroupError."""
    record = running(root, container_id)
    return stats_event(record, cgroup_of(record))


def events(root: str, container_id: str, interval: float, emit: Emit) -> None:
    """Give every event to emit until the container's init ends. interval: in seconds.

    Raises NotFound, NotRunning, CgroupError, and what emit raises.
    """
    record = running(root, container_id)
    cgroup = cgroup_of(record)
    try:
        pidfd = os.pidfd_open(record.pid)
    except ProcessLookupError:
        raise _not_running(container_id) from None
    watch = OomWatch(cgroup)
    try:
        _Stream(record, cgroup, watch, emit).run(pidfd, interval)
    finally:
        watch.close()
        os.close(pidfd)


def running(root: str, container_id: str) -> Record:
    """The record of a container that has processes."""
    with state.open_dir(root, container_id) as directory:
        record = directory.read()
        if status_of(directory, record) in (state.STOPPED, state.CREATING):
            raise _not_running(container_id)
    return record


def _not_running(container_id: str) -> NotRunning:
    return NotRunning(f"container with id {container_id} is not running")


class _Stream:
    __slots__ = ("cgroup", "emit", "record", "watch")

    def __init__(self, record: Record, cgroup: Cgroup, watch: OomWatch, emit: Emit) -> None:
        self.record = record
        self.cgroup = cgroup
        self.watch = watch
        self.emit = emit

    def run(self, pidfd: int, interval: float) -> None:
        poller = poll()
        poller.register(pidfd, POLLIN)
        if self.watch.fd >= 0:
            poller.register(self.watch.fd, self.watch.events)
        due = monotonic()
        while True:
            left = due - monotonic()
            if left <= 0:
                if not self._stats():
                    return
                due = max(due + interval, monotonic())
                continue
            ready = dict(poller.poll(left * 1000))
            self._oom()
            if pidfd in ready:
                return

    def _stats(self) -> bool:
        """False when the cgroup is gone."""
        try:
            self.emit(stats_event(self.record, self.cgroup))
        except CgroupError as err:
            if err.errno in (ENOENT, ENODEV):
                return False
            raise
        return True

    def _oom(self) -> None:
        for _ in range(self.watch.take()):
            self.emit({"type": "oom", "id": self.record.id})


def stats_event(record: Record, cgroup: Cgroup) -> dict[str, Any]:
    """One of type "stats". Raises CgroupError."""
    data = collect(cgroup) | {"network_interfaces": network_interfaces(record.pid)}
    if record.resctrl is not None:
        from pyruntime.host import rdt, rdt_stats  # few containers have a group

        data["intel_rdt"] = rdt_stats.collect(record.resctrl, rdt.find_root())
    return {"type": "stats", "id": record.id, "data": data}


def network_interfaces(pid: int) -> list[dict[str, Any]] | None:
    """Of the process's network namespace when it is not the caller's own, else None."""
    try:
        theirs, ours = os.stat(f"/proc/{pid}/ns/net"), os.stat("/proc/thread-self/ns/net")
        if (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino):
            return None
        content = state.read_file(f"/proc/{pid}/net/dev").decode()
    except OSError:
        return None
    return interface_lines(content)


def interface_lines(content: str) -> list[dict[str, Any]]:
    """/proc/PID/net/dev: two lines of heading, then "name: 8 numbers received, 8 sent"."""
    found = []
    for line in content.splitlines()[2:]:
        name, _, rest = line.partition(":")
        numbers = [int(word) for word in rest.split()]
        if len(numbers) < 12:
            continue
        entry: dict[str, Any] = {"Name": name.strip()}
        for prefix, start in (("Rx", 0), ("Tx", 8)):
            entry |= {
                f"{prefix}{what}": numbers[start + index] for index, what in enumerate(INTERFACE)
            }
        found.append(entry)
    return found
