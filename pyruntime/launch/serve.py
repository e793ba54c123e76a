# SPDX-License-Identifier: Apache-2.0
"""The runtime's side of the handshake: answers phases, collects descriptors, renders errors."""

from __future__ import annotations

import os

from pyruntime.errors import StepError
from pyruntime.launch import protocol
from pyruntime.plan import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyruntime.launch.spawn import Child
    from pyruntime.plan.plan import Plan

    Phases = Mapping[int, Callable[[], None]]


def serve(
    child: Child,
    plan: Plan,
    phases: Phases,
    *,
    on_fd: Callable[[str, int], None],
    on_warn: Callable[[str], None],
    until_exec: bool,
    on_trace: Callable[[int, bytes], None] | None = None,
) -> None:
    """Talk until READY is answered (until_exec False) or execve has happened.

    phases: what to do at each phase, before GO is sent. on_fd owns the descriptor that it
    gets. on_trace is told the first step and the data of each TRACE. Raises StepError when a step failed or the init died, and what a phase raises.
    """
    conversation = protocol.Conversation()
    forks = plan.forks

    def take(name: str, fd: int) -> None:
        nonlocal forks
        if name == "init" and forks:
            forks = False  # once
            child.go_on_as(fd)
        else:
            on_fd(name, fd)

    while True:
        message = _receive(child, take)
        if message is None:
            if conversation.ready and until_exec:
                return
            raise _died(child)
        if message.kind == ops.MSG_SYNC:
            conversation.accept(int.from_bytes(message.data[:4], "little"))
            phases.get(conversation.phase, _nothing)()
            _go(child)
            if conversation.ready and not until_exec:
                return
        elif message.kind == ops.MSG_ERROR:
            raise render_error(plan, message)
        elif message.kind == ops.MSG_WARN:
            on_warn(render_error(plan, message).message)
        elif message.kind == ops.MSG_TRACE and on_trace is not None:
            on_trace(message.step, message.data)


def _nothing() -> None:
    pass


def _go(child: Child) -> None:
    try:
        child.sync.send(protocol.GO)
    except OSError:
        pass  # the init is gone: the next receive says how


def _receive(child: Child, on_fd: Callable[[str, int], None]) -> protocol.Message | None:
    """The next message, its descriptor delivered; None at the end of file."""
    message, fds = protocol.receive(child.sync)
    if message is not None:
        protocol.take(message, fds, on_fd)
    return message


def render_error(plan: Plan, message: protocol.Message) -> StepError:
    """What the init reported, in words. A step beyond the plan is the init's prologue."""
    from pyruntime.plan.describe import step_error  # only once something failed

    what, path, text = message.detail()
    if message.step < len(plan.steps):
        return step_error(plan.steps[message.step], message.err, what, path, text)
    cause = os.strerror(message.err) if message.err else text
    where = f" {path}" if path else ""
    return StepError(
        f"start the init: {what}{where}: {cause}", op=what, errno=message.err, code="init"
    )


def _died(child: Child) -> StepError:
    status = child.wait()
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hint = ""
        if number == 9:
            hint = "was it the memory limit? a container's init needs some 100 KiB"
        elif number == 31:
            hint = "linux.seccomp kills a process for a call that a container's start makes"
        message = f"init died before it was ready: signal {number}"
        return StepError(message, op="init", hint=hint, code="init")
    code = os.WEXITSTATUS(status)
    return StepError(f"init ended before it was ready: status {code}", op="init", code="init")
