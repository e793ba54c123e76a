# SPDX-License-Identifier: Apache-2.0
"""pyruntime top [ID...]: a table on a terminal, renewed; elsewhere the table once."""

from __future__ import annotations

import os
import select
import termios
from time import monotonic

from pyruntime.cli.main import state_root
from pyruntime.cli.sizes import seconds_of
from pyruntime.lifecycle import top
from pyruntime.lifecycle.events import running
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.cli.parse import Invocation
    from pyruntime.lifecycle.top import Row
    from pyruntime.log import Log

HEADING = (
    "CONTAINER",
    "CPU",
    "MEMORY",
    "LIMIT",
    "PIDS",
    "READ/s",
    "WRITE/s",
    "THROTTLED",
    "PRESSURE cpu/mem/io",
    "OOM",
)
HOME_AND_CLEAR = "\x1b[H\x1b[J"
SIZES = (("G", 30), ("M", 20), ("K", 10))


def main(invocation: Invocation, _log: Log) -> int:
    root, ids = state_root(invocation.common), invocation.args
    interval = seconds_of(invocation.options.text("interval"), "interval")
    for container_id in ids:
        running(root, container_id)  # a name that is none is an error, not an empty line
    live = os.isatty(1) and not invocation.options.flag("once")
    keys = _Keys() if live and os.isatty(0) else None
    try:
        before = top.look(root, ids)
        while True:
            if _pause(interval, keys):
                return 0
            now = top.look(root, ids)
            table = draw(top.rows(before, now))
            print_out(HOME_AND_CLEAR + table if live else table)
            if not live or (ids and not now):
                return 0
            before = now
    finally:
        if keys is not None:
            keys.restore()


class _Keys:
    """Single keys of standard input, while it is a terminal."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: list[Any] = termios.tcgetattr(0)
        mode: list[Any] = termios.tcgetattr(0)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(0, termios.TCSADRAIN, mode)

    def restore(self) -> None:
        termios.tcsetattr(0, termios.TCSADRAIN, self._before)


def _pause(seconds: float, keys: _Keys | None) -> bool:
    """Wait; True when q was typed, or the terminal is gone."""
    poll = select.poll()
    if keys is not None:
        poll.register(0, select.POLLIN)
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        if poll.poll(left * 1000) and os.read(0, 16)[:1] in (b"q", b"Q", b""):
            return True
    return False


def draw(rows: Sequence[Row]) -> str:
    """Names to the left, numbers to the right. Pure."""
    lines = [HEADING, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADING))]
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    pressure = "/".join("-" if share is None else f"{share:.0f}%" for share in row.pressure)
    limit = "-"
    if row.memory_limit:
        limit = f"{size(row.memory_limit)} {100 * row.memory / row.memory_limit:.0f}%"
    return (
        row.id,
        f"{row.cpu:.1f}%",
        size(row.memory),
        limit,
        f"{row.pids}/{row.pids_limit or '-'}",
        size(row.read),
        size(row.written),
        f"{row.throttled:.0f}%",
        pressure,
        str(row.oom_kills),
    )


def size(number: float) -> str:
    """12, 3.4K, 512M: three digits are enough to look at."""
    for unit, shift in SIZES:
        if number >= 1 << shift:
            value = number / (1 << shift)
            return f"{value:.1f}{unit}" if value < 10 else f"{value:.0f}{unit}"
    return f"{number:.0f}"
