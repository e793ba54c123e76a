# SPDX-License-Identifier: Apache-2.0
"""The standard streams of what is started: descriptors given away, and the pipes' ends kept."""

from __future__ import annotations

import errno
import io
import os
from typing import IO, Any, Protocol, TypeAlias, cast

from pyruntime.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

# The numbers of the standard library's subprocess, so that its names serve, too.
PIPE, STDOUT, DEVNULL = -1, -2, -3


class HasFileno(Protocol):
    def fileno(self) -> int: ...


Stream: TypeAlias = int | HasFileno | None

NAMES = ("stdin", "stdout", "stderr")


class Stdio:
    """Use as a context manager: its end closes what was given away, and after a failure all.

    given: what becomes 0, 1, 2 and so on. ends: this side of stdin, stdout, stderr, -1 where
    there is no pipe.
    """

    __slots__ = ("_opened", "ends", "given")

    def __init__(
        self, stdin: Stream, stdout: Stream, stderr: Stream, pass_fds: Sequence[int] = ()
    ) -> None:
        """None is this process's own stream. pass_fds: become 3, 4 and so on. Raises OSError,
        UsageError.
        """
        self._opened: list[int] = []
        self.ends = [-1, -1, -1]
        self.given: list[int] = []
        try:
            for number, stream in enumerate((stdin, stdout, stderr)):
                self.given.append(self._resolve(number, stream))
            for fd in pass_fds:
                os.fstat(fd)
                self.given.append(fd)
        except BaseException:
            self._close_all()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._close_given()
        else:
            self._close_all()

    def _resolve(self, number: int, stream: Stream) -> int:
        if stream is None:
            return self._own(number)
        if not isinstance(stream, int):
            return stream.fileno()
        if stream == PIPE:
            read, write = os.pipe()
            mine, theirs = (write, read) if number == 0 else (read, write)
            self.ends[number] = mine
            self._opened.append(theirs)
            return theirs
        if stream == DEVNULL:
            return self._null()
        if stream == STDOUT and number == 2:
            return self.given[1]
        if stream < 0:
            raise UsageError(f"{NAMES[number]}: {stream} is no stream", code="bad-value")
        os.fstat(stream)
        return stream

    def _own(self, number: int) -> int:
        """A daemon may have closed its own; what has the number then is not inheritable."""
        try:
            own = os.get_inheritable(number)
        except OSError as err:
            if err.errno != errno.EBADF:
                raise
            own = False
        return number if own else self._null()

    def _null(self) -> int:
        fd = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._opened.append(fd)
        return fd

    def _close_given(self) -> None:
        while self._opened:
            os.close(self._opened.pop())

    def _close_all(self) -> None:
        self._close_given()
        for number, fd in enumerate(self.ends):
            if fd >= 0:
                os.close(fd)
                self.ends[number] = -1


def files(ends: Sequence[int], encoding: str | None, errors: str | None) -> list[IO[Any] | None]:
    """File objects of Stdio.ends, which own them; text for an encoding."""
    found: list[IO[Any] | None] = []
    for number, fd in enumerate(ends):
        if fd < 0:
            found.append(None)
        elif encoding is None:
            found.append(open(fd, "wb" if number == 0 else "rb"))  # noqa: SIM115
        else:
            mode = "w" if number == 0 else "r"
            found.append(open(fd, mode, encoding=encoding, errors=errors))  # noqa: SIM115
    return found


class Terminal(io.RawIOBase):
    """The near end of a container's terminal: raw, for reading and writing, without a buffer.

    Reading gives nothing once all that had the far end open have closed it.
    """

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd

    def fileno(self) -> int:
        if self.closed:
            raise ValueError("the terminal is closed")
        return self._fd

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = os.read(self.fileno(), len(buffer))
        except OSError as err:
            if err.errno == errno.EIO:
                return 0
            raise
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        return os.write(self.fileno(), cast(bytes, data))

    def resize(self, rows: int, columns: int) -> None:
        """Raises OSError."""
        import termios

        termios.tcsetwinsize(self.fileno(), (rows, columns))

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._fd)
