# SPDX-License-Identifier: Apache-2.0
"""A foreground `run` or `exec`: signals forwarded, orphans reaped, the terminal served.

Everything is an event of one poll: signals are read from a descriptor, the end of the process
comes through its pidfd. The program's stdio is the caller's own unless it has a terminal,
so there is nothing to copy and nothing to lose.
"""

from __future__ import annotations

import _signal
import os
import select

from pyruntime._shim import lib
from pyruntime.errors import host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyruntime.host.console import Terminal
    from pyruntime.host.notify import Proxy

_SIGCHLD, _SIGWINCH, _SIGURG, _SIGPIPE = 17, 28, 23, 13
_NOT_CAUGHT = (9, 19, 32, 33)  # those of the C library's threads, too
_RECORD = 128  # struct signalfd_siginfo; the number is its first byte, as it is below 65


class Signals:
    """All signals that can be caught, to be read from a descriptor. Made before the program runs,
    so that none between its start and the first poll is lost.

    They are blocked, not caught: a fault of this process itself (SIGSEGV and the like) ends it,
    since the kernel lets nobody block that, while a handler would return to the same fault.
    Those that another process sends are read as any other.
    """

    __slots__ = ("read",)

    def __init__(self) -> None:
        """Raises HostError."""
        _signal.signal(_SIGCHLD, _signal.SIG_DFL)  # ignored, no status could be waited for
        mask = (1 << 64) - 1
        for number in (*_NOT_CAUGHT, _SIGURG, _SIGPIPE):
            mask &= ~(1 << (number - 1))
        self.read: int = lib.pyr_signals(mask)
        if self.read < 0:
            raise host_error(OSError(-self.read, os.strerror(-self.read)), "read signals")

    def take(self) -> bytes:
        """The numbers of the signals that came."""
        try:
            return os.read(self.read, 64 * _RECORD)[::_RECORD]
        except BlockingIOError:
            return b""


def become_subreaper() -> None:
    """Orphans of the container become ours, so that they can be waited for. prctl(2)."""
    result = lib.pyr_subreaper()
    if result < 0:
        raise host_error(OSError(-result, os.strerror(-result)), "become subreaper")


def attend(
    pid: int,
    pidfd: int,
    signals: Signals,
    terminal: Terminal | None,
    send: Callable[[int, int], None] = _signal.pidfd_send_signal,
    notify: Proxy | None = None,
) -> int:
    """Serve the program until it ends: its exit status, or 128 + signal.

    notify: passes on that the container is ready; the main process is then this one.
    """
    poll = select.poll()
    poll.register(signals.read, select.POLLIN)
    poll.register(pidfd, select.POLLIN)
    relay = None
    if notify is not None:
        poll.register(notify.socket.fileno(), select.POLLIN)
    if terminal is not None:
        from pyruntime.host.relay import Relay  # only for a terminal

        relay = Relay(terminal, poll)
    while True:
        ready = dict(poll.poll())
        if notify is not None and notify.socket.fileno() in ready and notify.take(os.getpid()):
            poll.unregister(notify.socket.fileno())
            notify = None
        for number in signals.take() if signals.read in ready else b"":
            if number == _SIGCHLD:
                continue
            if number == _SIGWINCH:
                if terminal is not None:
                    terminal.resize()
            else:
                try:
                    send(pidfd, number)
                except ProcessLookupError:
                    pass
        status = _reap(pid)
        if status is not None:
            if relay is not None:
                relay.drain(signals)
            return exit_status(status)
        if relay is not None:
            relay.serve(ready)


def _reap(pid: int) -> int | None:
    """Reap whatever has ended; the wait status of pid once it is among them."""
    found = None
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if ended == 0:
            return found
        if ended == pid:
            found = status


def exit_status(status: int) -> int:
    """A wait status as a shell gives it."""
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)
