# SPDX-License-Identifier: Apache-2.0
"""The table of contents of a plan: which part comes when, and why there.

Pure: no system call, no clock, no environment. What the parts are is in their own modules.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import (
    cgroup_mounts,
    devices,
    mounts,
    namespaces,
    ops,
    process,
    resources,
    rootfs,
    supported,
    sysctl,
)
from pyruntime.plan.field import is_annotated, mapping, text
from pyruntime.plan.namespaces import TYPES, Namespaces
from pyruntime.plan.plan import CgroupPlan, Plan, ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.annotations import Effects
    from pyruntime.plan.facts import Facts
    from pyruntime.plan.field import Map
    from pyruntime.plan.options import Options
    from pyruntime.plan.process import Process
    from pyruntime.plan.step import Step
    from pyruntime.plan.userns import UserNamespace


class _Create:
    """What the parts of a create plan share while it is compiled."""

    __slots__ = (
        "bundle",
        "cgroup_entered",
        "config",
        "container_id",
        "effects",
        "facts",
        "filter",
        "hook_slots",
        "kept",
        "linux",
        "mounts",
        "namespaces",
        "options",
        "plan",
        "process",
        "rootfs",
        "user",
    )

    config: Map
    linux: Map
    bundle: str
    container_id: str
    facts: Facts
    options: Options
    namespaces: Namespaces
    rootfs: str
    process: Process | None
    plan: Plan
    mounts: mounts.Mounts
    filter: list[Step]
    user: UserNamespace | None
    effects: Effects | None

    def __init__(self) -> None:
        self.cgroup_entered = False
        self.user = None
        self.effects = None
        self.hook_slots = (0, 0)
        self.kept = 0  # capabilities that the filter takes


def compile_create(
    config: Map, *, bundle: str, container_id: str, facts: Facts, options: Options
) -> Plan:
    """The plan of a container. bundle: absolute path.

    Raises ConfigError, and Unsupported for what this version does not carry out.
    """
    supported.refuse(supported.problems(config))
    c = _read(config, bundle, container_id, facts, options)
    plan, steps = c.plan, c.plan.steps
    steps.append(ops.setsid(""))
    steps += _enter_by_steps(c) if c.namespaces.entered_by_steps else _enter(c)
    steps += rootfs.open_steps(c.linux, c.rootfs, c.namespaces)
    steps += _mounts_and_devices(c)
    steps += sysctl.name_steps(config)
    steps += _hooks_before_pivot(c)
    # A parameter may belong to a network interface that a hook has just moved in.
    steps += sysctl.steps(c.linux)
    steps += rootfs.change_steps(c.linux, c.namespaces, options.no_pivot)
    if c.process:
        # Made while the root is still writable.
        cwd_flags = ops.CWD_CREATE | ops.CWD_MAY_FAIL_EACCES
        steps.append(process.cwd_step(c.process, cwd_flags))
        steps += process.console_steps(c.process, leave=c.namespaces.forks_last)
    steps += c.mounts.late
    steps += rootfs.final_steps(config, c.linux, c.namespaces)
    if c.process:
        c.filter, c.kept = process.filter_steps(config, c.process, options, plan, c.effects)
        steps += process.property_steps(c.process, facts.last_cap, plan.warnings, c.kept)
        steps += process.lookup_steps(c.process)
    steps += _ready(c)
    return plan


def _read(config: Map, bundle: str, container_id: str, facts: Facts, options: Options) -> _Create:
    c = _Create()
    c.config, c.bundle, c.container_id = config, bundle, container_id
    c.facts, c.options = facts, options
    c.linux = mapping(config, "linux")
    c.namespaces = namespaces.read(c.linux)
    c.rootfs = rootfs.path(config, bundle)
    path = options.cgroup_path or resources.cgroup_path(config, container_id)
    c.plan = plan = Plan(CgroupPlan(path, _settings(c)))
    if facts.cgroup.mode == "v2":
        plan.cgroup.owner = cgroup_mounts.owner(config, "cgroup" in c.namespaces.new)
    plan.rootfs = c.rootfs
    section = config.get("process")
    c.process = None
    plan.no_process = section is None
    if section is not None:
        c.process = process.Process(
            section, "/process", container=section, linux=c.linux, first=True
        )
        plan.terminal, plan.console_size = c.process.terminal, c.process.console_size()
        if _has_notify(c):
            from pyruntime.plan import notify  # only under a service manager

            c.process.env = process.environment([*c.process.env, notify.VARIABLE])
    elif not options.detach_start:
        raise ConfigError(
            "/process: the container has no process to run", pointer="/process", code="no-process"
        )
    if is_annotated(config):
        _annotations(c)
    if "pid" in c.namespaces.joined:
        from pyruntime.plan import last_fork  # few containers join one

        forks_last = last_fork.of_create(config, c.namespaces, c.process, facts.kernel)
        c.namespaces.forks_last = plan.forks = forks_last
    plan.clone_flags = c.namespaces.clone_flags()
    plan.own_pid_namespace = "pid" in c.namespaces.new
    if config.get("hooks"):
        from pyruntime.plan import hooks  # most containers have none

        plan.hooks = hooks.runtime_hooks(config)
    if c.linux.get("netDevices"):
        from pyruntime.plan import net_devices  # as above

        plan.net_devices = net_devices.read(c.linux)
    if c.linux.get("intelRdt") is not None:
        from pyruntime.plan import resctrl  # as above

        plan.resctrl = resctrl.read(mapping(c.linux, "intelRdt", "/linux"), container_id)
    plan.preserve = options.preserve_fds
    return c


def _annotations(c: _Create) -> None:
    from pyruntime.plan import annotations  # few containers have such

    c.effects = annotations.read(c.config)
    c.plan.warnings += annotations.warnings(c.config)
    if c.process:
        c.process.keep_groups = c.effects.keep_groups
    if c.config.get("hooks"):
        c.hook_slots = annotations.output_slots(c.effects, c.plan.slots)


def _has_notify(c: _Create) -> bool:
    """Without a mount namespace its mount would stay on the host."""
    return bool(c.options.notify_directory and c.process and c.namespaces.has("mount"))


def _settings(c: _Create) -> list[Any]:
    found = mapping(c.linux, "resources", "/linux")
    return resources.compile_resources(found, c.facts.cgroup, c.linux.get("devices") or ())


def _enter(c: _Create) -> list[Step]:
    """Into the namespaces: the new ones, but for the cgroup's, and those that are joined."""
    plan = c.plan
    joins, mount_join = namespaces.join_steps(c.namespaces.joined, plan.slots)
    _compile_mounts(c)
    made = namespaces.unshare_steps(kind for kind in c.namespaces.new if kind != "pid")
    steps = [*made, *_sources(c), *joins, ops.procfs_open(""), *_early(c)]
    if mount_join:
        # The host's cgroup files are out of sight once its mount namespace is left.
        steps += [*_cgroup(c), *mount_join]
    return steps


