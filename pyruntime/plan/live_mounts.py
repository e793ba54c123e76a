# SPDX-License-Identifier: Apache-2.0
"""Plans that add mounts to a container that runs, and take them away again.

Their init enters the container's mount namespace, and its user namespace if it has one, but
not its pid namespace: nothing in the container can see it. Sources are opened on the host first.
Pure; imported for the command `mounts` alone.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan import mounts, namespaces, ops
from pyruntime.plan.cgroup_mounts import CgroupView
from pyruntime.plan.field import mapping, text
from pyruntime.plan.mount_options import MS_REC, SLAVE
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.paths import clean
from pyruntime.plan.plan import CgroupPlan, Plan
from pyruntime.plan.userns import Sources, UserNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.facts import Facts
    from pyruntime.plan.field import Map
    from pyruntime.plan.namespaces import Namespaces
    from pyruntime.plan.plan import Slot
    from pyruntime.plan.step import Step

# What such a file system shows is decided by namespaces that the init does not enter.
OF_NAMESPACES = frozenset(("proc", "sysfs", "cgroup", "cgroup2", "mqueue"))


def compile_add(wanted: list[Map], *, config: Map, pid: int, facts: Facts, bundle: str) -> Plan:
    """wanted: like the config's `mounts`. config: the container's; pid: of its init. bundle: what
    relative sources are relative to. Raises ConfigError, Unsupported.
    """
    for index, mount in enumerate(wanted):
        if text(mount, "type") in OF_NAMESPACES:
            pointer = f"/mounts/{index}/type"
            why = f"{text(mount, 'type')} cannot be mounted in a container that runs"
            raise Unsupported(f"{pointer}: {why}", pointer=pointer)
    plan, steps = _entered(config, pid, facts)
    user = None
    if namespaces.read(mapping(config, "linux")).has("user"):
        user = _user(config, facts)
    sources = Sources({"mounts": wanted}, plan.slots, user)
    sources.all_of_them = True
    view = CgroupView(facts.cgroup, "", own_namespace=False)
    found = mounts.compile_mounts(
        {"mounts": wanted},
        bundle,
        view,
        plan.warnings,
        slots=plan.slots,
        user=user,
        privileged=facts.euid == 0,
        sources=sources,
    )
    plan.steps += [*sources.steps(SLAVE | MS_REC), *steps, *found.steps, *found.late]
    plan.steps.append(ops.sync("", phase=ops.PHASE_READY))
    return plan


def compile_remove(wanted: list[Map], *, config: Map, pid: int, facts: Facts) -> Plan:
    """wanted: of each the destination counts; the last is taken away first. Raises ConfigError."""
    plan, steps = _entered(config, pid, facts)
    plan.steps += steps
    for index, mount in reversed(list(enumerate(wanted))):
        target = clean(text(mount, "destination"))
        pointer = f"/mounts/{index}/destination"
        if target == "/":
            raise ConfigError(f"{pointer}: the root stays", pointer=pointer)
        plan.steps.append(ops.unmount(pointer, target=target))
    plan.steps.append(ops.sync("", phase=ops.PHASE_READY))
    return plan


def _user(config: Map, facts: Facts) -> UserNamespace:
    linux = mapping(config, "linux")
    return UserNamespace(linux, namespaces.read(linux), privileged=facts.euid == 0)


def _entered(config: Map, pid: int, facts: Facts) -> tuple[Plan, list[Step]]:
    """A plan with the namespaces in its slots, and the steps into them."""
    configured = namespaces.read(mapping(config, "linux"))
    if not configured.has("mount"):
        raise Unsupported(
            "/linux/namespaces: the container has the host's mounts: mount on the host",
            pointer="/linux/namespaces",
        )
    plan = Plan(CgroupPlan("", []))
    return plan, [
        ops.procfs_open(""),
        *_joins(configured, pid, plan.slots),
        ops.rootfs_open("/root/path", flags=ops.ROOTFS_IN_PLACE, path="/"),
    ]


def _joins(configured: Namespaces, pid: int, slots: list[Slot]) -> list[Step]:
    """Of the user namespace, whose root makes missing mount points, and the mount namespace."""
    joined = {
        kind: (f"/proc/{pid}/ns/{TYPES[kind][1]}", configured.pointer(kind))
        for kind in ("user", "mount")
        if configured.has(kind)
    }
    before, mount = namespaces.join_steps(joined, slots)
    return [*before, *mount]
