# SPDX-License-Identifier: Apache-2.0
"""start.sock: the created init's listening socket, made by create and called by start.

A unix socket's path must fit 108 bytes, a state directory's need not: both ends go through
/proc/self/fd of the open directory.
"""

from __future__ import annotations

import _socket
import errno
import os

from pyruntime.errors import host_error
from pyruntime.launch import protocol
from pyruntime.plan import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "start.sock"


def _path(dir_fd: int) -> str:
    return f"/proc/self/fd/{dir_fd}/{NAME}"


def _new_socket() -> _socket.socket:
    return _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC)


def listen(dir_fd: int) -> _socket.socket:
    """The socket for the init's slot 2. Raises HostError."""
    sock = _new_socket()
    try:
        sock.bind(_path(dir_fd))
        sock.listen(8)
    except OSError as err:
        sock.close()
        raise host_error(err, "listen on", NAME) from None
    return sock


def connect(dir_fd: int, *, wait: bool = True) -> _socket.socket | None:
    """A connection to the waiting init; None when no init waits there (any more).

    wait False gives up with BlockingIOError instead of waiting behind other connections,
    as a frozen init would make it. Raises HostError.
    """
    sock = _new_socket()
    sock.setblocking(wait)
    try:
        sock.connect(_path(dir_fd))
    except BlockingIOError:
        sock.close()
        raise
    except OSError as err:
        sock.close()
        if err.errno in (errno.ENOENT, errno.ECONNREFUSED):
            return None
        raise host_error(err, "connect to", NAME) from None
    return sock


def waiting(dir_fd: int) -> bool:
    """An init waits for `start`: the kernel's own answer, right at any instant."""
    try:
        sock = connect(dir_fd, wait=False)
    except BlockingIOError:
        return True  # somebody listens, if slowly
    if sock is None:
        return False
    sock.close()  # without GO it is a probe, which the init ignores
    return True


def go(
    sock: _socket.socket,
    on_fd: Callable[[str, int], None],
    on_trace: Callable[[int, bytes], None] | None = None,
) -> protocol.Message | None:
    """Let the init go. None once the user's program runs, else the init's ERROR.

    on_fd, on_trace: as in launch.serve. Raises what on_fd raises.
    """
    try:
        sock.send(protocol.GO if on_trace is None else protocol.GO_TRACED)
    except (ConnectionResetError, BrokenPipeError):
        return None  # closed with our message unread: the init died, which its pid tells
    while True:
        message, fds = protocol.receive(sock)
        if message is None:
            return None
        protocol.take(message, fds, on_fd)
        if message.kind == ops.MSG_ERROR:
            return message
        if message.kind == ops.MSG_TRACE and on_trace is not None:
            on_trace(message.step, message.data)


def namespaces(dir_fd: int) -> dict[str, int]:
    """Descriptors of the waiting init's namespaces by their names in /proc/PID/ns, the caller's;
    none when no init waits. Raises HostError."""
    found: dict[str, int] = {}
    sock = connect(dir_fd)
    if sock is None:
        return found
    try:
        sock.send(protocol.NAMESPACES)
        while True:
            message, fds = protocol.receive(sock)
            if message is None:
                return found
            protocol.take(message, fds, found.__setitem__)
    except BrokenPipeError:
        return found
    finally:
        sock.close()


def forget(dir_fd: int) -> None:
    """Remove the socket's name once the program runs; if that fails, nobody listens there."""
    try:
        os.unlink(NAME, dir_fd=dir_fd)
    except OSError:
        pass
