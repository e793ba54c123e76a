# SPDX-License-Identifier: Apache-2.0
"""A foreground `run` or `exec`: signals forwarded, orphans reaped, the terminal served.

Everything is an event of one poll: signals come in through a wake-up pipe, the end of the
process through its pidfd. The program's stdio is the caller's own unless it has a terminal,
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
_NOT_CAUGHT = (9, 19)


class SignalPipe:
    """All signals that can be caught, as bytes in a pipe. Made before the program runs, so
    that none between its start and the first poll is lost.
    """

    __slots__ = ("_write", "read")

    def __init__(self) -> None:
        self.read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        _signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (*range(1, 32), *range(_signal.SIGRTMIN, _signal.SIGRTMAX + 1)):
            if number not in (*_NOT_CAUGHT, _SIGURG, _SIGPIPE):
                _signal.signal(number, _noted)

    def take(self) -> bytes:
        """The numbers of the signals that came."""
        try:
            return os.read(self.read, 256)
        except BlockingIOError:
            return b""


def _noted(_number: int, _frame: object) -> None:
    """The wake-up pipe has it already."""


def become_subreaper() -> None:
    """Orphans of the container become ours, so that they can be waited for. prctl(2)."""
    result = lib.pyr_subreaper()
    if result < 0:
        raise host_error(OSError(-result, os.strerror(-result)), "become subreaper")


def attend(
    pid: int,
    pidfd: int,
    signals: SignalPipe,
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
