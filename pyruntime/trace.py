# SPDX-License-Identifier: Apache-2.0
"""Where the time of one invocation goes, as a Trace Event file that Perfetto opens.

Only with --trace. The runtime is one row: each mark ends the span that the last one began, so
nothing is left out. The steps of the init are another row, of the same clock.
"""

from __future__ import annotations

import os
import time

from pyruntime import jsontext
from pyruntime.errors import host_error
from pyruntime.output_file import open_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

RUNTIME, INIT = 1, 2  # rows
ROWS = {RUNTIME: "runtime", INIT: "init"}


class Tracer:
    """Spans in nanoseconds of CLOCK_REALTIME. The file is opened at once, so that a wrong
    path is told before anything is done. Raises HostError."""

    __slots__ = ("_fd", "_last", "_path", "_spans", "began")

    def __init__(self, path: str) -> None:
        self._fd = open_output(path, "trace", os.O_TRUNC)
        self._path = path
        self._spans: list[tuple[int, int, int, str, Mapping[str, Any]]] = []
        self._last = time.time_ns()
        # The interpreter's start is work: all the CPU time that this process has had.
        self.began = self._last - time.process_time_ns()
        self.span(RUNTIME, self.began, self._last, "start the interpreter")

    def mark(self, name: str) -> None:
        """What was done since the last mark is called name."""
        now = time.time_ns()
        self.span(RUNTIME, self._last, now, name)
        self._last = now

    def span(
        self, row: int, begin: int, end: int, name: str, more: Mapping[str, Any] | None = None
    ) -> None:
        self._spans.append((begin, end, row, name, more or {}))

    def write(self, command: str, status: int) -> None:
        """Once, at the end. command: its name alone, as arguments may be secrets. Raises
        HostError."""
        data = jsontext.dumps(self.document(command, status)).encode("utf-8", "backslashreplace")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
            os.close(self._fd)
        except OSError as err:
            raise host_error(err, "write trace", self._path, code="log") from None

    def document(self, command: str, status: int) -> dict[str, Any]:
        """Times are microseconds from the beginning, as the format has them."""
        pid = os.getpid()
        names: list[dict[str, Any]] = [
            {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": "pyruntime"}}
        ]
        for row, name in ROWS.items():
            event = {"name": "thread_name", "ph": "M", "pid": pid, "tid": row}
            names.append({**event, "args": {"name": name}})
        events = [
            {
                "name": name,
                "ph": "X",
                "ts": (begin - self.began) / 1000,
                "dur": (end - begin) / 1000,
                "pid": pid,
                "tid": row,
                "args": more,
            }
            for begin, end, row, name, more in sorted(self._spans, key=lambda span: span[:3])
        ]
        return {
            "traceEvents": names + events,
            "displayTimeUnit": "ms",
            "otherData": {
                "command": command,
                "status": status,
                "start": self.began / 1_000_000_000,
            },
        }
