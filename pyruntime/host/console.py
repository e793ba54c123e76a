# SPDX-License-Identifier: Apache-2.0
"""The runtime's end of a terminal: handing the master over, or serving it in the foreground.

The init makes the terminal in the container's own devpts and sends its master end here.
"""

from __future__ import annotations

import _signal
import _socket
import errno
import fcntl
import os

from pyruntime.errors import UsageError, host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SIGTTIN, _SIGTTOU = 21, 22


def check_socket_use(*, terminal: bool, detach: bool, console_socket: str) -> None:
    """The three ways that do not go together, in the words that engines know."""
    if detach and terminal and not console_socket:
        raise UsageError(
            "cannot allocate tty if runc will detach without setting console socket",
            pointer="/process/terminal",
            hint="give --console-socket, or set process.terminal to false",
            code="console-socket",
        )
    if console_socket and not (detach and terminal):
        raise UsageError(
            "cannot use console socket if runc will not detach or allocate tty",
            hint="--console-socket goes with process.terminal true and a detached process",
            code="console-socket",
        )


def connect(path: str, *, pointer: str = "", code: str = "") -> _socket.socket:
    """A connection to the engine's socket, made early so that a wrong path costs nothing.

    A path longer than a unix address goes through its directory's descriptor.
    pointer: the config field that names it; code: of the error. Raises HostError.
    """
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    directory = -1
    try:
        if len(os.fsencode(path)) > 107:
            parent, _, name = path.rpartition("/")
            directory = os.open(parent or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            sock.connect(f"/proc/self/fd/{directory}/{name}")
        else:
            sock.connect(path)
    except OSError as err:
        sock.close()
        raise host_error(err, "connect to socket", path, pointer=pointer, code=code) from None
    finally:
        if directory >= 0:
            os.close(directory)
    return sock


def send_fd(sock: _socket.socket, fd: int, name: str) -> None:
    """One message: the name as payload, the descriptor as SCM_RIGHTS. Raises HostError."""
    rights = fd.to_bytes(4, "little")
    try:
        sock.sendmsg([name.encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    except OSError as err:
        raise host_error(err, "send descriptor to socket") from None


def deliver(path: str, name: str, fd: int) -> int:
    """Hand a terminal's master end to the socket at path and close it; without a path it
    stays ours: the descriptor, or -1 when it was handed over. Raises HostError.
    """
    if not path:
        return fd
    try:
        sock = connect(path)
        try:
            send_fd(sock, fd, "/dev/ptmx" if name == "console" else name)
        finally:
            sock.close()
    finally:
        os.close(fd)
    return -1


def own_terminal() -> int:
    """The caller's terminal among the standard streams, -1 without one."""
    return next((fd for fd in (0, 1, 2) if os.isatty(fd)), -1)


def copy_size(master: int) -> None:
    """Give a terminal the size of the caller's, before its program can ask for it."""
    import termios  # only a foreground terminal needs it

    own = own_terminal()
    if own < 0:
        return
    try:
        size = fcntl.ioctl(own, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(master, termios.TIOCSWINSZ, size)
    except OSError:
        pass  # a hang-up in between


class Terminal:
    """The caller's terminal in raw mode while the container's is served by host.relay.

    Use as a context manager: the mode it had comes back on every way out. A standard
    input that is no terminal is left alone. master: -1 once it has hung up.
    """

    __slots__ = ("_fd", "_saved", "master")

    def __init__(self, master: int) -> None:
        self.master = master
        self._fd = -1
        self._saved: list[Any] = []

    def __enter__(self) -> Terminal:
        import termios  # only a foreground terminal needs it

        os.set_blocking(self.master, False)
        fd = own_terminal()
        if fd >= 0:
            # In the background this stops us, as the shell's user expects, until `fg`.
            for number in (_SIGTTIN, _SIGTTOU):
                _signal.signal(number, _signal.SIG_DFL)
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_SIGTTIN, _SIGTTOU))
            try:
                saved = termios.tcgetattr(fd)
                raw = termios.tcgetattr(fd)
                _make_raw(raw)
                _set_mode(fd, raw)
                self._fd, self._saved = fd, saved
            except termios.error:
                pass  # it is gone, or nobody could bring us to its foreground
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            import termios

            _signal.signal(_SIGTTOU, _signal.SIG_IGN)  # from the background, too
            try:
                _set_mode(self._fd, self._saved)
            except termios.error:
                pass  # the terminal is gone
        self.hang_up()

    def hang_up(self) -> None:
        """Close the container's terminal; its processes get SIGHUP, then ends of file."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def resize(self) -> None:
        """Give the container's terminal the size of the caller's."""
        if self.master >= 0:
            copy_size(self.master)

    def gone(self) -> bool:
        """The caller had a terminal, and has none any more."""
        return self._fd >= 0 and not os.isatty(self._fd)


def _set_mode(fd: int, mode: list[Any]) -> None:
    """Raises termios.error. A signal that is caught (SIGCONT) interrupts it."""
    import termios

    while True:
        try:
            termios.tcsetattr(fd, termios.TCSANOW, mode)
            return
        except termios.error as err:
            if err.args[0] != errno.EINTR:
                raise


def _make_raw(mode: list[Any]) -> None:
    """cfmakeraw(3) on tcgetattr's list, output processing kept for the caller's newline."""
    import termios as t

    mode[0] &= ~(t.IGNBRK | t.BRKINT | t.PARMRK | t.ISTRIP | t.INLCR | t.IGNCR | t.ICRNL | t.IXON)
    mode[1] &= ~t.OPOST
    mode[2] = (mode[2] & ~(t.CSIZE | t.PARENB)) | t.CS8
    mode[3] &= ~(t.ECHO | t.ECHONL | t.ICANON | t.ISIG | t.IEXTEN)
    mode[6][t.VMIN], mode[6][t.VTIME] = 1, 0