def _enter_by_steps(c: _Create) -> list[Step]:
    """Into namespaces that one clone cannot make: see plan.entry."""
    from pyruntime.plan import entry  # most containers have no such namespace

    plan = c.plan
    found = entry.create_entry(c.linux, c.namespaces, plan.slots)
    if c.namespaces.has("user"):
        from pyruntime.plan.userns import UserNamespace

        c.user = UserNamespace(c.linux, c.namespaces, privileged=c.facts.euid == 0)
        plan.id_maps = c.user.maps if c.user.new else None
    plan.by_steps, plan.forks = True, entry.forks(found)
    _compile_mounts(c)
    steps = [*_sources(c), ops.procfs_open("")]
    if c.process:
        steps += process.privileged_steps(c.process, c.user)
    # A user namespace's root may not write the host's cgroup files.
    steps += [*_cgroup_join(c), *found.host]
    if rootfs.is_entered(c.namespaces):
        steps.append(ops.rootfs_enter("/root/path", path=c.rootfs))
    steps += [*found.user, *found.inside, ops.procfs_open("")]
    if c.process:
        steps += process.keyring_steps(c.process, _keyring(c))
    if plan.net_devices:
        # In the other plans the phase CGROUP comes late enough.
        steps.append(ops.sync("/linux/netDevices", phase=ops.PHASE_NETWORK))
    return [*steps, *_loopback(c), *found.mount]


def _early(c: _Create) -> list[Step]:
    """What wants the runtime's rights or a namespace of its own, and no rootfs."""
    steps: list[Step] = []
    if c.process:
        steps += process.early_steps(c.process, _keyring(c))
    return steps + _loopback(c)


def _keyring(c: _Create) -> str:
    return "" if c.options.no_new_keyring else f"_ses.{c.container_id}"


def _loopback(c: _Create) -> list[Step]:
    if "network" not in c.namespaces.new:
        return []
    return [ops.loopback_up(c.namespaces.new["network"])]


def _cgroup_join(c: _Create) -> list[Step]:
    c.cgroup_entered = True
    steps = [ops.sync("", phase=ops.PHASE_CGROUP)]
    steps += [ops.cgroup_join("/linux/cgroupsPath", path=path) for path in c.options.cgroup_paths]
    return steps


def _cgroup(c: _Create) -> list[Step]:
    """Enter the cgroup, then make it the root of a new cgroup namespace; each once."""
    steps = [] if c.cgroup_entered else _cgroup_join(c)
    if "cgroup" in c.namespaces.new:
        pointer = c.namespaces.new["cgroup"]
        steps.append(ops.ns_unshare(pointer, flags=TYPES["cgroup"][0]))
    return steps


def _compile_mounts(c: _Create) -> None:
    view = cgroup_mounts.CgroupView(
        c.facts.cgroup,
        c.plan.cgroup.path,
        c.namespaces.has("cgroup"),
        user_namespace=c.user is not None,
        absent=c.options.no_cgroup,
    )
    c.mounts = mounts.compile_mounts(
        c.config,
        c.bundle,
        view,
        c.plan.warnings,
        slots=c.plan.slots,
        user=c.user,
        privileged=c.facts.euid == 0,
        proc_from_outside=c.namespaces.forks_last,
    )


