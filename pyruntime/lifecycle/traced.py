# SPDX-License-Identifier: Apache-2.0
"""The steps of the init as spans of a trace. Imported with --trace only."""

from __future__ import annotations

import _struct

from pyruntime.plan.describe import sentence
from pyruntime.trace import INIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.plan import Plan
    from pyruntime.trace import Tracer


class Steps:
    """Takes TRACE messages: a step ends when the next one begins."""

    __slots__ = ("_begun", "_plan", "_tracer")

    def __init__(self, plan: Plan, tracer: Tracer) -> None:
        self._plan = plan
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
        if number >= len(self._plan.steps):
            return  # the end of the step that failed, sent as a beginning
        step = self._plan.steps[number]
        more = {"step": number, "op": step.op, "pointer": step.pointer}
        self._tracer.span(INIT, begin, max(begin, time), sentence(step), more)
