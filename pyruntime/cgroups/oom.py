# SPDX-License-Identifier: Apache-2.0
"""Being told when a cgroup runs out of memory.

cgroup2 changes memory.events, which poll(2) notices; v1 signals an eventfd that was
registered for memory.oom_control. Sources: cgroup-v2.rst, cgroup-v1/memory.rst.
"""

from __future__ import annotations

import os
from select import POLLIN, POLLPRI

from pyruntime.cgroups.files import failure, write
from pyruntime.cgroups.statfile import flat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cgroups.base import Cgroup


class OomWatch:
    """fd: to be polled for `events`; -1 when the host has no memory controller to ask."""

    __slots__ = ("_held", "_killed", "_path", "events", "fd")

    def __init__(self, cgroup: Cgroup) -> None:
        """Raises CgroupError."""
        self.fd = -1
        self.events = 0
        self._held = -1
        self._killed = 0
        self._path = ""
        try:
            if "memory" in cgroup.paths:
                self._watch_v1(cgroup.paths["memory"])
            elif "" in cgroup.paths:
                self._watch_v2(cgroup.paths[""])
        except BaseException:
            self.close()
            raise

    def _watch_v1(self, directory: str) -> None:
        self._path = directory + "/memory.oom_control"
        try:
            self._held = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as err:
            raise failure("open", self._path, err) from None
        self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.events = POLLIN
        write(directory + "/cgroup.event_control", f"{self.fd} {self._held}")

    def _watch_v2(self, directory: str) -> None:
        path = directory + "/memory.events"
        try:
            self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as err:
            raise failure("open", path, err) from None
        self.events = POLLPRI
        self._killed = self._count()

    def take(self) -> int:
        """How often memory has run out since the last call: in cgroup2 the processes killed
        for it, in v1 what the kernel has told."""
        if self.fd < 0:
            return 0
        if self.events == POLLIN:
            return self._told()
        before, self._killed = self._killed, self._count()
        return self._killed - before

    def _told(self) -> int:
        try:
            told = os.eventfd_read(self.fd)
        except BlockingIOError:
            return 0
        return told if os.path.exists(self._path) else 0  # the end of the cgroup is told, too

    def _count(self) -> int:
        """oom_kill; what was read is the state from which a change wakes poll(2)."""
        try:
            return flat(os.pread(self.fd, 4096, 0).decode()).get("oom_kill", 0)
        except OSError:
            return self._killed  # the cgroup is gone

    def close(self) -> None:
        for fd in (self.fd, self._held):
            if fd >= 0:
                os.close(fd)
        self.fd = self._held = -1
