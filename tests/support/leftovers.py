# SPDX-License-Identifier: Apache-2.0
"""What a container may leave behind: mounts, cgroups, processes, state. Nothing is allowed.

The test process becomes a subreaper, so that a container's init, orphaned when `create`
ends, is a descendant of ours and can be found and reaped.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
CGROUPS = Path("/sys/fs/cgroup")
EXIT_MS = 2000


def become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def mounts() -> list[str]:
    """Every mount of this mount namespace: its mountinfo line from the root field on."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split(" ", 3)[3] for line in lines]


def cgroups(prefix: str) -> list[str]:
    """Every cgroup of every hierarchy with `prefix` in its path."""
    found = []
    for path, _, _ in os.walk(CGROUPS):
        if prefix in path:
            found.append(path)
    return found


def descendants() -> dict[int, str]:
    """pid -> command line of every process below this one, zombies included."""
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in ours} - ours
        ours |= more
        grown = bool(more)
    return {pid: command_line(pid) for pid in ours - {os.getpid()}}


def command_line(pid: int) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        return raw.replace(b"\0", b" ").decode(errors="replace").strip() or "(gone)"
    except (FileNotFoundError, ProcessLookupError):
        return "(gone)"


def exited(pid: int, timeout_ms: int = EXIT_MS) -> bool:
    """Wait until pid has exited, and reap it when it is our child."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(timeout_ms):
            return False
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            pass
        return True
    finally:
        os.close(fd)


def exiting(pids: list[int], timeout_ms: int = EXIT_MS) -> list[int]:
    """Wait for all of pids at once, reaping our children; those that have not exited in time.

    One after the other would not do: a pid namespace's init can't exit before the other
    processes in it are reaped, and some of these may be children of ours.
    """
    deadline = time.monotonic() + timeout_ms / 1000
    poll = select.poll()
    waiting: dict[int, int] = {}
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            fd = os.pidfd_open(pid)
            waiting[fd] = pid
            poll.register(fd, select.POLLIN)
    try:
        while waiting and (rest := deadline - time.monotonic()) > 0:
            for fd, _ in poll.poll(rest * 1000):
                poll.unregister(fd)
                os.close(fd)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(waiting.pop(fd), os.WNOHANG)
    finally:
        for fd in waiting:
            os.close(fd)
    return list(waiting.values())


class Snapshot:
    """The host before a test; `compare` names what is there after it and was not before.

    prefix marks the ids and cgroups of this test run. roots are the state directories to
    look into. everywhere: count every new mount, not only those that name the prefix or
    one of the paths: right where nobody else works on the machine.
    """

    def __init__(self, prefix: str, roots: list[Path], paths: list[Path], everywhere: bool) -> None:
        self.prefix = prefix
        self.roots = roots
        self.marks = [prefix, *map(str, roots), *map(str, paths)]
        self.everywhere = everywhere
        self.mounts = mounts()
        self.cgroups = set(cgroups(prefix))
        self.processes = set(descendants())

    def new_mounts(self) -> list[str]:
        before = list(self.mounts)
        new = []
        for line in mounts():
            if line in before:
                before.remove(line)
            elif self.everywhere or any(mark in line for mark in self.marks):
                new.append(line)
        return new

    def new_processes(self) -> list[str]:
        """Those that do not end on their own; they are killed, so that the next test starts clean."""
        found = {
            pid: command for pid, command in descendants().items() if pid not in self.processes
        }
        left = exiting(list(found))
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        exiting(left)
        return [f"{pid}: {found[pid]}" for pid in left]

    def states(self) -> list[str]:
        """All but the cache of filters, which is no container's."""
        return [
            str(entry)
            for root in self.roots
            if root.is_dir()
            for entry in root.iterdir()
            if entry.name != "@seccomp"
        ]

    def compare(self) -> list[str]:
        """What is left, one line each; undone afterwards, so that the next test starts clean."""
        processes = self.new_processes()
        new_mounts = self.new_mounts()
        new_cgroups = sorted(set(cgroups(self.prefix)) - self.cgroups)
        found = [
            *(f"process {line}" for line in processes),
            *(f"mount {line}" for line in new_mounts),
            *(f"cgroup {path}" for path in new_cgroups),
            *(f"state {path}" for path in self.states()),
        ]
        self.undo(new_mounts, new_cgroups)
        return found

    def undo(self, new_mounts: list[str], new_cgroups: list[str]) -> None:
        for line in reversed(new_mounts):
            if any(mark in line for mark in self.marks):
                subprocess.run(["umount", "-l", line.split()[1]], check=False)
        for path in reversed(new_cgroups):
            try:
                os.rmdir(path)
            except OSError:
                pass  # the report names it; the test has failed anyway
