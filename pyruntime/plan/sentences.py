# SPDX-License-Identifier: Apache-2.0
"""What each operation does, in words: one entry per operation of ops.def.

A sentence is one line, lower case, without full stop. The environment's values are never
shown: they may be secrets. Imported only when something is to be shown, by describe.py.
"""

from __future__ import annotations

from pyruntime.plan import mount_options, ops
from pyruntime.plan.capabilities import NAMES, names
from pyruntime.plan.namespaces import NAMES as NAMESPACES
from pyruntime.plan.rlimits import INFINITY
from pyruntime.plan.rlimits import NAMES as LIMITS
from pyruntime.plan.seccomp import FLAGS, NEW_LISTENER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Args = dict[str, Any]

PHASES = {
    ops.PHASE_CGROUP: "the runtime has made the cgroup",
    ops.PHASE_USERNS: "the runtime has written the mappings of the user namespace",
    ops.PHASE_NETWORK: "the runtime has moved the network devices in",
    ops.PHASE_RUNTIME_HOOKS: "the runtime has run its hooks",
    ops.PHASE_READY: "the runtime has recorded the container",
}


def _ns_join(args: Args) -> str:
    what = f"join the {NAMESPACES[args['nstype']]} namespace (descriptor {args['slot']})"
    if args["flags"] & ops.NS_TRY:
        return f"{what} if it is the host's"
    return f"{what} if that was not done" if args["flags"] & ops.NS_REST else what


def _ns_unshare(args: Args) -> str:
    kinds = [kind for flag, kind in NAMESPACES.items() if args["flags"] & flag]
    if len(kinds) == 1:
        return f"make a new {kinds[0]} namespace"
    return f"make new namespaces: {', '.join(kinds)}"


def _time_offset(args: Args) -> str:
    clock = {1: "monotonic", 7: "boottime"}[args["clock"]]
    return f"set the {clock} clock off by {args['secs']} s and {args['nanosecs']} ns"


def _source_open(args: Args) -> str:
    how = " with all below it" if args["flags"] & ops.SOURCE_RECURSIVE else ""
    if args["flags"] & ops.SOURCE_IDMAP:
        how += f", its ids mapped as in descriptor {args['idmap_slot']}"
    if args["propagation"]:
        how += f" ({' '.join(mount_options.propagation_names(args['propagation']))})"
    return f"open the bind source {args['source']}{how} as descriptor {args['slot']}"


