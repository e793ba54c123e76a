# SPDX-License-Identifier: Apache-2.0
"""Being told to stop: the signal is noted, and raised between two commands of a runtime.

A runtime that is interrupted half-way leaves a half-made container. So its commands are out of
the terminal's reach (see Runtime.spawn), and each is waited for before the benchmark ends; the
signals that come while it cleans up change nothing any more.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """The benchmark was told to stop; number is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Stop:
    """What was noted. One per process, as signals are."""

    def __init__(self) -> None:
        self.number = 0
        self.raised = False

    def listen(self) -> None:
        for number in SIGNALS:
            signal.signal(number, self._note)

    def check(self) -> None:
        """Raises Stopped, once."""
        if self.number and not self.raised:
            self.raised = True
            raise Stopped(self.number)

    def _note(self, number: int, _: FrameType | None) -> None:
        self.number = self.number or number
        print("bench: stopping: what is there is deleted first", file=sys.stderr)


STOP = Stop()
