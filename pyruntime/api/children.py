# SPDX-License-Identifier: Apache-2.0
"""The processes that a Runtime has started, reaped whenever anybody waits for one of them.

The first process of a pid namespace can't end before every other one in it is reaped, and those
that exec has added are children of this process: so who waits for a container waits for them.
"""

from __future__ import annotations

import math
import os
import select
import threading
from time import monotonic
from weakref import WeakValueDictionary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.api.ending import Ending
    from pyruntime.state import Record


LONGEST = 1 << 30  # of a single poll, in milliseconds


class Children:
    """One descriptor, an epoll of all pidfds: readable when there is something to tend."""

    __slots__ = ("_epoll", "_firsts", "_lock", "_parent", "_running")

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._epoll = select.epoll()
        self._running: dict[int, Ending] = {}
        self._firsts: WeakValueDictionary[tuple[str, int, int], Ending] = WeakValueDictionary()
        self._parent = os.getpid()

    def _is_parent(self) -> None:
        """A copy in a forked process has no children; the epoll would be its parent's still."""
        if os.getpid() != self._parent:
            self._begin()

    def fileno(self) -> int:
        self._is_parent()
        return self._epoll.fileno()

    def add(self, ending: Ending) -> None:
        """A child of this process, from now on reaped here."""
        self._is_parent()
        with self._lock:
            self._running[ending.pidfd] = ending
            self._epoll.register(ending.pidfd, select.EPOLLIN)

    def add_first(self, ending: Ending, record: Record) -> None:
        """As add; it is a container's first process."""
        self.add(ending)
        self._firsts[_key(record)] = ending

    def first(self, record: Record) -> Ending | None:
        """The end of a container's first process, if it was started here."""
        self._is_parent()
        return self._firsts.get(_key(record))

    def of(self, container_id: str) -> list[Ending]:
        """Those of a container that are not reaped."""
        self.tend()
        with self._lock:
            return [child for child in self._running.values() if child.container == container_id]

    def tend(self) -> None:
        """Reap all that have ended, at once."""
        self._is_parent()
        with self._lock:
            for fd, _ in self._epoll.poll(0):
                if self._running[fd].poll():
                    self._epoll.unregister(fd)
                    del self._running[fd]  # which may close it

    def wait(self, ending: Ending, deadline: float | None) -> bool:
        """Until it ends, or until `deadline` on the monotonic clock; whether it has ended."""
        poll = select.poll()
        poll.register(ending.pidfd, select.POLLIN)
        poll.register(self, select.POLLIN)
        while True:
            self.tend()
            if ending.poll():
                return True
            left = None if deadline is None else deadline - monotonic()
            if left is not None and left <= 0:
                return False
            poll.poll(None if left is None else min(math.ceil(left * 1000), LONGEST))

    async def wait_async(self, ending: Ending) -> None:
        """The same in a task of asyncio, which may be cancelled."""
        while True:
            self.tend()
            if ending.poll():
                return
            await readable((ending.pidfd, self.fileno()), None)


def _key(record: Record) -> tuple[str, int, int]:
    return (record.id, record.pid, record.pid_start)


async def readable(fds: tuple[int, ...], seconds: float | None) -> None:
    """Until one of the descriptors can be read, or the time is over."""
    import asyncio

    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    watched: list[int] = []
    try:
        for fd in fds:
            watched.append(os.dup(fd))  # a loop has one reader a descriptor: each waiter its own
            loop.add_reader(watched[-1], event.set)
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        pass
    finally:
        for fd in watched:
            loop.remove_reader(fd)
            os.close(fd)
