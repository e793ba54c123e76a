# SPDX-License-Identifier: Apache-2.0
"""Labels of the security modules: process.apparmorProfile, process.selinuxLabel and
linux.mountLabel (config.md "Linux Process", config-linux.md "Mount label").

Imported only where one is asked for. Whether the host has the module is host.lsm's question.
"""

from __future__ import annotations

from pyruntime.plan import ops
from pyruntime.plan.field import text
from pyruntime.plan.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.process import Process

UNCONFINED = "unconfined"
# The kernel's own label them by policy, and refuse a label as an option.
WITHOUT_CONTEXT = frozenset(("proc", "sysfs", "cgroup", "cgroup2", "mqueue"))


def exec_steps(process: Process) -> list[Step]:
    """What the next execve changes to. Unconfined is what a runtime that is not confined
    starts anyway: only where AppArmor is in use can it mean anything."""
    steps: list[Step] = []
    profile = text(process.section, "apparmorProfile")
    if profile:
        flags = ops.ATTR_OPTIONAL if profile == UNCONFINED else 0
        pointer = f"{process.pointer}/apparmorProfile"
        attr = "apparmor/exec"
        steps.append(ops.process_attr(pointer, flags=flags, name=attr, value=f"exec {profile}"))
    label = text(process.section, "selinuxLabel")
    if label:
        pointer = f"{process.pointer}/selinuxLabel"
        steps.append(ops.process_attr(pointer, name="exec", value=label))
    return steps


def keyring_steps(process: Process, join: Step) -> list[Step]:
    """The session keyring gets the process's label, or the process may not use it."""
    label = text(process.section, "selinuxLabel")
    pointer = f"{process.pointer}/selinuxLabel"
    return [
        ops.process_attr(pointer, name="keycreate", value=label),
        join,
        ops.process_attr(pointer, name="keycreate", value="\n"),  # none from here on
    ]


def mount_steps(steps: list[Step], label: str, context: str = "context") -> list[Step]:
    """Mounts with the label. context: the option, of those in selinux's mount(8), that says
    whose it is: "context" is of all files in them."""
    labelled: list[Step] = []
    for step in steps:
        if step.op != "mount_fs" or step.args["fstype"] in WITHOUT_CONTEXT:
            labelled.append(step)
        else:
            options = [*list_of(step), f"{context}={label}"]
            labelled.append(Step(step.op, step.pointer, {**step.args, "options": options}))
        if step.op == "mount_fs" and step.args["fstype"] == "mqueue":
            path = str(step.args["target"])
            labelled.append(ops.file_label("/linux/mountLabel", path=path, label=label))
    return labelled


def list_of(step: Step) -> list[str]:
    options = step.args["options"]
    assert isinstance(options, list | tuple)
    return [str(option) for option in options]
