# SPDX-License-Identifier: Apache-2.0
"""A place where a shell script stops until the test lets it go on, without a clock.

Opening a FIFO blocks until the other end is opened, so both sides know where the other is.
"""

from __future__ import annotations

import os
import select
from pathlib import Path

PATIENCE_MS = 20_000


class Gate:
    """`gate.script` is shell text that stops; `reached()` waits until it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.arrivals = path / "arrived"
        self.way = path / "open"
        os.mkfifo(self.arrivals)
        os.mkfifo(self.way)
        # Opened for both ways, a FIFO never blocks and keeps what was written.
        self._reader = os.open(self.arrivals, os.O_RDWR | os.O_CLOEXEC)
        self._writer = os.open(self.way, os.O_RDWR | os.O_CLOEXEC)

    def script_at(self, where: str | os.PathLike[str]) -> str:
        """The text for a script that sees the gate's directory at `where`."""
        at = os.fspath(where)
        return f"echo here > {at}/arrived; read answer < {at}/open"

    @property
    def script(self) -> str:
        return self.script_at(self.path)

    def reached(self) -> None:
        """Wait until a script stands at the gate. Raises TimeoutError."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if not poll.poll(PATIENCE_MS):
            raise TimeoutError("nothing came to the gate")
        os.read(self._reader, 64)

    def open(self) -> None:
        """Let one script go on."""
        os.write(self._writer, b"go\n")

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)
