# SPDX-License-Identifier: Apache-2.0
"""start: let a created container's init go on to the user's program."""

from __future__ import annotations

import os
import time

from pyruntime import jsontext, state
from pyruntime.errors import Error, HostError, StateError, StepError
from pyruntime.launch import start as start_socket
from pyruntime.lifecycle.late import restore
from pyruntime.lifecycle.pidfile import service_manager
from pyruntime.lifecycle.status import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable

    from pyruntime.host.notify import Proxy
    from pyruntime.launch.protocol import Message
    from pyruntime.lifecycle.filter import Agent
    from pyruntime.log import Log
    from pyruntime.plan.step import Step
    from pyruntime.state import Record, StateDir
    from pyruntime.trace import Tracer


def start(root: str, container_id: str, log: Log, *, managed: bool = True) -> None:
    """Returns once the user's program runs and the poststart hooks have. managed: a service
    manager that waits for this process waits for the container.

    Raises StateError for a container that is not created, StepError when the init fails
    (it is stopped then, and wants `delete`), HookError.
    """
    with state.open_dir(root, container_id) as directory:
        directory.lock()
        record = directory.read()
        _require_created(status_of(directory, record))
        notify = _notify(directory) if managed else None
        try:
            _start(directory, record, log)
        except BaseException:
            if notify is not None:
                notify.close()
            raise
    if notify is not None:
        notify.await_ready(record.pid)  # the lock is for the others meanwhile
        notify.close()


def _notify(directory: StateDir) -> Proxy | None:
    """A socket for the container, if a service manager waits now and did at create."""
    manager = service_manager()
    if not manager or not os.path.isdir(f"/proc/self/fd/{directory.fd}/notify"):
        return None
    from pyruntime.host.notify import Proxy  # only under a service manager

    return Proxy(directory.fd, manager)


def _start(directory: StateDir, record: Record, log: Log) -> None:
    if record.no_process:
        raise StateError(
            "cannot start a container without a process",
            pointer="/process",
            hint="config.json had no process when the container was created",
            code="no-process",
        )
    log.mark("read the state")
    connection = start_socket.connect(directory.fd)
    if connection is None:
        raise _stopped()
    try:
        message = _go(connection, directory, record, log)
    finally:
        connection.close()
    if message is not None:
        step = restore(record.late, message.step)
        if step is not None and step.op == "hook":
            # runtime.md, "Lifecycle": a failed startContainer hook ends the container
            from pyruntime.lifecycle.delete import destroy

            destroy(directory, record, log, kill=True)
        raise _render(step, message)
    log.mark("wait for the program's start")
    record.start_socket = False
    record.late = {}
    try:
        directory.write(record)
    except HostError as err:  # a full disk, say; the kernel, too, knows that the program runs
        log.warn(err.message, err.details())
    start_socket.forget(directory.fd)
    poststart(directory, record, log)


def _go(
    connection: _socket.socket, directory: StateDir, record: Record, log: Log
) -> Message | None:
    """start_socket.go, with what it takes to hand over a filter's listener.

    Raises HostError: before anything has happened, or with the container deleted.
    """
    agent = _agent(directory, record)

    def descriptor(name: str, fd: int) -> None:
        if name != "seccomp" or agent is None:
            os.close(fd)
            raise HostError(f"init sent a descriptor {name!r}", op="recvmsg", code="init")
        agent.deliver(fd, record.pid, record.oci_state(state.CREATED))

    try:
        if log.tracer is None:
            return start_socket.go(connection, descriptor)
        return _go_traced(connection, descriptor, record, log.tracer)
    except Error:
        from pyruntime.lifecycle.delete import destroy

        destroy(directory, record, log, kill=True)
        raise
    finally:
        if agent is not None:
            agent.close()


def _go_traced(
    connection: _socket.socket,
    descriptor: Callable[[str, int], None],
    record: Record,
    tracer: Tracer,
) -> Message | None:
    """The steps are spans, as far as no filter is in force; in the words that the record has."""
    from pyruntime.lifecycle.traced import Steps  # with --trace only

    steps = Steps(lambda number: restore(record.late, number), tracer)
    try:
        return start_socket.go(connection, descriptor, steps.take)
    finally:
        steps.finish(time.time_ns())


def _agent(directory: StateDir, record: Record) -> Agent | None:
    """Connected; None when no filter with a listener is to be loaded."""
    if not any(op == "seccomp" for op, *_ in record.late.values()):
        return None
    from pyruntime.lifecycle.filter import agent_of, late_listener  # as most have no filter

    if not late_listener(record.late):
        return None
    agent = agent_of(directory.config())
    assert agent is not None, "late_listener knows"
    agent.connect()
    return agent


def poststart(directory: StateDir, record: Record, log: Log) -> None:
    """Run the poststart hooks; a failure stops and deletes the container (spec 1.3).

    Takes the container's lock as held. Raises HookError.
    """
    hooks = record.hooks.get("poststart")
    if not hooks:
        return
    from pyruntime.host.hooks import run_hooks  # only for those who have hooks

    text = jsontext.dumps(record.oci_state(state.RUNNING))
    try:
        run_hooks("poststart", hooks, text, cwd=record.bundle, annotations=record.annotations)
    except Error:
        from pyruntime.lifecycle.delete import destroy

        destroy(directory, record, log, kill=True)
        raise


def _require_created(status: str) -> None:
    if status == state.CREATED:
        return
    if status == state.STOPPED:
        raise _stopped()
    if status == state.RUNNING:
        raise StateError("cannot start an already running container", code="running")
    raise StateError(
        f"cannot start a container in the {status} state",
        code="paused" if status == state.PAUSED else "in-use",
    )


def _stopped() -> StateError:
    return StateError("cannot start a container that has stopped", code="not-running")


def _render(step: Step | None, message: Message) -> StepError:
    from pyruntime.plan.describe import step_error  # only once something failed

    what, path, text = message.detail()
    if step is None:
        return StepError(f"start: {what} {path}: {text}", op=what, errno=message.err)
    return step_error(step, message.err, what, path, text)
