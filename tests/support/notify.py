# SPDX-License-Identifier: Apache-2.0
"""The other end of a seccomp listener: takes a call, and answers it (seccomp_unotify(2))."""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import struct
import threading
from pathlib import Path
from typing import Any

RECEIVE, SEND = 0xC0502100, 0xC0182101
CONTINUE = 1
PATIENCE_MS = 20_000


def answer(listener: int, errno: int, flags: int = 0, value: int = 0) -> int:
    """Take the next call and answer it; gives its number. errno is positive, 0 for `value`."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    assert poll.poll(PATIENCE_MS), "no call came"
    call = bytearray(80)
    fcntl.ioctl(listener, RECEIVE, call)
    number, _, _, number_of_call = struct.unpack_from("=QIIi", call)
    fcntl.ioctl(listener, SEND, struct.pack("=QqiI", number, value, -errno, flags))
    return int(number_of_call)


class Agent:
    """Listens at `path` for one connection, then answers calls until the filter has no task.

    errno: the answer; 0 lets the calls through. state: the message; calls: numbers, in order.
    closed: the runtime has closed its connection after one message.
    """

    def __init__(self, path: Path, errno: int = 0) -> None:
        self.path = path
        self.errno = errno
        self.state: dict[str, Any] = {}
        self.calls: list[int] = []
        self.fds = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen()
        self._socket.settimeout(PATIENCE_MS / 1000)
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        with connection:
            text, fds, _, _ = socket.recv_fds(connection, 65536, 8)
            while more := connection.recv(65536):
                text += more
        self.fds = len(fds)
        self.state = json.loads(text)
        poll = select.poll()
        poll.register(fds[0], select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        while all(event == select.POLLIN and fd == fds[0] for fd, event in poll.poll()):
            try:
                flags = 0 if self.errno else CONTINUE
                self.calls.append(answer(fds[0], self.errno, flags))
            except FileNotFoundError:
                pass  # the caller has died meanwhile
        for fd in fds:
            os.close(fd)

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until all has been answered."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        os.close(self._stopper)
        self._thread.join()
        os.close(self._stop)
