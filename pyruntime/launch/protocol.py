# SPDX-License-Identifier: Apache-2.0
"""The handshake between the runtime and the init.

One SOCK_SEQPACKET pair, one message format, one message a packet:

    struct { u32 kind; u32 step; s32 err; u32 len; }  + len bytes of data,  <= 4096 bytes

    runtime                                   init (step by step through the plan)
    -------                                   ----
    clone, exec of the init  ───────────────▶ decode the plan
    cgroup is there          ◀─── SYNC CGROUP
                             ─── GO ────────▶ join the cgroup, go on with the mounts
    write its id mappings    ◀─── SYNC USERNS            (only in a new user namespace)
                             ─── GO ────────▶ become its root, make the other namespaces
    this is the init now     ◀─── FD "init" + pidfd      (only when the init has to fork)
    move network devices in  ◀─── SYNC NETWORK           (only when there are any)
                             ─── GO ────────▶ go on with the mounts
    prestart, createRuntime  ◀─── SYNC RUNTIME_HOOKS     (only when there are such hooks)
                             ─── GO ────────▶ pivot_root, ...
    send it to the socket,   ◀─── FD "console" + descriptor
    or keep it
    write state and pid file ◀─── SYNC READY
                             ─── GO ────────▶ create: close the pair, wait on start.sock
                                              run, exec: go on
    send it to the agent     ◀─── FD "seccomp" + descriptor
                                              execve
    program runs             ◀─── (end of file, by close-on-exec)

    at any time              ◀─── WARN  step, errno, "what NUL path NUL text": it goes on
                             ◀─── ERROR step, errno, "what NUL path NUL text": it exits
                             ◀─── TRACE step, the times at which it and those after it began
                                        (only when the plan asks for it)

The runtime's end of file makes the init exit at its next wait. `start` speaks the last part
on a connection to start.sock: it sends GO, and reads FD "seccomp", TRACE (when GO asks for
it), ERROR or the end of file. An ordinary user's `exec` sends NAMESPACES there, and reads
FD "user", FD "pid" and so on: /proc would not give him those of a process that is not dumpable.
"""

from __future__ import annotations

import _socket
import _struct
import os

from pyruntime.errors import HostError
from pyruntime.plan import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = _struct.Struct("=IIiI")
SIZE_MAX = 4096
_ANCILLARY = _socket.CMSG_SPACE(4)
GO = HEADER.pack(ops.MSG_GO, 0, 0, 0)
GO_TRACED = HEADER.pack(ops.MSG_GO, 1, 0, 0)  # of `start`: context.h's GO_TRACED
NAMESPACES = HEADER.pack(ops.MSG_NAMESPACES, 0, 0, 0)

_PHASE_NAMES = {
    ops.PHASE_CGROUP: "cgroup",
    ops.PHASE_USERNS: "user namespace",
    ops.PHASE_NETWORK: "network",
    ops.PHASE_RUNTIME_HOOKS: "runtime hooks",
    ops.PHASE_READY: "ready",
}


class Message:
    """A message as it came; err is a positive errno; data without the header."""

    __slots__ = ("data", "err", "kind", "step")

    def __init__(self, kind: int, step: int, err: int, data: bytes) -> None:
        self.kind = kind
        self.step = step
        self.err = err
        self.data = data

    def detail(self) -> tuple[str, str, str]:
        """what, path and text of an ERROR or WARN."""
        parts = self.data.decode("utf-8", "surrogateescape").split("\0", 2)
        parts += [""] * (3 - len(parts))
        return parts[0], parts[1], parts[2].rstrip("\0")


def decode(packet: bytes) -> Message:
    """Raises HostError for what no init of ours sends."""
    if len(packet) < HEADER.size:
        raise HostError("init sent a truncated message", op="recvmsg", code="init")
    kind, step, err, length = HEADER.unpack_from(packet)
    data = packet[HEADER.size :]
    if len(data) != length:
        raise HostError("init sent a message of the wrong length", op="recvmsg", code="init")
    return Message(kind, step, abs(err), data)


def receive(sock: _socket.socket) -> tuple[Message | None, list[int]]:
    """The next message, None at the end of file; the descriptors that came are the caller's."""
    try:
        packet, ancillary, _, _ = sock.recvmsg(SIZE_MAX, _ANCILLARY, _socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return None, []
    fds = [
        int.from_bytes(data[:4], "little", signed=True)
        for level, kind, data in ancillary
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS
    ]
    try:
        return (decode(packet) if packet else None), fds
    except HostError:
        for fd in fds:
            os.close(fd)
        raise


def take(message: Message, fds: list[int], on_fd: Callable[[str, int], None]) -> None:
    """Give the descriptor of an FD message to on_fd, which owns it then; close all others."""
    try:
        if message.kind == ops.MSG_FD and fds:
            on_fd(message.data.decode("utf-8", "replace").rstrip("\0"), fds.pop())
    finally:
        for fd in fds:
            os.close(fd)


class Conversation:
    """Which message may come next: phases only in their order, each at most once.

    A hostile or broken init can't make the runtime run hooks before the cgroup is set, or
    write "created" twice. phase is the last one that was accepted.
    """

    __slots__ = ("phase",)

    def __init__(self) -> None:
        self.phase = 0

    def accept(self, phase: int) -> None:
        """Raises HostError when phase does not come after the last one."""
        if phase not in _PHASE_NAMES or phase <= self.phase:
            name = _PHASE_NAMES.get(phase, str(phase))
            last = _PHASE_NAMES.get(self.phase, "start")
            raise HostError(
                f"init reached phase {name} after {last}: out of order", op="sync", code="init"
            )
        self.phase = phase

    @property
    def ready(self) -> bool:
        return self.phase == ops.PHASE_READY
