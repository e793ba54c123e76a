# SPDX-License-Identifier: Apache-2.0
"""The plan of a process that is added to a container.

    cgroup, namespaces       with the runtime's rights; of the pid namespace only for children
    all that the process is  its terminal, limits, ids, and last its capabilities
    fork                     now it is in the pid namespace, where others may trace it
    sync(READY), execve

A process of the container that may trace others gains nothing by the init: what it can see of
it has no more rights than the program will have, and no descriptor but those that it is given.
Pure, like plan.compile.
"""

from __future__ import annotations

from pyruntime.plan import last_fork, namespaces, ops, process
from pyruntime.plan.capabilities import set_step
from pyruntime.plan.field import is_annotated, mapping
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.plan import CgroupPlan, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from pyruntime.plan.facts import Facts
    from pyruntime.plan.field import Map
    from pyruntime.plan.namespaces import Namespaces
    from pyruntime.plan.options import Options
    from pyruntime.plan.process import Process
    from pyruntime.plan.step import Step

    class Container(Protocol):
        """What exec must know of a container: its id, its init, its rootfs on the host."""

        id: str
        pid: int
        rootfs: str


def compile_exec(
    section: Map, *, config: Map, state: Container, facts: Facts, options: Options
) -> Plan:
    """section: a `process` object. config and state: the container's. Raises ConfigError."""
    linux = mapping(config, "linux")
    plan = Plan(CgroupPlan("", []))
    plan.rootfs = state.rootfs
    plan.preserve = options.preserve_fds
    added = process.Process(
        section, "", container=mapping(config, "process"), linux=linux, first=False
    )
    if section.get("execCPUAffinity"):
        from pyruntime.plan import placement  # few containers have one

        plan.cpus = placement.initial_cpus(added)
    plan.terminal, plan.console_size = added.terminal, added.console_size()
    configured = namespaces.read(linux)
    plan.forks = configured.has("pid")
    late = plan.forks and not configured.has("user") and last_fork.survives(added)
    effects = None
    if is_annotated(config):
        from pyruntime.plan import annotations  # few containers have such

        effects = annotations.read(config)
        added.keep_groups = effects.keep_groups
    filter_, kept = process.filter_steps(config, added, options, plan, effects)
    plan.steps += [
        ops.setsid(""),
        # The files of the host's cgroups are out of sight after the mount namespace.
        *(ops.cgroup_join("", path=path) for path in options.cgroup_paths),
        *_enter(added, linux, configured, state, plan, facts, options, fork=not late),
        *process.console_steps(added, leave=late),
        *process.property_steps(added, facts.last_cap, plan.warnings, kept),
        *process.lookup_steps(added),
        process.closing_step(plan.preserve),
    ]
    if late:
        if kept and not plan.listener and last_fork.filter_lets(linux, added):
            plan.steps += [*filter_, set_step(added.capabilities)]
            filter_ = []
        plan.steps += last_fork.steps()
        if added.terminal:
            plan.steps.append(ops.console_take("/terminal"))
    plan.steps += [
        ops.sync("", phase=ops.PHASE_READY),
        *process.exec_steps(added, options.listen_fds, filter_),
    ]
    return plan


def _enter(
    added: Process,
    linux: Map,
    configured: Namespaces,
    state: Container,
    plan: Plan,
    facts: Facts,
    options: Options,
    *,
    fork: bool,
) -> list[Step]:
    """Into the namespaces and the root directory; fork: into the pid namespace, too."""
    keyring = "" if options.no_new_keyring else f"_ses.{state.id}"
    if configured.has("user"):
        from pyruntime.plan.entry import exec_steps  # most containers have none

        privileged = facts.euid == 0
        steps = exec_steps(
            added, linux, configured, state.pid, plan.slots, keyring, privileged=privileged
        )
    else:
        joins, mount_join = namespaces.join_steps(_of_init(configured, state.pid), plan.slots)
        steps = [
            *joins,
            *(last_fork.steps() if fork and plan.forks else []),
            ops.procfs_open(""),
            *process.early_steps(added, keyring),
            *mount_join,
        ]
    if configured.has("mount"):
        return steps
    # A container without a mount namespace is a directory of the host.
    in_place = ops.rootfs_open("/root/path", flags=ops.ROOTFS_IN_PLACE, path=state.rootfs)
    return [*steps, in_place, ops.chroot("")]


def _of_init(configured: Namespaces, pid: int) -> dict[str, tuple[str, str]]:
    """The container's namespaces as its init has them: those of the config, no other."""
    return {
        kind: (f"/proc/{pid}/ns/{entry}", configured.pointer(kind))
        for kind, (_, entry) in TYPES.items()
        if configured.has(kind)
    }
