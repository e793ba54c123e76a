# SPDX-License-Identifier: Apache-2.0
"""Run one command of a runtime and time it.

A command is timed around posix_spawn and wait, so that Python's own work (pipes, buffers)
is left out. Its error output goes to a file and is shown only when it fails.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """A command of a runtime failed; the message holds what it said."""


class Runtime:
    """One runtime under measurement, with a state directory of its own."""

    def __init__(self, name: str, path: str, work: Path) -> None:
        self.name = name
        self.path = path
        self.root = work / f"root-{name}"
        self.errors = work / f"stderr-{name}"
        self.root.mkdir(mode=0o700)

    def spawn(self, *args: str) -> int:
        """Start a command, stdio on /dev/null and the error file; its pid."""
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.fspath(self.errors), write, 0o600),
        ]
        argv = [self.path, "--root", os.fspath(self.root), *args]
        return os.posix_spawn(self.path, argv, os.environ, file_actions=actions)

    def timed(self, *args: str) -> float:
        """Seconds that a command takes. Raises Failed when it does not exit 0."""
        start = time.perf_counter()
        pid = self.spawn(*args)
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - start
        code = os.waitstatus_to_exitcode(status)
        if code:
            said = self.errors.read_text(errors="replace").strip()
            raise Failed(f"{self.name} {' '.join(args)}: exit {code}: {said}")
        return took

    def succeeds(self, *args: str, timeout: float) -> bool:
        """Whether a command exits 0 within `timeout` seconds; it is killed after that."""
        pid = self.spawn(*args)
        if not await_end(pid, timeout):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status) == 0

    def remove(self, container: str) -> None:
        """Delete a container in whatever state it is; nothing when there is none."""
        os.waitpid(self.spawn("delete", "--force", container), 0)
        reap()


def await_end(pid: int, timeout: float | None = None) -> bool:
    """Wait until a process ends (it may be a zombie then); False when time runs out."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))
    finally:
        os.close(descriptor)


def adopt_orphans() -> None:
    """Become the parent of the containers' processes, so that none stays a zombie.

    prctl(2), PR_SET_CHILD_SUBREAPER. Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl PR_SET_CHILD_SUBREAPER")


def reap() -> None:
    """Collect every child that has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
