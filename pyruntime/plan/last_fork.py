# SPDX-License-Identifier: Apache-2.0
"""The fork into a pid namespace that is there already, as the init's last step but few.

Its processes see the init from then on, and who may trace others finds in it nothing that the
program will not have. For a create that takes a kernel that mounts the procfs of a pid
namespace from outside (Linux 6.17, the option pidns=).
"""

from __future__ import annotations

from pyruntime.plan import ops
from pyruntime.plan.field import mapping, sequence, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map
    from pyruntime.plan.namespaces import Namespaces
    from pyruntime.plan.process import Process
    from pyruntime.plan.step import Step

PROC_FROM_OUTSIDE = (6, 17)
# Of the namespace that the init has joined for its children; of the host's procfs.
PROC_OPTION = "pidns=/proc/self/ns/pid_for_children"
HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer")


def steps() -> list[Step]:
    """The parent's session stays behind with it."""
    return [ops.fork(""), ops.setsid("")]


def survives(process: Process) -> bool:
    """A fork resets these (sched(7)), and to set them again takes rights."""
    scheduler = mapping(process.section, "scheduler")
    return text(
        scheduler, "policy"
    ) != "SCHED_DEADLINE" and "SCHED_FLAG_RESET_ON_FORK" not in sequence(scheduler, "flags")


def filter_lets(linux: Map, process: Process, *, waits: bool = False) -> bool:
    """Whether the filter may come before it. waits: for `start`, after it."""
    from pyruntime.plan import seccomp  # as process.filter_steps

    calls = seccomp.FORK_CALLS | ({"ioctl": ()} if process.terminal else {})
    if waits:
        calls = calls | seccomp.START_CALLS
    return seccomp.lets(mapping(linux, "seccomp"), calls)


def of_create(
    config: Map, namespaces: Namespaces, process: Process | None, kernel: tuple[int, int]
) -> bool:
    """Whether a create can do so. Hooks are told the pid before, and the mount namespace decides
    what /proc is.
    """
    if "pid" not in namespaces.joined or kernel < PROC_FROM_OUTSIDE:
        return False
    by_steps = namespaces.has("user") or "time" in namespaces.new
    hooked = any(config.get("hooks", {}).get(kind) for kind in HOOKS)
    able = process is None or survives(process)
    return "mount" in namespaces.new and not by_steps and not hooked and able
