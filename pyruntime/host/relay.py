# SPDX-License-Identifier: Apache-2.0
"""Copying between the caller's standard streams and a container's terminal.

It never waits but in the one poll of host.foreground: a reader that is slow, stopped or gone
must not keep a signal from the container. Bytes that came and could not be passed on yet stop
the reading of more.
"""

from __future__ import annotations

import errno
import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.host.console import Terminal
    from pyruntime.host.foreground import Signals

CHUNK = 32768
# A blocking descriptor that is ready for writing takes this much without a wait (pipe(7)).
PIPE_BUF = 4096
# What a terminal can still hold when its program has ended is less; more than that comes from
# processes that live on, and could go on for ever.
LEFT_MAX = 1 << 20
_GONE = (errno.EPIPE, errno.EIO, errno.ENXIO)
_ENDING = frozenset((1, 2, 3, 15))  # HUP, INT, QUIT, TERM
_IN, _OUT = select.POLLIN, select.POLLOUT


class Relay:
    """poll: that of the foreground, in which it has what it waits for registered."""

    __slots__ = (
        "_most",
        "_out",
        "_over",
        "_poll",
        "_reading",
        "_shown",
        "_terminal",
        "_typed",
        "_watched",
    )

    def __init__(self, terminal: Terminal, poll: select.poll) -> None:
        self._terminal = terminal
        self._poll = poll
        self._typed = b""
        self._shown = b""
        self._reading = True
        self._over = False
        self._out = _reopened(1)
        self._most = PIPE_BUF if self._out == 1 else CHUNK
        self._watched: dict[int, int] = {}
        self._watch()

    def serve(self, ready: dict[int, int]) -> None:
        """One round. ready: what poll gave."""
        if self._shown and self._out in ready:
            self._write_out()
        events = ready.get(self._terminal.master, 0)
        if self._typed and events:
            self._write_in()
        if events & ~_OUT and not self._shown:
            self._read_out()
        if 0 in ready and self._reading and not self._typed:
            self._read_in()
        self._watch()

    def drain(self, signals: Signals) -> None:
        """Pass on what is left after the program's end, unless a signal says to leave it."""
        left = LEFT_MAX
        waiting = select.poll()
        waiting.register(signals.read, _IN)
        waiting.register(self._out, _OUT)
        while left > 0 or self._shown:
            if not self._shown and not self._read_out():
                return
            left -= len(self._shown)
            while self._shown:
                ready = dict(waiting.poll())
                if signals.read in ready and not _ENDING.isdisjoint(signals.take()):
                    return
                if self._out in ready:
                    self._write_out()

    def _watch(self) -> None:
        wanted: dict[int, int] = {}
        master = self._terminal.master
        if master >= 0 and not self._over:
            events = (0 if self._shown else _IN) | (_OUT if self._typed else 0)
            if events:  # without any, a hang-up would be told again and again
                wanted[master] = events
        if self._reading and not self._typed:
            wanted[0] = _IN
        if self._shown:
            wanted[self._out] = _OUT
        for fd in self._watched.keys() - wanted.keys():
            self._poll.unregister(fd)
        for fd, events in wanted.items():
            if self._watched.get(fd) != events:
                self._poll.register(fd, events)
        self._watched = wanted

    def _read_out(self) -> bool:
        """Take what the container wrote; False when there is nothing (any more)."""
        master = self._terminal.master
        if master < 0 or self._over:
            return False
        try:
            self._shown = os.read(master, CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            self._shown = b""  # EIO: the last user of the terminal has closed it
        if not self._shown:
            # Not a hang-up: the program may have closed it to go on as a daemon.
            self._over = True
            return False
        if self._out != 1:
            self._write_out()
        return True

    def _write_out(self) -> None:
        try:
            self._shown = self._shown[os.write(self._out, self._shown[: self._most]) :]
        except BlockingIOError:
            pass
        except OSError as err:
            self._shown = b""
            if err.errno in _GONE:
                # Nobody sits before it any more: the container learns it as from any terminal.
                self._hang_up()

    def _read_in(self) -> None:
        try:
            data = os.read(0, CHUNK)
        except OSError:
            data = b""
        if data:
            self._typed = data
            self._write_in()
            return
        self._reading = False
        if self._terminal.gone():
            self._hang_up()

    def _write_in(self) -> None:
        """What the container's terminal has no room for stays, and the caller's input with it."""
        try:
            self._typed = self._typed[os.write(self._terminal.master, self._typed) :]
        except BlockingIOError:
            pass
        except OSError:
            self._typed = b""

    def _hang_up(self) -> None:
        self._typed = b""
        if self._watched.pop(self._terminal.master, 0):
            self._poll.unregister(self._terminal.master)
        self._terminal.hang_up()


def _reopened(fd: int) -> int:
    """A descriptor of the same pipe or terminal that does not block; fd itself for others. The
    flag can't be set on fd: it would be set for everybody who shares it.
    """
    kind = os.fstat(fd).st_mode & 0o170000
    if kind != 0o010000 and not os.isatty(fd):
        return fd
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(f"/proc/self/fd/{fd}", flags)
    except OSError:
        return fd  # of another user, say