def _in_brackets(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def _attributes(args: Args) -> list[str]:
    found = mount_options.attribute_names(args["attr_set"], args["attr_clr"])
    if args.get("rec_set") or args.get("rec_clr"):
        below = mount_options.attribute_names(args["rec_set"], args["rec_clr"])
        found += [f"r{name}" for name in below]
    return found + mount_options.propagation_names(args.get("propagation", 0))


def _mount_fs(args: Args) -> str:
    parts = _attributes(args) + list(args["options"])
    if args["flags"] & ops.MOUNT_COPY_UP:
        parts.append("with a copy of what is there")
    source = args["source"]
    what = args["fstype"] if source in ("", args["fstype"]) else f"{args['fstype']} {source}"
    return f"mount {what} on {args['target']}{_in_brackets(parts)}"


def _mount_bind(args: Args) -> str:
    source = args["source"]
    if args["flags"] & ops.MOUNT_FROM_SLOT:
        source = f"descriptor {args['slot']} ({source})"
    how = "with all below it " if args["flags"] & ops.MOUNT_RECURSIVE else ""
    return f"bind {source} {how}on {args['target']}{_in_brackets(_attributes(args))}"


def _mount_remount(args: Args) -> str:
    parts = _attributes(args) + list(args["options"])
    whole = " and its superblock" if args["flags"] & ops.MOUNT_SB_RDONLY else ""
    return f"change the mount {args['target']}{whole}{_in_brackets(parts)}"


def _mount_attr(args: Args) -> str:
    return f"change the mount {args['target']}{_in_brackets(_attributes(args))}"


def _propagation(args: Args) -> str:
    return f"make the mounts at / {' '.join(mount_options.propagation_names(args['flags']))}"


def _rootfs_open(args: Args) -> str:
    if args["flags"] & ops.ROOTFS_IN_PLACE:
        return f"open the rootfs {args['path']}"
    return f"make the rootfs {args['path']} a mount of its own"


def _device(args: Args) -> str:
    kind = {0o010000: "FIFO", 0o020000: "character", 0o060000: "block"}[args["mode"] & 0o170000]
    number = "" if kind == "FIFO" else f" device {args['major']}:{args['minor']}"
    owner = f", owner {args['uid']}:{args['gid']}" if args["uid"] or args["gid"] else ""
    if args["flags"] & ops.DEVICE_BIND:
        return f"bind the host's {kind}{number} {args['path']}"
    return f"make {kind}{number} {args['path']} (mode {args['mode'] & 0o7777:04o}{owner})"


def _symlink(args: Args) -> str:
    unless = " unless it is there" if args["flags"] & ops.SYMLINK_OPTIONAL else ""
    return f"link {args['path']} to {args['target']}{unless}"


def _hook(args: Args) -> str:
    timeout = f", at most {args['timeout_ms'] / 1000:g} s" if args["timeout_ms"] else ""
    kept = [name for name in ("stdout", "stderr") if args[name]]
    files = f", its {' and '.join(kept)} to files" if kept else ""
    return f"run hook {args['path']} in the container's namespaces{timeout}{files}"


def _console(args: Args) -> str:
    size = f" of {args['rows']} rows, {args['columns']} columns" if args["rows"] else ""
    also = ", also as /dev/console" if args["flags"] & ops.CONSOLE_DEV_CONSOLE else ""
    return f"open a terminal{size} as stdin, stdout and stderr{also}"


def _limit(value: int) -> str:
    return "unlimited" if value == INFINITY else str(value)


def _rlimit(args: Args) -> str:
    soft, hard = _limit(args["soft"]), _limit(args["hard"])
    return f"limit {LIMITS[args['resource']]} to {soft}, at most {hard}"


def _scheduler(args: Args) -> str:
    from pyruntime.plan.placement import POLICIES

    policy = {number: name for name, number in POLICIES.items()}.get(args["policy"], args["policy"])
    values = [f"{name} {value}" for name, value in args.items() if name != "policy" and value]
    return f"set the scheduling policy {policy}{_in_brackets(values)}"


def _memory_policy(args: Args) -> str:
    from pyruntime.plan.placement import MODE_FLAGS, MODES

    mode = args["mode"]
    flags = [name for name, flag in MODE_FLAGS.items() if mode & flag]
    plain = mode & ~sum(MODE_FLAGS.values())
    name = {number: name for name, number in MODES.items()}.get(plain, plain)
    nodes = f" on the nodes {', '.join(map(str, args['nodes']))}" if args["nodes"] else ""
    return f"set the memory policy {name}{nodes}{_in_brackets(flags)}"


def _cwd(args: Args) -> str:
    made = ", made if missing" if args["flags"] & ops.CWD_CREATE else ""
    stay = ", or stay there as root came" if args["flags"] & ops.CWD_STAY else ""
    return f"change the working directory to {args['path']}{made}{stay}"


def _caps(mask: int) -> str:
    if mask == (1 << len(NAMES)) - 1:
        return "all"
    return ", ".join(names(mask)) or "none"


def _caps_set(args: Args) -> str:
    """Equal sets are named together."""
    groups: dict[int, list[str]] = {}
    for name in ("effective", "permitted", "inheritable"):
        groups.setdefault(args[name], []).append(name)
    found = [f"{' and '.join(members)} {_caps(mask)}" for mask, members in groups.items()]
    return f"set capabilities: {'; '.join(found)}"


def _groups(args: Args) -> str:
    gids = ", ".join(str(gid) for gid in args["gids"])
    return f"set the supplementary groups to {gids or 'none'}"


def _seccomp(args: Args) -> str:
    asked = [name.rpartition("FLAG_")[2] for name, bit in FLAGS.items() if args["flags"] & bit]
    if args["flags"] & NEW_LISTENER:
        asked.append("with a listener")
    if args["privileged"]:
        asked.append("by CAP_SYS_ADMIN, which ends with execve")
    count = args["rules"]
    return f"load a seccomp filter of {count} rule{'' if count == 1 else 's'}{_in_brackets(asked)}"


def _fds_close(args: Args) -> str:
    but = " but the one that start calls" if args["start"] else ""
    if args["namespaces"]:
        but += " and those of the namespaces"
    return f"close all descriptors above {2 + args['keep']}{but}"


def _execve(args: Args) -> str:
    count = len(args["env"])
    variables = f"{count} environment variable{'' if count == 1 else 's'}"
    return f"execute {' '.join(args['args'])} with {variables}"


SENTENCES: dict[str, Callable[[Args], str]] = {
    "setsid": lambda a: "start a session",
    "oom_score_adj": lambda a: f"set oom_score_adj to {a['value']}",
    "keyring_join": lambda a: f"join a session keyring {a['name']}",
    "sync": lambda a: f"wait until {PHASES[a['phase']]}",
    "wait_start": lambda a: "wait for start",
    "ns_join": _ns_join,
    "ns_unshare": _ns_unshare,
    "ns_root": lambda a: "become root of the user namespace",
    "time_offset": _time_offset,
    "fork": lambda a: "go on as a child, in the namespaces chosen for it",
    "source_open": _source_open,
    "rootfs_enter": lambda a: f"change the working directory to the rootfs {a['path']}",
    "cgroup_join": lambda a: f"enter the cgroup by {a['path']}",
    "procfs_open": lambda a: "open a procfs that nobody else can reach",
    "loopback_up": lambda a: "set the loopback interface up",
    "hostname": lambda a: f"set the hostname to {a['name']}",
    "domainname": lambda a: f"set the domainname to {a['name']}",
    "sysctl": lambda a: f"set sysctl {a['path']} to {a['value']}",
    "propagation": _propagation,
    "rootfs_open": _rootfs_open,
    "mount_fs": _mount_fs,
    "mount_bind": _mount_bind,
    "mount_remount": _mount_remount,
    "mount_attr": _mount_attr,
    "unmount": lambda args: f"unmount {args['target']}",
    "file_label": lambda a: f"label {a['path']} {a['label']}",
    "device": _device,
    "symlink": _symlink,
    "hook": _hook,
    "pivot_root": lambda a: "make the rootfs the root, detach the old one",
    "move_root": lambda a: "move the rootfs over the root",
    "chroot": lambda a: "change the root directory to the rootfs",
    "root_propagation": _propagation,
    "root_readonly": lambda a: "make the root read-only",
    "readonly_path": lambda a: f"make {a['path']} read-only",
    "masked_path": lambda a: f"mask {a['path']}",
    "console_open": _console,
    "console_take": lambda a: "take the terminal for the new session",
    "stdio_owner": lambda a: f"give stdin, stdout and stderr to user {a['uid']}",
    "rlimit": _rlimit,
    "rlimit_raise": lambda a: f"let {LIMITS[a['resource']]} be raised to {_limit(a['hard'])}",
    "affinity_reset": lambda a: "allow all CPUs",
    "affinity": lambda a: f"allow the CPUs {', '.join(map(str, a['cpus']))}",
    "scheduler": _scheduler,
    "memory_policy": _memory_policy,
    "personality": lambda a: f"take the execution domain {a['domain']}",
    "io_priority": lambda a: f"set the I/O priority to class {a['kind']}, level {a['priority']}",
    "process_attr": lambda a: f"write {a['value'].strip() or 'nothing'} to attr/{a['name']}",
    "umask": lambda a: (
        "set the umask to the caller's"
        if a["mask"] == ops.UMASK_CALLER
        else f"set the umask to {a['mask']:04o}"
    ),
    "cwd": _cwd,
    "caps_bounding": lambda a: f"limit capabilities to {_caps(a['mask'])}",
    "caps_keep": lambda a: (
        "keep capabilities across the change of user"
        if a["on"]
        else "no longer keep capabilities across a change of user"
    ),
    "groups": _groups,
    "user": lambda a: f"become user {a['uid']}, group {a['gid']}",
    "caps_set": _caps_set,
    "caps_ambient": lambda a: f"set ambient capabilities: {_caps(a['mask'])}",
    "no_new_privs": lambda a: "give up gaining privileges by execve",
    "seccomp": _seccomp,
    "home": lambda a: f"take HOME of user {a['uid']} from the container's /etc/passwd",
    "exec_lookup": lambda a: f"look up {a['file']}",
    "fds_close": _fds_close,
    "execve": _execve,
}
