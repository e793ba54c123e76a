# SPDX-License-Identifier: Apache-2.0
"""Mounts that only a restore needs: in a mount namespace that ends with it, whatever happens."""

from __future__ import annotations

import _signal
import os

from pyruntime.host.criu.enter import in_mounts_of
from pyruntime.launch.serve import serve
from pyruntime.launch.spawn import spawn
from pyruntime.plan import ops
from pyruntime.plan.encode import encode
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.plan import SLOT_FIRST_FREE, CgroupPlan, Plan, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyruntime.plan.step import Step


def run_apart(
    steps: Sequence[Step], warn: Callable[[str], None], work: Callable[[], None] | None = None
) -> None:
    """Run the steps in an init with new mounts. work: is done among these mounts, too; what it
    starts keeps them. Raises StepError, HostError, and what work raises."""
    plan = Plan(CgroupPlan("/", []))
    plan.clone_flags = TYPES["mount"][0]
    _run(plan, steps, warn, work)


def make_root_read_only(pid: int, warn: Callable[[str], None]) -> None:
    """The root of a process, in its own mount namespace. Raises StepError, HostError."""
    flag, entry = TYPES["mount"]
    plan = Plan(CgroupPlan("/", []))
    plan.slots = [Slot(f"namespace:{entry}", f"/proc/{pid}/ns/{entry}", "")]
    steps = [
        ops.ns_join("", slot=SLOT_FIRST_FREE, nstype=flag),
        ops.rootfs_open("/root/path", flags=ops.ROOTFS_IN_PLACE, path="/"),
        ops.root_readonly("/root/readonly"),
    ]
    _run(plan, steps, warn, None)


def _run(
    plan: Plan,
    steps: Sequence[Step],
    warn: Callable[[str], None],
    work: Callable[[], None] | None,
) -> None:
    plan.steps = [ops.setsid(""), *steps, ops.sync("", phase=ops.PHASE_READY)]
    child = spawn(plan, encode(plan), start_fd=-1, cgroup_fd=-1, preserve=0)

    def ready() -> None:
        if work is not None:
            in_mounts_of(child.pid, work)

    try:
        phases = {ops.PHASE_READY: ready}
        serve(child, plan, phases, on_fd=_close, on_warn=warn, until_exec=False)
    finally:
        if child.status is None:
            _signal.pidfd_send_signal(child.pidfd, _signal.SIGKILL)
            child.wait()
        child.close()


def _close(_name: str, fd: int) -> None:
    os.close(fd)
