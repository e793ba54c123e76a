# SPDX-License-Identifier: Apache-2.0
"""Log lines as text or JSON, on standard error or in a file.

The JSON form is what containerd, conmon and Docker read: one object a line with level,
msg and time (RFC 3339); the last line with level "error" is what they show. Keys of ours
(code, pointer, op, errno, path, hint) come after. Nothing here decides what is an error.
"""

from __future__ import annotations

import os
import time

from pyruntime import jsontext
from pyruntime.errors import Error, HostError
from pyruntime.output_file import open_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyruntime.errors import Fact
    from pyruntime.trace import Tracer


LEVELS = ("debug", "warning", "error")


def rfc3339(nanoseconds: int) -> str:
    """Nanoseconds since the epoch as UTC in RFC 3339, with nine digits."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    days, seconds = divmod(seconds, 86400)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    year, month, day = _date(days)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{rest:09d}Z"


def _date(days: int) -> tuple[int, int, int]:
    """Year, month, day of a day since the epoch; time.gmtime would read /etc/localtime first.

    The years begin in March here: then the day that comes and goes is the last one.
    """
    era, day = divmod(days + 719_468, 146_097)  # of 400 years; the epoch's begins on 0000-03-01
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    late = month >= 10  # January and February are the next year's
    return era * 400 + year + late, month - 9 if late else month + 3, day + 1


class Log:
    """Where a run's log lines go.

    path: "" for standard error; "file:PATH" is PATH; "syslog:NAME" and "journald:NAME" the
    socket that both read. Opened at once, so that a wrong path is an error of its own and not
    of the first line. level: the least that is written. Raises HostError.
    """

    __slots__ = ("_fd", "_json", "_level", "_name", "path", "tracer")

    def __init__(self, path: str = "", *, form: str = "text", level: str = "warning") -> None:
        self.path = path
        self._json = form == "json"
        self._level = LEVELS.index(level)
        self._fd = 2
        self._name = ""
        self.tracer: Tracer | None = None
        kind, colon, rest = path.partition(":")
        if colon and kind in ("journald", "syslog"):
            from pyruntime.log_socket import connect  # only for those who ask for it

            self._fd, self._name = connect(path), rest or "pyruntime"
        elif path:
            self._fd = _open(rest if colon and kind == "file" else path)

    @property
    def to_file(self) -> bool:
        return self._fd != 2

    @property
    def debugging(self) -> bool:
        return self._level == 0

    def mark(self, name: str) -> None:
        """With --trace: what was done since the last mark is called name."""
        if self.tracer is not None:
            self.tracer.mark(name)

    def debug(self, message: str) -> None:
        if self._level == 0:
            self._line("debug", message, {})

    def warn(self, message: str, extra: Mapping[str, Fact] | None = None) -> None:
        if self._level <= 1:
            self._line("warning", message, extra or {})

    def error(self, err: Error) -> None:
        """The one report of a failed run."""
        self._line("error", err.message, err.details())

    def _line(self, level: str, message: str, extra: Mapping[str, Fact]) -> None:
        message = printable(message)
        if self._json:
            fields = {"level": level, "msg": message, "time": rfc3339(time.time_ns())}
            facts = {k: printable(v) if isinstance(v, str) else v for k, v in extra.items()}
            text = jsontext.dumps({**fields, **facts})
        elif self._name:
            text = message + (f" (hint: {extra['hint']})" if extra.get("hint") else "")
        elif self.to_file:
            quoted = jsontext.dumps(message)
            text = f'time="{rfc3339(time.time_ns())}" level={level} msg={quoted}'
            if extra.get("hint"):
                text += f" hint={jsontext.dumps(extra['hint'])}"
        else:
            prefix = "" if level == "error" else f"{level}: "
            text = f"pyruntime: {prefix}{message}"
            if extra.get("hint"):
                text += f"\n  hint: {extra['hint']}"
        if self._name:
            from pyruntime.log_socket import datagram

            text = datagram(level, self._name, text)
        write_all(self._fd, text + "\n")


def printable(text: str) -> str:
    r"""Text with each byte that is not UTF-8 (os.fsdecode's lone surrogates) as \xff."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "backslashreplace").decode()


def _open(path: str) -> int:
    """For appending. Raises HostError."""
    if path == "/dev/stderr":
        return os.dup(2)  # a socket could not be opened, and a file would be written in two places
    return open_output(path, "log", os.O_APPEND)


def write_all(fd: int, text: str) -> None:
    """Write all of text; a peer that is gone is not an error here."""
    data = printable(text).encode()
    while data:
        try:
            data = data[os.write(fd, data) :]
        except OSError:
            return


def print_out(text: str) -> None:
    """Standard output of a command. Raises HostError (a full disk, a closed pipe)."""
    data = text.encode("utf-8", "surrogateescape")
    while data:
        try:
            data = data[os.write(1, data) :]
        except OSError as err:
            raise HostError(
                f"write to standard output: {err.strerror}",
                op="write",
                errno=err.errno or 0,
                code="output",
            ) from None