def _sources(c: _Create) -> list[Step]:
    """First of all, while their numbers are free."""
    sources = c.mounts.sources
    return sources.steps(rootfs.tie(c.linux, c.namespaces)) if sources else []


def _mounts_and_devices(c: _Create) -> list[Step]:
    """The runtime makes the cgroup while the init mounts: the init asks for it as late as it
    can, which is before a cgroup mount shows it."""
    steps = c.mounts.steps
    if steps and not c.namespaces.has("mount"):
        why = "without a mount namespace these stay on the host after the container is deleted"
        c.plan.warnings.append(ignored(why, "/mounts"))
    if _has_notify(c):
        from pyruntime.plan import notify  # as above

        steps = [*steps, notify.mount_step(c.options.notify_directory)]
    at = c.mounts.cgroup_at
    label = text(c.linux, "mountLabel")
    if label:
        from pyruntime.plan import labels  # few containers have one

        context = c.effects.context if c.effects else "context"
        before = labels.mount_steps(steps[:at] if at >= 0 else [], label, context)
        steps = before + labels.mount_steps(steps[max(at, 0) :], label, context)
        at = len(before) if at >= 0 else at
    if c.user is not None and not c.namespaces.has("mount"):
        why = "a user namespace without a mount namespace can make no devices"
        c.plan.warnings.append(ignored(why, "/linux/devices"))
    elif not c.mounts.dev_is_bound:
        steps = steps + devices.steps(c.linux, c.plan.warnings, bind=c.user is not None)
    if "mount" in c.namespaces.joined and not c.namespaces.entered_by_steps:
        return steps  # the cgroup came before
    if at < 0:
        at = len(steps)
    return [*steps[:at], *_cgroup(c), *steps[at:]]


def _hooks_before_pivot(c: _Create) -> list[Step]:
    steps: list[Step] = []
    if "prestart" in c.plan.hooks or "createRuntime" in c.plan.hooks:
        steps.append(ops.sync("/hooks", phase=ops.PHASE_RUNTIME_HOOKS))
    # Where the path may be out of reach the rootfs is the working directory already.
    cwd = "." if rootfs.is_entered(c.namespaces) else c.rootfs
    steps += _hooks(c, "createContainer", "creating", [], cwd)
    return steps


def _hooks(c: _Create, kind: str, status: str, env: list[str], cwd: str) -> list[Step]:
    if not c.config.get("hooks"):
        return []
    from pyruntime.plan import hooks  # as above

    return hooks.steps(
        c.config,
        kind,
        container_id=c.container_id,
        bundle=c.bundle,
        status=status,
        env=env,
        cwd=cwd,
        outputs=c.hook_slots,
    )


def _filter_before_the_wait(c: _Create) -> list[Step]:
    """One that takes CAP_SYS_ADMIN, if it lets the init wait: who may look into a waiting init
    is not to find more rights than the program will have."""
    if not c.kept or not c.process or c.plan.listener or not c.filter:
        return []
    from pyruntime.plan import capabilities, seccomp  # as process.filter_steps

    if not seccomp.lets(mapping(c.linux, "seccomp"), seccomp.START_CALLS):
        return []
    found, c.filter = c.filter, []
    return [*found, capabilities.set_step(c.process.capabilities)]


def _fork_last(c: _Create) -> list[Step]:
    from pyruntime.plan import capabilities, last_fork  # few containers join a pid namespace

    steps: list[Step] = []
    waits = c.options.detach_start
    early = c.process if c.kept and not c.plan.listener else None
    if early and last_fork.filter_lets(c.linux, early, waits=waits):
        steps += [*c.filter, capabilities.set_step(early.capabilities)]
        c.filter = []
    steps += last_fork.steps()
    if c.process and c.process.terminal:
        steps.append(ops.console_take("/process/terminal"))
    return steps


def _ready(c: _Create) -> list[Step]:
    """All is set up: wait for `start` if there is to be one, then become the process."""
    hooks: list[Step] = []
    if c.process:
        hooks = _hooks(c, "startContainer", "created", c.process.env, c.process.cwd)
    waits = c.options.detach_start
    closing = process.closing_step(
        c.plan.preserve, start=waits, namespaces=waits and c.facts.euid != 0
    )
    # Before the wait, unless the hooks are given descriptors.
    late = bool(hooks) and c.hook_slots != (0, 0)
    steps = [] if late else [closing]
    if c.namespaces.forks_last:
        steps += _fork_last(c)
    if waits and not hooks:
        steps += _filter_before_the_wait(c)
    steps.append(ops.sync("", phase=ops.PHASE_READY))
    if c.options.detach_start:
        steps.append(ops.wait_start(""))
    if hooks:
        # They are under the filter, too.
        steps += [*c.filter, *hooks]
        c.filter = []
    if late:
        steps.append(process.closing_step(c.plan.preserve))
    if c.process:
        steps += process.exec_steps(c.process, c.options.listen_fds, c.filter)
    return steps
