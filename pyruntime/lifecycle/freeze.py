# SPDX-License-Identifier: Apache-2.0
"""pause, resume, ps: what is asked of a container's cgroup."""

from __future__ import annotations

from pyruntime import state
from pyruntime.cgroups.driver import from_record
from pyruntime.errors import StateError
from pyruntime.lifecycle.status import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cgroups.base import Cgroup
    from pyruntime.state import Record


def pause(root: str, container_id: str) -> None:
    """Freeze a running or created container. Raises StateError, CgroupError."""
    with state.open_dir(root, container_id) as directory:
        directory.lock()
        record = directory.read()
        status = status_of(directory, record)
        if status not in (state.RUNNING, state.CREATED):
            raise StateError(
                f"container not running or created: {status}",
                code="paused" if status == state.PAUSED else "not-running",
            )
        cgroup_of(record).freeze()


def resume(root: str, container_id: str) -> None:
    """Thaw a paused container. Raises StateError, CgroupError."""
    with state.open_dir(root, container_id) as directory:
        directory.lock()
        record = directory.read()
        if status_of(directory, record) != state.PAUSED:
            raise StateError("container not paused", code="not-paused")
        cgroup_of(record).thaw()


def processes(root: str, container_id: str) -> list[int]:
    """Host pids of all processes of the container, sub-cgroups' too. Raises StateError."""
    with state.open_dir(root, container_id) as directory:
        cgroup = cgroup_of(directory.read())
    if cgroup.driver == "none":
        reason = cgroup.record().get("reason")
        raise StateError(
            f"list processes: {reason}",
            hint="only a cgroup knows which processes are the container's",
            code="no-cgroup",
        )
    return cgroup.pids()


def cgroup_of(record: Record) -> Cgroup:
    """Raises StateError for a container without a cgroup."""
    if record.cgroup is None:
        raise StateError(
            "container has no cgroup",
            hint="it was created without permission to make one",
            code="no-cgroup",
        )
    return from_record(record.cgroup)
