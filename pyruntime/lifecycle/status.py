# SPDX-License-Identifier: Apache-2.0
"""The status of a container, asked of the kernel and not of a file."""

from __future__ import annotations

from pyruntime import state
from pyruntime.cgroups.driver import from_record
from pyruntime.launch import start as start_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.state import Record, StateDir


def status_of(directory: StateDir, record: Record) -> str:
    """creating, created, running, paused or stopped (runtime.md, "State")."""
    if record.pid == 0:
        return state.CREATING if directory.locked() else state.STOPPED
    if not state.alive(record):
        return state.STOPPED
    if record.cgroup is not None and from_record(record.cgroup).frozen():
        return state.PAUSED
    if record.start_socket and start_socket.waiting(directory.fd):
        return state.CREATED
    return state.RUNNING


def describe(directory: StateDir, record: Record) -> dict[str, Any]:
    """What `state` prints: the spec's state, and what runc adds to it; owner "" for root."""
    shown = record.oci_state(status_of(directory, record))
    annotations = shown.pop("annotations", None)
    shown |= {"rootfs": record.rootfs, "created": record.created}
    if annotations:
        shown["annotations"] = annotations
    shown["owner"] = owner_name(record.owner) if record.owner else ""
    return shown


def owner_name(uid: int) -> str:
    """Login name, or "#uid" for a user without one."""
    import pwd  # for people's tables only

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def read(root: str, container_id: str) -> dict[str, Any]:
    """The state of one container. Raises NotFound, StateError."""
    with state.open_dir(root, container_id) as directory:
        return describe(directory, directory.read())
