# SPDX-License-Identifier: Apache-2.0
"""The service manager's NOTIFY_SOCKET for a container (sd_notify(3)).

A container gets a socket of its own, in a directory of the state that is mounted read-only at
/run/notify. Of what it says only that it is ready goes on to the service manager: it is not
trusted to name the main process, or to pass descriptors.
"""

from __future__ import annotations

import _socket
import os
import select

from pyruntime.errors import host_error

DIRECTORY, NAME = "notify", "notify.sock"
MESSAGE_MAX = 4096
BARRIER_SECONDS = 30.0


def make_directory(state_fd: int) -> None:
    """For users of the container, whoever they are. Raises HostError."""
    try:
        os.mkdir(DIRECTORY, dir_fd=state_fd)
        os.chmod(DIRECTORY, 0o755, dir_fd=state_fd)  # whatever the umask is
    except OSError as err:
        raise host_error(err, "create", DIRECTORY) from None


class Proxy:
    """A container's socket, made before its program runs. Closing forgets it."""

    __slots__ = ("_manager", "socket")

    def __init__(self, state_fd: int, manager: str) -> None:
        """manager: an absolute path, or "@" and an abstract name. Raises HostError."""
        address = os.fsencode(manager)  # as bytes: a string with a NUL is no path
        self._manager = b"\0" + address[1:] if manager[0] == "@" else address
        self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
        # By the descriptor: a unix socket's path must fit 108 bytes.
        path = f"/proc/self/fd/{state_fd}/{DIRECTORY}/{NAME}"
        try:
            if os.path.lexists(path):
                os.unlink(path)  # of a start that failed
            self.socket.bind(path)
            os.chmod(path, 0o777)
        except OSError as err:
            self.socket.close()
            raise host_error(err, "listen on", f"{DIRECTORY}/{NAME}") from None

    def close(self) -> None:
        self.socket.close()

    def take(self, main_pid: int) -> bool:
        """Read one message; if it says ready, tell the service manager, and give True."""
        message = self.socket.recv(MESSAGE_MAX)
        if b"READY=1" not in message.split(b"\n"):
            return False
        self._send(b"READY=1\n")
        self._send(b"MAINPID=%d\n" % main_pid)
        return True

    def await_ready(self, pid: int) -> None:
        """Until the container is ready or its init has ended; then until the service manager
        has read what it was told, since afterwards this process, the sender, is gone."""
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            poll = select.poll()
            poll.register(self.socket.fileno(), select.POLLIN)
            poll.register(pidfd, select.POLLIN)
            while True:
                ready = dict(poll.poll())
                if self.socket.fileno() in ready:
                    if self.take(pid):
                        self._barrier()
                        return
                elif pidfd in ready:
                    return
        finally:
            os.close(pidfd)

    def _send(self, text: bytes, ancillary: list[tuple[int, int, bytes]] | None = None) -> None:
        """A service manager that is gone needs no word."""
        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
        try:
            sock.sendmsg([text], ancillary or [], 0, self._manager)
        except OSError:
            pass
        finally:
            sock.close()

    def _barrier(self) -> None:
        """sd_notify_barrier(3): the service manager closes the pipe when it gets to it."""
        read, write = os.pipe2(os.O_CLOEXEC)
        try:
            rights = write.to_bytes(4, "little")
            self._send(b"BARRIER=1", [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        finally:
            os.close(write)
        poll = select.poll()
        poll.register(read, select.POLLIN)
        poll.poll(BARRIER_SECONDS * 1000)
        os.close(read)
