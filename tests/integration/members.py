# SPDX-License-Identifier: Apache-2.0
"""Processes that a test puts into a cgroup, and ends by their pids."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pyruntime.cgroups
from pyruntime.errors import Error

if TYPE_CHECKING:
    from pyruntime.cgroups.base import Cgroup

SLEEP = ["/bin/sleep", "1000"]
# Runs away: at every moment a new process, the old one gone. Gives up if nobody catches it.
FUGITIVE = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    "import os, time\nend = time.monotonic() + 30\nos.write(1, b'.')\nos.close(1)\n"
    "while time.monotonic() < end:\n if os.fork(): os._exit(0)",
]
# Takes SIGTERM as a message and ends with status 7. (One that is fatal ends a process even
# in a frozen cgroup2.)
LISTENER = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    "import os, _signal as s\ns.pthread_sigmask(s.SIG_BLOCK, {15})\n"
    "os.write(1, b'.')\ns.sigwait({15})\nos._exit(7)",
]


def joiner(cgroup: Cgroup, path: str = "") -> Callable[[], None]:
    """Makes the calling process a member, as the init does, or of one cgroup2 directory."""
    files = [path + "/cgroup.procs"] if path else cgroup.join_paths()
    if not path and "" in cgroup.paths:
        files.append(cgroup.paths[""] + "/cgroup.procs")

    def join() -> None:
        for file in files:
            fd = os.open(file, os.O_WRONLY)
            os.write(fd, b"0")
            os.close(fd)

    return join


@contextmanager
def member(
    cgroup: Cgroup, argv: list[str] | None = None, path: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the cgroup, killed and reaped at the end."""
    process = subprocess.Popen(
        argv or SLEEP,
        preexec_fn=joiner(cgroup, path),  # noqa: PLW1509
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        if cgroup.frozen():
            cgroup.thaw()  # or a v1 member never ends
        process.wait(30)
        assert process.stdout
        process.stdout.close()


def ended_by(process: subprocess.Popen[bytes], timeout: float = 10) -> str:
    """The name of the signal that ends the process, waited for."""
    return signal.Signals(-process.wait(timeout)).name


def ready(process: subprocess.Popen[bytes]) -> None:
    """Wait until FUGITIVE or LISTENER has said that it is there."""
    assert process.stdout
    assert process.stdout.read(1) == b"."


def ends(pid: int, milliseconds: int) -> bool:
    """Whether a child that runs now ends within the time."""
    fd = os.pidfd_open(pid)
    try:
        waiter = select.poll()
        waiter.register(fd, select.POLLIN)
        return bool(waiter.poll(milliseconds))
    finally:
        os.close(fd)


def as_nobody(action: Callable[[], str], uid: int = 65534) -> str:
    """What the action returns, or the message of its error, in a child with no capability.

    The modules are imported before: nobody may be unable to read the source tree.
    """
    for module in iter_modules(pyruntime.cgroups.__path__, "pyruntime.cgroups."):
        import_module(module.name)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            said = action()
        except Error as err:
            said = f"{type(err).__name__}: {err}"
        except BaseException as err:
            said = f"unexpected {err!r}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        said = file.read()
    os.waitpid(pid, 0)
    return said


def runs(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
