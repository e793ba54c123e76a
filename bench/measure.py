# SPDX-License-Identifier: Apache-2.0
"""Run commands of a runtime and time them.

A command is timed around posix_spawn and wait, so that Python's own work (pipes, buffers)
is left out. Its error output goes to a file and is shown only when it fails.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from stopping import STOP

PR_SET_CHILD_SUBREAPER = 36
# After this, in seconds, a command is taken to hang.
PATIENCE = 120.0


class Failed(Exception):
    """A command of a runtime failed; the message holds what it said."""


class Runtime:
    """One runtime under measurement, with a state directory of its own.

    name is for the tables. options go before every command. work is where its files go; the
    directory's name is part of the ids.
    """

    def __init__(self, name: str, path: str, work: Path, options: Sequence[str] = ()) -> None:
        self.name = name
        self.path = path
        self.work = work
        self.options = options
        self.root = work / "state"
        self.errors = work / "stderr"
        self.made = 0
        self.root.mkdir(mode=0o700, parents=True)

    def new_id(self, what: str) -> str:
        """An id that no other container has, nor one of another benchmark."""
        self.made += 1
        return f"bench{os.getpid()}-{what}-{self.work.name}-{self.made}"

    def spawn(self, *args: str, output: Path | None = None) -> int:
        """Start a command, stdio on /dev/null (or `output`) and the error file; its pid.

        It gets a process group of its own: what is typed at the terminal is for us.
        """
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.fspath(output or os.devnull), write, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, os.fspath(self.errors), write, 0o600),
        ]
        argv = [self.path, "--root", os.fspath(self.root), *self.options, *args]
        return os.posix_spawn(self.path, argv, os.environ, file_actions=actions, setpgroup=0)

    def timed(self, *args: str) -> float:
        """Seconds that a command takes. Raises Failed when it does not exit 0."""
        STOP.check()
        start = time.perf_counter()
        pid = self.spawn(*args)
        status = wait(pid, PATIENCE)
        took = time.perf_counter() - start
        self.judge(status, args)
        return took

    def judge(self, status: int, args: Sequence[str]) -> None:
        """Raises Failed when the wait status is not that of success."""
        code = os.waitstatus_to_exitcode(status)
        if code:
            said = self.errors.read_text(errors="replace").strip()
            raise Failed(f"{self.name} {' '.join(args)}: exit {code}: {said}")

    def succeeds(self, *args: str, timeout: float) -> bool:
        """Whether a command exits 0 within `timeout` seconds; it is killed after that."""
        STOP.check()
        return os.waitstatus_to_exitcode(wait(self.spawn(*args), timeout)) == 0

    def pid_file(self, container: str) -> Path:
        return self.work / f"{container}.pid"

    def pid(self, container: str) -> int:
        """The pid of the init, of a container that was made with its pid_file."""
        return int(self.pid_file(container).read_text())

    def making(self, verb: str, bundle: Path, container: str) -> list[str]:
        """The command that makes a container: create, or run in the background."""
        detach = ["--detach"] if verb == "run" else []
        pid_file = os.fspath(self.pid_file(container))
        return [verb, *detach, "--bundle", os.fspath(bundle), "--pid-file", pid_file, container]

    def end(self, container: str) -> None:
        """Have the init die, and wait for that."""
        pid = self.pid(container)
        os.kill(pid, signal.SIGKILL)
        await_end(pid)
        reap()

    def remove(self, *containers: str) -> None:
        """Delete containers in whatever state they are; nothing where there is none."""
        commands = [(self, ("delete", "--force", container)) for container in containers]
        run_all(commands, at_once=8, stoppable=False)
        for container in containers:
            self.pid_file(container).unlink(missing_ok=True)

    def left(self) -> list[str]:
        """The ids that its state directory holds; what begins with @ are files of its own."""
        return sorted(name for name in os.listdir(self.root) if not name.startswith("@"))


def run_all(
    commands: Iterable[tuple[Runtime, Sequence[str]]], at_once: int, stoppable: bool = True
) -> list[int]:
    """Run commands, `at_once` of them at a time; gives their wait statuses in order.

    While it runs, nobody else may start or wait for a child.
    """
    statuses: list[int] = []
    running: dict[int, int] = {}
    for runtime, args in commands:
        if stoppable and STOP.number:
            break
        while len(running) >= at_once:
            _collect(running, statuses)
        running[runtime.spawn(*args)] = len(statuses)
        statuses.append(-1)
    while running:
        _collect(running, statuses)
    if stoppable:
        STOP.check()
    return statuses


def _collect(running: dict[int, int], statuses: list[int]) -> None:
    pid, status = os.waitpid(-1, 0)  # or the init of a container that has ended
    if pid in running:
        statuses[running.pop(pid)] = status


def wait(pid: int, timeout: float) -> int:
    """The wait status of a child; it is killed after `timeout` seconds."""
    if not await_end(pid, timeout):
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


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
