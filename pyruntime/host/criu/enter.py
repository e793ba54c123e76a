# SPDX-License-Identifier: Apache-2.0
"""A visit of the runtime's own process to another namespace. setns(2)."""

from __future__ import annotations

import fcntl
import os

from pyruntime._shim import lib
from pyruntime.errors import host_error
from pyruntime.plan.namespaces import TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def in_mounts_of(pid: int, work: Callable[[], None]) -> None:
    """Do the work with the mounts that a process has. Raises HostError and what work raises."""
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _visit(pid, "mount", work)
    finally:
        os.fchdir(here)  # setns has changed it, on the way back too
        os.close(here)


def loopback_up(pid: int) -> None:
    """Set the loopback device of a process's network namespace up. netdevice(7)."""
    _visit(pid, "network", _loopback_up)


def _loopback_up() -> None:
    import _socket  # here, since most visits are to mounts

    with_name = b"lo".ljust(16, b"\0")
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
    try:
        found = fcntl.ioctl(sock.fileno(), _SIOCGIFFLAGS, with_name + bytes(24))
        flags = int.from_bytes(found[16:18], "little") | _IFF_UP
        asked = with_name + flags.to_bytes(2, "little") + bytes(22)
        fcntl.ioctl(sock.fileno(), _SIOCSIFFLAGS, asked)
    except OSError as err:
        raise host_error(err, "set up the loopback device") from None
    finally:
        sock.close()


def _visit(pid: int, kind: str, work: Callable[[], None]) -> None:
    flag, entry = TYPES[kind]
    own = _open(f"/proc/self/ns/{entry}")
    try:
        theirs = _open(f"/proc/{pid}/ns/{entry}")
        try:
            _set(theirs, flag, entry)
        finally:
            os.close(theirs)
        try:
            work()
        finally:
            _set(own, flag, entry)
    finally:
        os.close(own)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise host_error(err, "open namespace", path) from None


def _set(fd: int, flag: int, entry: str) -> None:
    result = lib.pyr_setns(fd, flag)
    if result < 0:
        raise host_error(OSError(-result, os.strerror(-result)), f"join the {entry} namespace")
