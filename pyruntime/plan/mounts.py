# SPDX-License-Identifier: Apache-2.0
"""`mounts` of the config to steps (config.md, "Mounts").

Targets are paths inside the rootfs, resolved by the init; sources are paths of the host.
What is special about cgroup mounts is in cgroup_mounts.py.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan import cgroup_mounts, mount_options, ops
from pyruntime.plan.field import sequence, text
from pyruntime.plan.mount_options import RDONLY, MountOptions
from pyruntime.plan.paths import below, clean
from pyruntime.plan.plan import ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.errors import Problem
    from pyruntime.plan.cgroup_mounts import CgroupView
    from pyruntime.plan.field import Map
    from pyruntime.plan.plan import Slot
    from pyruntime.plan.step import Step
    from pyruntime.plan.userns import Sources, UserNamespace

# The only files of procfs that may be mounted over: they tell a container of its own limits.
# Anything else below /proc could hide or fake what a reader trusts.
OVER_PROC = frozenset(
    [
        "cpuinfo",
        "diskstats",
        "meminfo",
        "stat",
        "swaps",
        "uptime",
        "loadavg",
        "slabinfo",
        "sys/kernel/ns_last_pid",
        "sys/crypto/fips_enabled",
    ]
)

# Their superblocks are shared by all mounts of one namespace: read-only is made an attribute
# of this mount, so that no other one turns read-only with it.
SHARED_SUPERBLOCK = frozenset(
    [
        "proc",
        "sysfs",
        "cgroup",
        "cgroup2",
        "mqueue",
        "devpts",
        "bpf",
        "debugfs",
        "tracefs",
        "securityfs",
        "efivarfs",
        "configfs",
        "fusectl",
        "pstore",
        "binfmt_misc",
        "hugetlbfs",
        "tmpfs",
        "ramfs",
    ]
)


class Mounts:
    """steps: in order. late: made read-only at the end, after everything below is there.
    cgroup_at: index in steps of the first cgroup mount, -1 without one.
    dev_is_bound: /dev is the host's, so that no device is made in it. sources: what has to be
    opened before the mounts, None while there is nothing. proc_options: of every procfs.
    """

    __slots__ = (
        "cgroup_at",
        "dev_is_bound",
        "late",
        "proc_options",
        "sources",
        "steps",
        "warnings",
    )

    def __init__(self, warnings: list[Problem], sources: Sources | None) -> None:
        self.sources = sources
        self.steps: list[Step] = []
        self.late: list[Step] = []
        self.cgroup_at = -1
        self.dev_is_bound = False
        self.proc_options: tuple[str, ...] = ()
        self.warnings = warnings


def compile_mounts(
    config: Map,
    bundle: str,
    view: CgroupView,
    warnings: list[Problem],
    *,
    slots: list[Slot],
    user: UserNamespace | None = None,
    privileged: bool = True,
    sources: Sources | None = None,
    proc_from_outside: bool = False,
) -> Mounts:
    """All mounts in order. Raises ConfigError, Unsupported.

    slots: of the plan, namespaces included; user namespaces of id-mapped mounts are added.
    user: the container's user namespace. privileged: whether the runtime is the host's root.
    sources: those of these mounts, when all are to be opened first. proc_from_outside: the
    init is not in the pid namespace that procfs is to show.
    """
    found = Mounts(warnings, sources)
    if proc_from_outside:
        from pyruntime.plan.last_fork import PROC_OPTION  # few containers join a pid namespace

        found.proc_options = (PROC_OPTION,)
    if user is not None and sources is None:
        from pyruntime.plan.userns import Sources  # most containers have no user namespace

        found.sources = Sources(config, slots, user)
    for index, mount in enumerate(sequence(config, "mounts")):
        if user is not None:
            mount = user.adapt(mount)
        pointer = f"/mounts/{index}"
        options = mount_options.parse(sequence(mount, "options", pointer))
        if options.idmap or mount.get("uidMappings") or mount.get("gidMappings"):
            from pyruntime.plan.userns import Sources, check_idmap  # and no such mount

            check_idmap(options, pointer, privileged=privileged)
            found.sources = found.sources or Sources(config, slots, None)
        _compile_mount(found, mount, options, pointer, bundle, view)
    return found


def _compile_mount(
    found: Mounts, mount: Map, options: MountOptions, pointer: str, bundle: str, view: CgroupView
) -> None:
    target = _target(mount, pointer)
    kind = text(mount, "type")
    _check_proc(target, mount, options, pointer)
    if options.remount or (options.propagation and not options.bind and not kind):
        found.steps.append(_remount(options, kind, target, pointer))
    elif options.bind:
        found.steps.append(_bind(found, options, mount, target, pointer, bundle))
        found.dev_is_bound = found.dev_is_bound or target == "/dev"
    elif kind == "cgroup" or (kind == "cgroup2" and view.facts.mode == "v2"):
        if found.cgroup_at < 0:
            found.cgroup_at = len(found.steps)
        found.steps += cgroup_mounts.steps(options, target, pointer, view)
    elif not kind or kind == "bind":
        raise ConfigError(
            f"{pointer}: neither a filesystem type nor a bind mount",
            pointer=pointer,
            hint='set "type", or put "bind" or "rbind" into "options"',
        )
    else:
        if kind == "cgroup2" and found.cgroup_at < 0:
            found.cgroup_at = len(found.steps)
        found.steps.append(_filesystem(found, options, mount, target, pointer))
    for flags in options.propagation[1:]:
        # The kernel takes one kind at a time: "slave" then "shared" is a mount that is both.
        found.steps.append(ops.mount_remount(pointer, propagation=flags, target=target))


def _target(mount: Map, pointer: str) -> str:
    target = clean(text(mount, "destination"))
    if target == "/":
        raise ConfigError(
            f"{pointer}/destination: the rootfs itself is no mount point",
            pointer=f"{pointer}/destination",
        )
    return target


def _check_proc(target: str, mount: Map, options: MountOptions, pointer: str) -> None:
    """Only procfs on /proc, only the listed files below it."""
    here = f"{pointer}/destination"
    if target == "/proc":
        if (text(mount, "type") in ("proc", "") and not options.bind) or options.remount:
            return
        if options.bind and clean(text(mount, "source")) == "/proc":
            return
        raise ConfigError(f"{here}: only procfs can be mounted on /proc", pointer=here)
    if target.startswith("/proc/") and target[6:] not in OVER_PROC and not options.remount:
        raise ConfigError(f"{here}: {target} cannot be mounted over", pointer=here)


def _first(flags: list[int]) -> int:
    return flags[0] if flags else 0


def _bind(
    found: Mounts, options: MountOptions, mount: Map, target: str, pointer: str, bundle: str
) -> Step:
    source = text(mount, "source")
    if not source:
        raise ConfigError(f"{pointer}: bind mount without source", pointer=pointer)
    if options.data:
        raise ConfigError(
            f"{pointer}/options: a bind mount takes no filesystem option: {options.data[0]!r}",
            pointer=f"{pointer}/options",
        )
    if options.superblock:
        names = ", ".join(options.superblock)
        why = f"ignore {names}: a bind mount shares its source's superblock"
        found.warnings.append(ignored(why, f"{pointer}/options"))
    flags, slot = ops.MOUNT_RECURSIVE if options.recursive else 0, -1
    source = below(bundle, source)
    if found.sources is not None:
        slot = found.sources.open(mount, options, source, pointer)
    return ops.mount_bind(
        pointer,
        flags=flags if slot < 0 else flags | ops.MOUNT_FROM_SLOT,
        slot=max(slot, 0),
        attr_set=options.attr_set,
        attr_clr=options.attr_clr,
        rec_set=options.rec_set,
        rec_clr=options.rec_clr,
        propagation=_first(options.propagation),
        source=source,
        target=target,
    )


def _filesystem(
    found: Mounts, options: MountOptions, mount: Map, target: str, pointer: str
) -> Step:
    kind = text(mount, "type")
    # A new mount has nothing below it: the recursive options are the plain ones.
    attr_set = options.attr_set & ~options.rec_clr | options.rec_set
    flags = 0
    data = options.data
    if kind in ("proc", "sysfs"):
        # A symlink here could lead the runtime's own writes elsewhere.
        flags |= ops.MOUNT_NO_SYMLINKS
    if kind == "proc":
        data = [*found.proc_options, *data]
    if kind == "tmpfs":
        if not any(option.startswith("mode=") for option in data):
            flags |= ops.MOUNT_KEEP_MODE
        if options.copy_up:
            flags |= ops.MOUNT_COPY_UP
    if attr_set & RDONLY:
        if kind == "tmpfs" or target == "/dev":
            # Mount points, devices and links are still to be made in it.
            attr_set &= ~RDONLY
            found.late.append(ops.mount_attr(pointer, attr_set=RDONLY, target=target))
        elif kind not in SHARED_SUPERBLOCK:
            data = ["ro", *data]
    return ops.mount_fs(
        pointer,
        flags=flags,
        attr_set=attr_set,
        propagation=_first(options.propagation),
        fstype=kind,
        source=text(mount, "source") or kind,
        target=target,
        options=[*options.superblock, *data],
    )


def _remount(options: MountOptions, kind: str, target: str, pointer: str) -> Step:
    """Change what is named, keep the rest; with "bind" only the mount, else the superblock too."""
    if options.rec_set or options.rec_clr:
        raise Unsupported(
            f"{pointer}/options: recursive options of a remount are not supported yet",
            pointer=f"{pointer}/options",
        )
    data = [*options.superblock, *options.data]
    if options.bind and data:
        raise ConfigError(
            f"{pointer}/options: a bind mount takes no filesystem option: {data[0]!r}",
            pointer=f"{pointer}/options",
        )
    whole = not options.bind and kind and kind not in SHARED_SUPERBLOCK
    if whole and options.attr_clr & RDONLY:
        data = ["rw", *data]
    return ops.mount_remount(
        pointer,
        flags=ops.MOUNT_SB_RDONLY if whole and options.attr_set & RDONLY else 0,
        attr_set=options.attr_set,
        attr_clr=options.attr_clr,
        propagation=_first(options.propagation),
        target=target,
        options=data,
    )
