# SPDX-License-Identifier: Apache-2.0
"""What happens to a container, as an iterator: for threads, for poll(2), for asyncio."""

from __future__ import annotations

import select
from dataclasses import dataclass
from errno import ENODEV, ENOENT
from time import monotonic
from typing import TypeAlias

from pyruntime.api.children import readable
from pyruntime.api.stats import stats_of
from pyruntime.cgroups.oom import OomWatch
from pyruntime.errors import CgroupError
from pyruntime.lifecycle.events import stats_event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from pyruntime.api.children import Children
    from pyruntime.api.ending import Ending
    from pyruntime.api.stats import Stats
    from pyruntime.cgroups.base import Cgroup
    from pyruntime.state import Record


@dataclass(frozen=True, slots=True)
class StatsEvent:
    """At the beginning, and then at intervals."""

    id: str
    stats: Stats


@dataclass(frozen=True, slots=True)
class OomEvent:
    """A process was killed for lack of memory; in cgroup v1: memory has run out."""

    id: str


@dataclass(frozen=True, slots=True)
class ExitEvent:
    """The last one. returncode: None where only the container's parent can know it."""

    id: str
    returncode: int | None


Event: TypeAlias = StatsEvent | OomEvent | ExitEvent


class EventStream:
    """Iterate, with `for` or `async for`; or poll fileno() for reading and call take().

    It ends after the ExitEvent. Close it, by `with` or close(), if you leave it earlier.
    """

    __slots__ = (
        "_cgroup",
        "_children",
        "_due",
        "_ending",
        "_epoll",
        "_interval",
        "_queue",
        "_record",
        "_watch",
    )

    def __init__(
        self,
        record: Record,
        cgroup: Cgroup,
        ending: Ending,
        children: Children,
        interval: float | None,
    ) -> None:
        """interval: seconds between two StatsEvents, None for none. Raises CgroupError."""
        self._record = record
        self._cgroup = cgroup
        self._ending = ending
        self._children = children
        self._interval = interval
        self._due = monotonic()
        self._queue: list[Event] = []
        self._watch: OomWatch | None = OomWatch(cgroup)
        self._epoll = select.epoll()
        self._epoll.register(ending.pidfd, select.EPOLLIN)
        self._epoll.register(children.fileno(), select.EPOLLIN)
        if self._watch.fd >= 0:
            self._epoll.register(self._watch.fd, self._watch.events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_epoll"):
            self.close()

    def close(self) -> None:
        self._epoll.close()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def fileno(self) -> int:
        """Readable when there may be an OomEvent or the ExitEvent to take."""
        return self._epoll.fileno()

    def take(self) -> list[Event]:
        """What has happened since the last call, and the statistics if they are due. Empty once
        the stream is closed, which the ExitEvent does. Raises CgroupError.
        """
        if self._watch is None:
            return []
        container = self._record.id
        found: list[Event] = [OomEvent(container) for _ in range(self._watch.take())]
        self._children.tend()
        ended = self._ending.poll()
        if not ended and self._interval is not None and monotonic() >= self._due:
            self._due = max(self._due + self._interval, monotonic())
            found += self._stats()
        if ended:
            found.append(ExitEvent(container, self._ending.returncode))
            self.close()
        return found

    def _stats(self) -> list[Event]:
        """Nothing when the cgroup goes at this moment: the end is the next event."""
        try:
            event = stats_event(self._record, self._cgroup)
        except CgroupError as err:
            if err.errno in (ENOENT, ENODEV):
                return []
            raise
        return [StatsEvent(self._record.id, stats_of(self._record.id, event["data"]))]

    def _left(self) -> float | None:
        return None if self._interval is None else max(0.0, self._due - monotonic())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        while not self._queue:
            if self._watch is None:
                raise StopIteration
            self._queue = self.take()
            if not self._queue:
                self._epoll.poll(self._left())
        return self._queue.pop(0)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._queue:
            if self._watch is None:
                raise StopAsyncIteration
            self._queue = self.take()
            if not self._queue:
                await readable((self._epoll.fileno(),), self._left())
        return self._queue.pop(0)
