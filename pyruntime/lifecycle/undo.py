# SPDX-License-Identifier: Apache-2.0
"""What a failed create takes back, last thing first."""

from __future__ import annotations

import _signal

from pyruntime.errors import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Shield:
    """Up while something is made that is not on the stack yet: an interruption waits.

    The one that may be raised anywhere asks `up`, and leaves itself to `later`.
    """

    __slots__ = ("_late", "up")

    def __init__(self) -> None:
        self.up = False
        self._late: Callable[[], None] | None = None

    def __enter__(self) -> None:
        self.up = True

    def __exit__(self, *_: object) -> None:
        self.up = False
        late, self._late = self._late, None
        if late is not None:
            late()

    def later(self, interruption: Callable[[], None]) -> None:
        self._late = interruption


SHIELD = Shield()


class Blocked:
    """The same in a program whose handlers are its own: this thread's signals wait."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = _signal.pthread_sigmask(_signal.SIG_BLOCK, range(1, 32))

    def __exit__(self, *_: object) -> None:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._before)


class Undo:
    """A stack of steps back. One that fails does not keep the others from running."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []

    def push(self, step: Callable[[], None]) -> None:
        self._steps.append(step)

    def forget(self) -> None:
        """All is well. What the steps hold goes with its other holders, lock and descriptors."""
        self._steps.clear()

    def run(self, on_failure: Callable[[str], None]) -> None:
        """Run and forget all steps; on_failure is told what could not be undone."""
        while self._steps:
            try:
                self._steps.pop()()
            except (Error, OSError) as err:
                on_failure(f"clean up: {err}")
