# SPDX-License-Identifier: Apache-2.0
"""A signal to every process of a cgroup, with none escaping by a fork.

cgroup2 kills atomically (cgroup.kill, Linux 5.14). Elsewhere the cgroup is frozen while the
list is read and the signals are sent, and always thawed after.
"""

from __future__ import annotations

import os
from errno import ENODEV, ENOENT

from pyruntime.cgroups.files import failure, write_raw
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cgroups.base import Cgroup

SIGKILL = 9  # the same on every architecture
ROUNDS = 20


def kill(cgroup: Cgroup, signal: int) -> None:
    """See Cgroup.kill. Raises CgroupError when a process can't be signalled."""
    unified = cgroup.paths.get("", "")
    if signal == SIGKILL and unified and _kill_unified(unified):
        if cgroup.members() == unified:
            return
        # A task frozen by the v1 freezer dies only when it is thawed.
        if cgroup.frozen():
            cgroup.thaw()
        from pyruntime.cgroups.tree import pids

        if not set(cgroup.pids()) - set(pids(unified)):
            return
    _kill_each(cgroup, signal)


def _kill_unified(path: str) -> bool:
    """False when this kernel has no cgroup.kill, or the cgroup can't be asked (threaded)."""
    try:
        write_raw(path + "/cgroup.kill", "1")
    except OSError:
        return not os.path.isdir(path)
    return True


def _kill_each(cgroup: Cgroup, signal: int) -> None:
    was_frozen = cgroup.frozen()
    held = was_frozen is True or _try_freeze(cgroup)
    try:
        sent: set[int] = set()
        # Held, one round sees all; otherwise forks are chased until none is new.
        for _ in range(ROUNDS):
            new = set(cgroup.pids()) - sent
            for pid in new:
                _send(pid, signal)
            sent |= new
            if held or not new:
                break
    finally:
        if (held and not was_frozen) or (was_frozen and signal == SIGKILL):
            _thaw(cgroup)


def _try_freeze(cgroup: Cgroup) -> bool:
    if cgroup.frozen() is None:
        return False
    try:
        cgroup.freeze()
    except CgroupError:
        return False
    return True


def _thaw(cgroup: Cgroup) -> None:
    try:
        cgroup.thaw()
    except CgroupError as err:
        if err.errno not in (ENOENT, ENODEV):
            raise


def _send(pid: int, signal: int) -> None:
    if pid <= 0:
        return  # another pid namespace's process, invisible here
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        return
    except OSError as err:
        raise failure(f"send signal {signal} to", f"process {pid}", err) from None
