# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and its like in the middle of a create: undo, then leave with 128 + signal."""

from __future__ import annotations

import _signal

from pyruntime.lifecycle.undo import SHIELD

_SIGNALS = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)


class Interrupted(BaseException):
    """Not an Exception: nothing on the way may take it for a failure of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def undo_on_signals() -> None:
    """The first signal raises Interrupted, those after it do not disturb the undoing."""
    for number in _SIGNALS:
        _signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: object = None) -> None:
    if SHIELD.up:
        SHIELD.later(lambda: _interrupt(number))
        return
    for other in _SIGNALS:
        _signal.signal(other, _signal.SIG_IGN)
    raise Interrupted(number)
