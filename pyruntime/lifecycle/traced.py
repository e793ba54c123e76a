# SPDX-License-Identifier: Apache-2.0
"""The steps of the init as spans of a trace. Imported with --trace only."""

from __future__ import annotations

import _struct

from pyruntime.plan.describe import sentence
from pyruntime.trace import INIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyruntime.plan.step import Step
    from pyruntime.trace import Tracer


class Steps:
    """Takes TRACE messages: a step ends when the next one begins.

    step_of: the step of a number; None for one beyond the last, which is the end of the step
    that failed, sent as a beginning.
    """

    __slots__ = ("_begun", "_step_of", "_tracer")

    def __init__(self, step_of: Callable[[int], Step | None], tracer: Tracer) -> None:
        self._step_of = step_of
        self._tracer = tracer
        self._begun: tuple[int, int] | None = None  # step, time

    def take(self, first: int, data: bytes) -> None:
        count = len(data) // 8
        for offset, time in enumerate(_struct.unpack(f"<{count}Q", data[: count * 8])):
            self.finish(time)
            self._begun = (first + offset, time)

    def finish(self, time: int) -> None:
        """The step that has begun ends."""
        if self._begun is None:
            return
        number, begin = self._begun
        self._begun = None
        step = self._step_of(number)
        if step is None:
            return
        more = {"step": number, "op": step.op, "pointer": step.pointer}
        self._tracer.span(INIT, begin, max(begin, time), sentence(step), more)
