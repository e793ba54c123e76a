# SPDX-License-Identifier: Apache-2.0
"""Runs a plan in a child with namespaces of its own, and looks around there afterwards.

The child's mount namespace is private from the start, so no test can reach the host's
mounts. It does not know any operation.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyruntime.plan import ops
from pyruntime.plan.encode import encode
from pyruntime.plan.step import Step

_shim = pytest.importorskip("pyruntime._shim", reason="not built: run ./dev build")

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_BIND, MS_REC = 1, 4096, 16384
MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
ATIME, NOATIME, STRICTATIME = 0x70, 0x10, 0x20

AT_FDCWD, RENAME_EXCHANGE = -100, 2
NR_OPEN_TREE, OPEN_TREE_CLONE = 428, 1
BASE = 200
MSG_WARN, MSG_ERROR = 4, 5
_libc = ctypes.CDLL(None, use_errno=True)


class Outcome:
    """result: 0 or -errno. step, what, path, text: of the reported failure. value: what
    the test's `after` function gave."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.result: int = raw["result"]
        self.step: int = raw["step"]
        self.what: str = raw["what"]
        self.path: str = raw["path"]
        self.text: str = raw["text"]
        self.warnings: list[str] = raw["warnings"]
        self.value: Any = raw["value"]

    @property
    def errno(self) -> int:
        return -self.result

    def __repr__(self) -> str:
        return f"Outcome({self.__dict__})"


class _Steps:
    """The part of a Plan that the encoder reads."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)
        self.preserve = 0


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2), for what a test sets up before the plan."""
    words = [os.fsencode(text) for text in (source, target, fstype)]
    if _libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(data) if data else None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def open_tree(path: os.PathLike[str]) -> int:
    """A detached copy of a mount, as the runtime gives it to the init."""
    fd = _libc.syscall(NR_OPEN_TREE, AT_FDCWD, os.fsencode(path), OPEN_TREE_CLONE)
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(path))
    return int(fd)


def unshare(flags: int) -> None:
    if _libc.unshare(ctypes.c_int(flags)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mounts() -> dict[str, dict[str, str]]:
    """This namespace's mounts by mount point (of several, the uppermost)."""
    found = {}
    with open("/proc/thread-self/mountinfo") as file:
        for line in file:
            left, right = line.rstrip("\n").split(" - ")
            fields = left.split(" ")
            fstype, source, super_options = right.split(" ")
            found[fields[4]] = {
                "root": fields[3],
                "options": fields[5],
                "tags": " ".join(fields[6:]),
                "fstype": fstype,
                "source": source,
                "super": super_options,
            }
    return found


def container(rootfs: os.PathLike[str], *, propagation: int = MS_REC | MS_SLAVE) -> list[Step]:
    """The steps that come before the mounts of a container."""
    return [
        ops.procfs_open(""),
        ops.propagation("", flags=propagation),
        ops.rootfs_open("", path=os.fspath(rootfs)),
    ]


@contextmanager
def exchanging(one: Path, other: Path) -> Iterator[None]:
    """Another process that exchanges two names, over and over, all the while."""
    names = os.fsencode(one), os.fsencode(other)
    pid = os.fork()
    if pid == 0:
        while _libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
            pass
        os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the exchange failed"


def _messages(sock: socket.socket) -> dict[str, Any]:
    told: dict[str, Any] = {"step": -1, "what": "", "path": "", "text": "", "warnings": []}
    told["fds"] = []
    sock.setblocking(False)
    while True:
        try:
            data, fds, _, _ = socket.recv_fds(sock, 4096, 1)
        except BlockingIOError:
            return told
        kind, step, _err, _length = struct.unpack_from("<IIiI", data)
        told["fds"] += fds  # they stay open: a terminal ends with its master
        if kind not in (MSG_WARN, MSG_ERROR):
            continue
        what, path, text = data[16:].decode().split("\0")
        if kind == MSG_WARN:
            told["warnings"].append(what)
        if kind == MSG_ERROR:
            told |= {"step": step, "what": what, "path": path, "text": text}


def _child(
    steps: Sequence[Step],
    before: Callable[[], object] | None,
    after: Callable[[], object] | None,
    namespaces: int,
) -> dict[str, Any]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.dup2(theirs.fileno(), BASE)
    unshare(CLONE_NEWNS | namespaces)
    mount("", "/", flags=MS_REC | MS_PRIVATE)
    if before:
        before()
    plan = encode(_Steps(steps))  # type: ignore[arg-type]
    result = _shim.lib.pyr_plan_run(_shim.ffi.from_buffer(plan), len(plan), BASE)
    raw = _messages(ours) | {"result": result, "value": None}
    if after:
        raw["value"] = after()
    return raw


def run(
    steps: Sequence[Step],
    after: Callable[[], object] | None = None,
    *,
    before: Callable[[], object] | None = None,
    namespaces: int = 0,
) -> Outcome:
    """Runs the steps; `before` and `after` are called in the same child. What `after` gives
    must be plain data. An exception in the child fails the test with its traceback."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer: Any = _child(steps, before, after, namespaces)
        except BaseException:
            answer = traceback.format_exc()
        os.write(write, marshal.dumps(answer))
        sys.stdout.flush()
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    assert data, "the child died"
    answer = marshal.loads(data)
    assert isinstance(answer, dict), answer
    return Outcome(answer)
