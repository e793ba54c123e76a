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
    from collections.abc import Sequence
    from typing import Any, Protocol

    from pyruntime.plan.annotations import Effects
    from pyruntime.plan.facts import Facts
    from pyruntime.plan.field import Map
    from pyruntime.plan.process import Process
    from pyruntime.plan.step import Step
    from pyruntime.plan.userns import UserNamespace

    class Container(Protocol):
        """What exec must know of a container: its id, its init, its rootfs on the host."""

        id: str
        pid: int
        rootfs: str


class Options:
    """What the command line and its environment decide.

    no_pivot, no_new_keyring: as the flags of the same name. preserve_fds: how many descriptors
    from 3 on the process keeps; listen_fds: how many of them, the first, came by socket
    activation. detach_start: True for
    create (the init waits for `start`), False for run. notify_directory: the host's, with the
    container's own NOTIFY_SOCKET, "" for none. cgroup_paths: `tasks` files that the init writes
    itself into. cgroup_path: of the cgroup when it is not what cgroupsPath says.
    seccomp_program: the filter of linux.seccomp, compiled. no_cgroup: none could be made, the
    container shares the runtime's.
    """

    __slots__ = (
        "cgroup_path",
        "cgroup_paths",
        "detach_start",
        "listen_fds",
        "no_cgroup",
        "no_new_keyring",
        "no_pivot",
        "notify_directory",
        "preserve_fds",
        "seccomp_program",
    )

    def __init__(
        self,
        *,
        no_pivot: bool = False,
        no_new_keyring: bool = False,
        preserve_fds: int = 0,
        listen_fds: int = 0,
        detach_start: bool = True,
        notify_directory: str = "",
        cgroup_paths: Sequence[str] = (),
        cgroup_path: str = "",
        seccomp_program: bytes = b"",
        no_cgroup: bool = False,
    ) -> None:
        self.no_pivot = no_pivot
        self.no_new_keyring = no_new_keyring
        self.preserve_fds = preserve_fds
        self.listen_fds = listen_fds
        self.detach_start = detach_start
        self.notify_directory = notify_directory
        self.cgroup_paths = cgroup_paths
        self.cgroup_path = cgroup_path
        self.seccomp_program = seccomp_program
        self.no_cgroup = no_cgroup


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
        steps += process.console_steps(c.process)
    steps += c.mounts.late
    steps += rootfs.final_steps(config, c.linux, c.namespaces)
    if c.process:
        c.filter, kept = _filter(config, c.process, options, plan, c.effects)
        steps += process.property_steps(c.process, facts.last_cap, plan.warnings, kept)
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
    """Into the namespaces: the clone made the new ones, but for the cgroup's."""
    plan = c.plan
    joins, mount_join, plan.pid_namespace = namespaces.join_steps(c.namespaces.joined, plan.slots)
    _compile_mounts(c)
    steps = [*_sources(c), *joins, ops.procfs_open(""), *_early(c)]
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


def _ready(c: _Create) -> list[Step]:
    """All is set up: wait for `start` if there is to be one, then become the process."""
    steps = [ops.sync("", phase=ops.PHASE_READY)]
    if c.options.detach_start:
        steps.append(ops.wait_start(""))
    if c.process:
        hooks = _hooks(c, "startContainer", "created", c.process.env, c.process.cwd)
        if hooks:
            # They are under the filter, too.
            steps += [*c.filter, *hooks]
            c.filter = []
        last = process.exec_steps(c.process, c.plan.preserve, c.options.listen_fds, c.filter)
        steps += last
    return steps


def _filter(
    config: Map, of: Process, options: Options, plan: Plan, effects: Effects | None
) -> tuple[list[Step], int]:
    """The filter's step, and the capabilities that it takes.

    It comes as late as it can, so that the filter need not allow what the init does.
    """
    if not mapping(config, "linux").get("seccomp"):
        return [], 0
    from pyruntime.plan import seccomp  # containers without a filter have no use for it

    section = seccomp.section_of(config)
    plan.listener = seccomp.listener(section, effects.receiver if effects else "")
    privileged = not of.section.get("noNewPrivileges")
    step = seccomp.filter_step(section, options.seccomp_program, plan.warnings, privileged)
    return [step], seccomp.PRIVILEGE if privileged else 0


def compile_exec(
    section: Map, *, config: Map, state: Container, facts: Facts, options: Options
) -> Plan:
    """The plan of a process added to a container.

    section: a `process` object. config and state: the container's. Raises ConfigError.
    """
    linux = mapping(config, "linux")
    container = mapping(config, "process")
    plan = Plan(CgroupPlan(resources.cgroup_path(config, state.id), []))
    plan.rootfs = state.rootfs
    added = process.Process(section, "", container=container, linux=linux, first=False)
    if section.get("execCPUAffinity"):
        from pyruntime.plan import placement  # few containers have one

        plan.cpus = placement.initial_cpus(added)
    plan.terminal, plan.console_size = added.terminal, added.console_size()
    plan.preserve = options.preserve_fds
    configured = namespaces.read(linux)
    keyring = "" if options.no_new_keyring else f"_ses.{state.id}"
    effects = None
    if is_annotated(config):
        from pyruntime.plan import annotations  # few containers have such

        effects = annotations.read(config)
        added.keep_groups = effects.keep_groups
    last, kept = _filter(config, added, options, plan, effects)
    plan.steps += [
        ops.setsid(""),
        # The files of the host's cgroups are out of sight after the mount namespace.
        *(ops.cgroup_join("", path=path) for path in options.cgroup_paths),
    ]
    if configured.has("user"):
        from pyruntime.plan.entry import exec_steps  # most containers have none

        plan.forks = configured.has("pid")
        privileged = facts.euid == 0
        plan.steps += exec_steps(
            added, linux, configured, state.pid, plan.slots, keyring, privileged=privileged
        )
    else:
        joins, mount_join, plan.pid_namespace = namespaces.join_steps(
            _of_init(configured, state.pid), plan.slots
        )
        plan.steps += [
            *joins,
            ops.procfs_open(""),
            *process.early_steps(added, keyring),
            *mount_join,
        ]
    if not configured.has("mount"):
        plan.steps += _enter_root(state)
    plan.steps += [
        *process.console_steps(added),
        *process.property_steps(added, facts.last_cap, plan.warnings, kept),
        *process.lookup_steps(added),
        ops.sync("", phase=ops.PHASE_READY),
        *process.exec_steps(added, plan.preserve, options.listen_fds, last),
    ]
    return plan


def _of_init(configured: Namespaces, pid: int) -> dict[str, tuple[str, str]]:
    """The container's namespaces as its init has them: those of the config, no other."""
    return {
        kind: (f"/proc/{pid}/ns/{entry}", configured.pointer(kind))
        for kind, (_, entry) in TYPES.items()
        if configured.has(kind)
    }


def _enter_root(state: Container) -> list[Step]:
    """A container without a mount namespace is a directory of the host."""
    return [
        ops.rootfs_open("/root/path", flags=ops.ROOTFS_IN_PLACE, path=state.rootfs),
        ops.chroot(""),
    ]
