# SPDX-License-Identifier: Apache-2.0
"""The built init, started on a plan as the runtime does it, without the runtime."""

from __future__ import annotations

import os
import signal
import socket
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pyruntime.plan import ops
from pyruntime.plan.encode import encode_steps
from pyruntime.plan.step import Step

_shim = pytest.importorskip("pyruntime._shim", reason="not built: run ./dev build")
ffi, lib = _shim.ffi, _shim.lib

REPO = Path(__file__).resolve().parent.parent.parent
INIT = REPO / "pyruntime/libexec/pyruntime-init"
HEADER = struct.Struct("=IIiI")
GO = HEADER.pack(ops.MSG_GO, 0, 0, 0)


class Message:
    """One packet from the init. text parts: of ERROR and WARN."""

    def __init__(self, packet: bytes, fds: list[int]) -> None:
        self.kind, self.step, self.err, length = HEADER.unpack_from(packet)
        self.data = packet[HEADER.size :]
        self.fds = fds
        assert len(self.data) == length

    @property
    def detail(self) -> list[str]:
        return self.data.decode().split("\0")

    @property
    def phase(self) -> int:
        assert self.kind == ops.MSG_SYNC
        return int.from_bytes(self.data, "little")


class Init:
    """A started init; use it as a context manager: its end kills and reaps the process."""

    def __init__(
        self,
        steps: Sequence[Step] | bytes,
        *,
        flags: int = 0,
        slots: Sequence[int] = (),
        start: int = -1,
        preserve: int = 0,
        given: Sequence[int] | None = None,
    ) -> None:
        plan = steps if isinstance(steps, bytes) else encode_steps(list(steps), preserve)
        self.sync, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        image = checked(lib.pyr_init_image(os.fsencode(INIT)))
        memfd = checked(lib.pyr_memfd(b"plan", plan, len(plan), 0))
        try:
            self.pid, self.pidfd = spawn(
                image, [theirs.fileno(), memfd, start, *slots], flags, preserve, given=given
            )
        except BaseException:
            self.sync.close()
            raise
        finally:
            theirs.close()
            os.close(image)
            os.close(memfd)
        self.status: int | None = None
        self.sync.settimeout(20)

    def __enter__(self) -> Init:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            self.wait()
        self.sync.close()
        os.close(self.pidfd)

    def wait(self) -> int:
        """The wait status, once."""
        if self.status is None:
            self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def receive(self) -> Message | None:
        return receive(self.sync)

    def go(self) -> None:
        self.sync.send(GO)


def receive(sock: socket.socket) -> Message | None:
    """The next message; None at the end of file."""
    packet, fds, _, _ = socket.recv_fds(sock, 4096, 4)
    return Message(packet, fds) if packet else None


def checked(result: int) -> int:
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result


def spawn(
    image: int,
    slots: Sequence[int],
    flags: int = 0,
    preserve: int = 0,
    cgroup: int = -1,
    given: Sequence[int] | None = None,
) -> tuple[int, int]:
    """pid and pidfd. Raises OSError."""
    numbers, first = array("i", slots).tobytes(), array("i", given or ()).tobytes()
    result = checked(
        lib.pyr_spawn(image, flags, cgroup, numbers, len(slots), first, len(given or ()), preserve)
    )
    return result & 0xFFFFFFFF, result >> 32


def program(*args: str, env: Sequence[str] = ("PATH=/usr/bin:/bin",), keep: int = 0) -> list[Step]:
    """The end of every plan: look the program up, execute it."""
    path = next((entry[5:] for entry in env if entry.startswith("PATH=")), "")
    return [
        ops.exec_lookup("", file=args[0], path=path),
        ops.fds_close("", keep=keep),
        ops.execve("", args=args, env=env),
    ]


def output(steps: Sequence[Step], **how: Any) -> str:
    """What the plan's program prints; it must end well."""
    read, write = os.pipe()
    saved = os.dup(1)
    os.dup2(write, 1)
    try:
        init = Init(steps, **how)
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(write)
    with init, open(read) as pipe:
        text = pipe.read()
        message = init.receive()
        assert message is None, message and (message.err, message.detail)
        assert init.wait() == 0
    return text
