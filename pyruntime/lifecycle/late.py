# SPDX-License-Identifier: Apache-2.0
"""The steps of a created container that run at `start`, kept for their error messages.

`start` has no plan: it is another process, perhaps days later. If a startContainer hook or
execve fails, the init reports the step's number; the record says what that step was. Only
what a message shows is kept, of an environment its length, so that no variable gets into
state.json.
"""

from __future__ import annotations

from pyruntime.plan.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.plan import Plan


def late_steps(plan: Plan) -> dict[str, list[Any]]:
    """{step number: [op, pointer, args]} of the steps after wait_start."""
    kept: dict[str, list[Any]] = {}
    waited = False
    for number, step in enumerate(plan.steps):
        if waited:
            kept[str(number)] = [step.op, step.pointer, _shown(step)]
        waited = waited or step.op == "wait_start"
    return kept


def _shown(step: Step) -> dict[str, Any]:
    args: dict[str, Any] = {}
    for name, value in step.args.items():
        if name == "args" and not isinstance(value, int):
            args[name] = list(value)[:1]
        elif isinstance(value, int) or name == "path":
            args[name] = value
        else:
            args[name] = "" if isinstance(value, str) else [""] * len(value)
    return args


def restore(kept: dict[str, list[Any]], number: int) -> Step | None:
    found = kept.get(str(number))
    return Step(found[0], found[1], found[2]) if found else None
