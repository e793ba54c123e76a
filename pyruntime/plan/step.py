# SPDX-License-Identifier: Apache-2.0
"""One step of a plan: what the init does, and the config field it came from.

It does not know any operation: those are in the generated `pyruntime.plan.ops`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Arg = int | str | bytes | Sequence[str] | Sequence[int]


class Step:
    """A step as data.

    op: name from ops.def. pointer: JSON pointer of the config field ("" when the step
    serves the whole container). args: the operation's arguments by name, as the
    constructor in `pyruntime.plan.ops` took them.
    """

    __slots__ = ("args", "op", "pointer")

    def __init__(self, op: str, pointer: str, args: dict[str, Arg]) -> None:
        self.op = op
        self.pointer = pointer
        self.args = args

    def __repr__(self) -> str:
        return f"Step({self.op!r}, {self.pointer!r}, {self.args!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return NotImplemented
        return (self.op, self.pointer, self.args) == (other.op, other.pointer, other.args)

    __hash__ = None  # type: ignore[assignment]
