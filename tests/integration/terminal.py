# SPDX-License-Identifier: Apache-2.0
"""Both ends of terminals: who receives a console socket, and who sits before a terminal."""

from __future__ import annotations

import array
import fcntl
import os
import pty
import select
import socket
import struct
import subprocess
import termios
from pathlib import Path

PATIENCE_MS = 20_000


class Receiver:
    """A console socket as an engine listens on it; `descriptor()` is what was sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.fspath(path))
        self._listener.listen()
        self._listener.settimeout(PATIENCE_MS / 1000)

    def descriptor(self) -> int:
        """Accept one connection and take the one descriptor that comes with its bytes."""
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(PATIENCE_MS / 1000)
            numbers = array.array("i")
            _, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(numbers.itemsize * 4))
            for level, kind, data in ancillary:
                assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
                numbers.frombytes(data)
            assert len(numbers) == 1, "one descriptor, no more"
            return numbers[0]

    def close(self) -> None:
        self._listener.close()


def read_until(fd: int, end: bytes) -> bytes:
    """Read a terminal until `end` has come. Raises TimeoutError with what came."""
    got = b""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while end not in got:
        if not poll.poll(PATIENCE_MS):
            raise TimeoutError(f"the terminal gave only {got!r}")
        part = read_some(fd)
        if not part:
            raise EOFError(f"the terminal gave only {got!r}")
        got += part
    return got


def read_some(fd: int) -> bytes:
    """What is there; nothing at the end, which a terminal tells as EIO."""
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


def read_all(fd: int) -> bytes:
    got = b""
    while part := read_some(fd):
        got += part
    return got


def set_size(fd: int, rows: int, columns: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Seat:
    """A terminal with a command run on it, as a person would: `master` is the screen."""

    def __init__(self, command: list[str], *, rows: int = 24, columns: int = 80) -> None:
        self.master, slave = pty.openpty()
        set_size(slave, rows, columns)
        self.settings = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *command], stdin=slave, stdout=slave, stderr=slave
        )

    def finish(self) -> int:
        """Wait for the command's end; its exit code."""
        return self.process.wait(PATIENCE_MS / 1000)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)
