# SPDX-License-Identifier: Apache-2.0
"""Telling the caller which process it is: --pid-file, --pidfd-socket, $NOTIFY_SOCKET."""

from __future__ import annotations

import os

from pyruntime.errors import host_error
from pyruntime.host import console


def write_pid_file(path: str, pid: int) -> None:
    """The pid in decimal without a newline, by a new file and rename. Raises HostError."""
    parent, _, name = path.rpartition("/")
    temporary = f"{parent}/.{name}.{os.getpid()}"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except OSError as err:
        raise host_error(err, "write pid file", path) from None
    try:
        os.write(fd, str(pid).encode())
        os.rename(temporary, path)
    except OSError as err:
        os.unlink(temporary)
        raise host_error(err, "write pid file", path) from None
    finally:
        os.close(fd)


def send_pidfd(path: str, pidfd: int) -> None:
    """Raises HostError."""
    sock = console.connect(path)
    try:
        console.send_fd(sock, pidfd, "pidfd")
    finally:
        sock.close()


def service_manager() -> str:
    """$NOTIFY_SOCKET: an absolute path, or "@" and an abstract name. "" when no service manager
    waits for a word, or at an address of another kind."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    return address if address[:1] in ("/", "@") else ""
