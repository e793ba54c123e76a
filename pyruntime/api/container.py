# SPDX-License-Identifier: Apache-2.0
"""One container: everything that can be done to it once it is created."""

from __future__ import annotations

import _signal
import os
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Literal, overload

from pyruntime import jsontext, state
from pyruntime.api import executing
from pyruntime.api.ending import Ending
from pyruntime.api.events import EventStream
from pyruntime.api.results import State, Status, state_of
from pyruntime.api.stats import Stats, stats_of
from pyruntime.api.talk import Streams, timed_out
from pyruntime.errors import NotFound, NotRunning, TimeoutExpired
from pyruntime.lifecycle import delete, events, freeze, kill, start, update
from pyruntime.lifecycle.status import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self, Unpack

    from pyruntime.api.executing import ExecOptions
    from pyruntime.api.process import Process
    from pyruntime.api.results import Completed
    from pyruntime.api.runtime import Runtime
    from pyruntime.api.stdio import Terminal
    from pyruntime.state import Record

REAP_SECONDS = 10.0


class Container:
    """Made by Runtime.create and Runtime.launch, found by Runtime.get and Runtime.list.

    As a context manager one that was made is deleted in the end, by force; one that was found
    is only let go. stdin, stdout, stderr: this side of the first process's pipes, in bytes,
    None without. terminal: its near end, if config.json asks for one. Threads may share it.
    """

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def __init__(
        self,
        runtime: Runtime,
        container_id: str,
        ending: Ending | None = None,
        streams: Streams[bytes] | None = None,
        terminal: Terminal | None = None,
    ) -> None:
        """ending: of the init, if this process is its parent."""
        self.runtime = runtime
        self.id = container_id
        self.terminal = terminal
        self._made = ending is not None
        self._ending = ending
        self._streams: Streams[bytes] = streams or Streams((-1, -1, -1), None, None)
        self.stdin = self._streams.stdin
        self.stdout = self._streams.stdout
        self.stderr = self._streams.stderr

    def __repr__(self) -> str:
        return f"<Container {self.id} in {self.runtime.root}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._made:
                self.delete(force=True)
        finally:
            self.close()

    def close(self) -> None:
        """Close the pipes and the terminal. The container stays as it is."""
        self._streams.close()
        if self.terminal is not None:
            self.terminal.close()

    # What it is

    @property
    def state(self) -> State:
        """At this moment, asked of the kernel. Raises NotFound, StateError."""
        self.runtime.children.tend()
        with state.open_dir(self.runtime.root, self.id) as directory:
            record = directory.read()
            return state_of(record, status_of(directory, record))

    @property
    def status(self) -> Status:
        return self.state.status

    @property
    def pid(self) -> int:
        """Of the first process, on the host; 0 once it has stopped."""
        return self.state.pid

    @property
    def config(self) -> dict[str, Any]:
        """The configuration, as it was at create. Raises NotFound."""
        with state.open_dir(self.runtime.root, self.id) as directory:
            raw = state.read_file("config.json", directory.fd)
        found: dict[str, Any] = jsontext.loads(raw, nulls=False)
        return found

    def _record(self) -> Record:
        with state.open_dir(self.runtime.root, self.id) as directory:
            return directory.read()

    # The first process

    def start(self) -> None:
        """Let a created container's program run. Raises StateError, StepError, HookError."""
        start.start(self.runtime.root, self.id, self.runtime.log, managed=False)

    def _end(self) -> Ending:
        """Raises NotRunning when another's container has none any more."""
        if self._ending is None:
            record = self._record()
            self._ending = self.runtime.children.first(record) or _anothers(record)
        return self._ending

    @property
    def returncode(self) -> int | None:
        """As subprocess has it: the exit status, or minus the signal. None before the end was
        noticed by a wait, and where only the container's parent can know.
        """
        return self._ending.returncode if self._ending is not None else None

    def fileno(self) -> int:
        """The pidfd of the first process: readable once it has ended; good for poll and
        add_reader. It stays this object's. Raises NotFound, NotRunning.
        """
        return self._end().pidfd

    def poll(self) -> int | None:
        """returncode if the container has ended, else None; at once."""
        try:
            return self.returncode if self._end().poll() else None
        except NotRunning:
            return None

    def wait(self, timeout: float | None = None) -> int | None:
        """Until its first process ends; its returncode. timeout: in seconds.

        Raises TimeoutExpired, NotFound.
        """
        try:
            ended = self._wait(None if timeout is None else monotonic() + timeout)
        except NotRunning:
            return None
        if not ended:
            raise timed_out(timeout)
        return self.returncode

    def _wait(self, deadline: float | None) -> bool:
        return self.runtime.children.wait(self._end(), deadline)

    async def wait_async(self) -> int | None:
        """The same in a task of asyncio."""
        try:
            await self.runtime.children.wait_async(self._end())
        except NotRunning:
            return None
        return self.returncode

    def communicate(
        self, input: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Give it the input, read both outputs to their end, wait; what it wrote, empty without
        a pipe. Raises TimeoutExpired; it can be called again after it.
        """
        return self._streams.communicate(input, self._wait, timeout)

    def signal(self, signal: int | str, *, everyone: bool = False) -> None:
        """To the first process, or to all. A number, or a name such as "TERM".

        Raises NotRunning, NotFound, UsageError, CgroupError.
        """
        number = kill.parse_signal(signal) if isinstance(signal, str) else signal
        log = self.runtime.log
        kill.kill(self.runtime.root, self.id, number, everyone=everyone, warn=log.warn)

    def kill(self) -> None:
        """SIGKILL: the end of all its processes. Raises NotRunning, NotFound."""
        self.signal(_signal.SIGKILL)

    def stop(self, timeout: float = 10.0) -> int | None:
        """SIGTERM, and SIGKILL `timeout` seconds later; the returncode. A container that has
        ended is no error. Raises NotFound.
        """
        try:
            self.signal(_signal.SIGTERM)
            return self.wait(timeout)
        except NotRunning:
            return self.wait()
        except TimeoutExpired:
            self.kill()
            return self.wait()

    # More processes

    @overload
    def exec(
        self,
        args: Sequence[str] | Mapping[str, Any],
        *,
        text: Literal[False] = False,
        **options: Unpack[ExecOptions],
    ) -> Process[bytes]: ...

    @overload
    def exec(
        self,
        args: Sequence[str] | Mapping[str, Any],
        *,
        text: Literal[True],
        **options: Unpack[ExecOptions],
    ) -> Process[str]: ...

    def exec(
        self,
        args: Sequence[str] | Mapping[str, Any],
        *,
        text: bool = False,
        **options: Unpack[ExecOptions],
    ) -> Process[Any]:
        """Start another process in the container; ExecOptions has all that can be said of it.

        args: its arguments, the rest as the container's own process has it; or a whole `process`
        as config.json would have it. text: the pipes are for str instead of bytes.

        Returns once the program runs. Raises StateError, StepError, ConfigError.
        """
        return executing.begin(self, args, text, options)

    @overload
    def run(
        self,
        args: Sequence[str] | Mapping[str, Any],
        *,
        input: bytes | None = None,
        capture_output: bool = False,
        check: bool = False,
        timeout: float | None = None,
        text: Literal[False] = False,
        **options: Unpack[ExecOptions],
    ) -> Completed[bytes]: ...

    @overload
    def run(
        self,
        args: Sequence[str] | Mapping[str, Any],
        *,
        input: str | None = None,
        capture_output: bool = False,
        check: bool = False,
        timeout: float | None = None,
        text: Literal[True],
        **options: Unpack[ExecOptions],
    ) -> Completed[str]: ...

    def run(
        self,
        args: Sequence[str] | Mapping[str, Any],
        *,
        input: Any = None,
        capture_output: bool = False,
        check: bool = False,
        timeout: float | None = None,
        text: bool = False,
        **options: Unpack[ExecOptions],
    ) -> Completed[Any]:
        """exec, and wait for the end. The parameters are those of subprocess.run.

        Raises CommandFailed with check, TimeoutExpired once it was killed, and what exec does.
        """
        piped = executing.with_pipes(options, input is not None, capture_output)
        process: Process[Any] = self.exec(args, text=text, **piped)  # type: ignore[call-overload]
        return executing.finish(process, input, timeout, check=check)

    # The whole container

    def pause(self) -> None:
        """Freeze all its processes. Raises StateError, CgroupError."""
        freeze.pause(self.runtime.root, self.id)

    def resume(self) -> None:
        """Raises StateError, CgroupError."""
        freeze.resume(self.runtime.root, self.id)

    def processes(self) -> list[int]:
        """The pids of all its processes, on the host. Raises StateError."""
        return freeze.processes(self.runtime.root, self.id)

    def update(self, resources: Mapping[str, Any] | None = None, /, **sections: Any) -> None:
        """Change limits: an object like linux.resources, or its members by name, as
        `update(memory={"limit": 64 << 20})`. All of it or nothing.

        Raises ConfigError, CgroupError, NotRunning, NotFound.
        """
        wanted = {**(resources or {}), **sections}
        update.update(self.runtime.root, self.id, wanted, self.runtime.log)

    def stats(self) -> Stats:
        """Raises NotRunning, NotFound, CgroupError."""
        return stats_of(self.id, events.stats(self.runtime.root, self.id)["data"])

    def events(self, interval: float | None = None) -> EventStream:
        """Lack of memory and the end as they happen, and statistics every `interval` seconds if
        it is given. Raises NotRunning, NotFound, CgroupError.
        """
        record = events.running(self.runtime.root, self.id)
        return EventStream(
            record, freeze.cgroup_of(record), self._end(), self.runtime.children, interval
        )

    def delete(self, *, force: bool = False) -> None:
        """One that is created or has stopped; with force any, and none at all is no error.

        Raises StateError, NotFound, CgroupError.
        """
        children = self.runtime.children
        if force and children.of(self.id):
            self._end_children()
        delete.delete(self.runtime.root, self.id, self.runtime.log, force=force)
        self._made = False  # another one may get the id
        children.tend()

    def _end_children(self) -> None:
        """What exec has added would keep the init from ending while it is not reaped."""
        try:
            self.kill()
        except (NotFound, NotRunning):
            pass
        deadline = monotonic() + REAP_SECONDS
        for child in self.runtime.children.of(self.id):
            self.runtime.children.wait(child, deadline)


def _anothers(record: Record) -> Ending:
    """The end of a process that was started elsewhere. Raises NotRunning."""
    try:
        ending = Ending(record.id, os.pidfd_open(record.pid), own=False)
    except (OSError, ValueError):  # a pid of 0 is invalid
        raise NotRunning("container not running") from None
    if not state.alive(record):
        raise NotRunning("container not running")
    return ending
