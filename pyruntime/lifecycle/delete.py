# SPDX-License-Identifier: Apache-2.0
"""delete: processes, cgroup, state directory, then the poststop hooks."""

from __future__ import annotations

import _signal
import os
import select
import time

from pyruntime import jsontext, state
from pyruntime.cgroups.driver import from_record
from pyruntime.errors import NotFound, StateError
from pyruntime.lifecycle.status import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.log import Log
    from pyruntime.state import Record, StateDir

WAIT_SECONDS = 10.0


def delete(root: str, container_id: str, log: Log, *, force: bool) -> None:
    """Delete a stopped or created container; any with force.

    With force a container that does not exist is no error. Raises NotFound, StateError,
    CgroupError.
    """
    try:
        directory = state.open_dir(root, container_id)
    except NotFound:
        if force:
            return
        raise
    with directory:
        try:
            _lock(directory, force=force)
        except NotFound:  # somebody else deleted it meanwhile
            if force:
                return
            raise
        try:
            record = directory.read()
        except NotFound:
            # a create that was killed before its first write
            directory.remove()
            if force:
                return
            raise
        except StateError as err:
            if not force:
                raise
            log.warn(f"{err}; removed, whatever it held", err.details())
            directory.remove()
            return
        status = status_of(directory, record)
        if not force and status in (state.RUNNING, state.PAUSED, state.CREATING):
            raise StateError(
                f"cannot delete container {container_id} that is not stopped: {status}",
                hint="`pyruntime kill` stops it, `delete --force` kills it",
                code="running",
            )
        destroy(directory, record, log, kill=force or status == state.CREATED)


def _lock(directory: StateDir, *, force: bool) -> None:
    """Take the lock; with force end a create that holds it by killing its init."""
    if not force or not directory.locked():
        directory.lock()
        return
    deadline = time.monotonic() + WAIT_SECONDS
    while directory.locked():
        try:
            record = directory.read()
            if record.cgroup is not None:
                from_record(record.cgroup).kill(_signal.SIGKILL)
        except NotFound:
            pass
        if time.monotonic() > deadline:
            raise StateError(
                f"container {directory.id} is in use by another command",
                hint="is a hook of a create still running?",
                code="in-use",
            )
        time.sleep(0.02)  # flock(2) has no time limit and no event
    directory.lock()


def destroy(directory: StateDir, record: Record, log: Log, *, kill: bool) -> None:
    """Remove everything the container holds; takes the lock as held.

    Raises CgroupError, StateError when processes do not end in time; the record stays then.
    """
    cgroup = from_record(record.cgroup) if record.cgroup is not None else None
    # The end of a pid namespace's first process is the end of all in it.
    ended = record.pid and record.own_pid_namespace and not state.alive(record)
    if kill and not ended:
        if cgroup is not None:
            cgroup.kill(_signal.SIGKILL)
        kill_init(record)
    log.mark("end the processes")
    if cgroup is not None:
        cgroup.delete(WAIT_SECONDS)
        log.mark("remove the cgroup")
    if record.resctrl is not None:
        from pyruntime.host import rdt  # few containers have a group

        rdt.delete(record.resctrl)
    directory.remove()
    log.mark("remove the state directory")
    poststop(record, log)


def kill_init(record: Record) -> None:
    """SIGKILL to the init, and wait for its end. Raises StateError after ten seconds."""
    if not record.pid:
        return
    try:
        pidfd = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return
    try:
        if not state.alive(record):
            return
        try:
            _signal.pidfd_send_signal(pidfd, _signal.SIGKILL)
        except ProcessLookupError:
            return
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        if not poll.poll(WAIT_SECONDS * 1000):
            raise StateError("container init still running", code="still-running")
    finally:
        os.close(pidfd)


def poststop(record: Record, log: Log) -> None:
    """Run the poststop hooks; a failure is only worth a warning (runtime.md, step 13)."""
    hooks = record.hooks.get("poststop")
    if not hooks:
        return
    from pyruntime.host.hooks import run_hooks  # only for those who have hooks

    text = jsontext.dumps(record.oci_state(state.STOPPED))
    run_hooks(
        "poststop",
        hooks,
        text,
        cwd=record.bundle,
        annotations=record.annotations,
        on_failure=lambda err: log.warn(err.message, err.details()),
    )
