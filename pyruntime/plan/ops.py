# SPDX-License-Identifier: Apache-2.0
# Generated from pyruntime/_native/ops.def by tools/gen_ops.py; do not edit.
"""One constructor per operation of the init, and the constants of the wire format."""

from __future__ import annotations

from pyruntime.plan.step import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# operation -> (wire number, names of the numbers, names of the strings)
SIGNATURES: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {
    "setsid": (1, (), ()),
    "oom_score_adj": (2, ("value",), ()),
    "keyring_join": (3, (), ("name",)),
    "sync": (4, ("phase",), ()),
    "wait_start": (5, (), ()),
    "ns_join": (6, ("slot", "nstype", "flags"), ()),
    "ns_unshare": (7, ("flags",), ()),
    "ns_root": (8, (), ()),
    "time_offset": (9, ("clock", "secs", "nanosecs"), ()),
    "fork": (10, (), ()),
    "cgroup_join": (11, (), ("path",)),
    "procfs_open": (12, (), ()),
    "loopback_up": (13, (), ()),
    "hostname": (14, (), ("name",)),
    "domainname": (15, (), ("name",)),
    "sysctl": (16, (), ("path", "value")),
    "propagation": (17, ("flags",), ()),
    "source_open": (18, ("slot", "flags", "idmap_slot", "propagation"), ("source",)),
    "rootfs_enter": (19, (), ("path",)),
    "rootfs_open": (20, ("flags", "propagation"), ("path",)),
    "mount_fs": (21, ("flags", "attr_set", "attr_clr", "propagation"), ("fstype", "source", "target", "options")),
    "mount_bind": (22, ("flags", "slot", "attr_set", "attr_clr", "rec_set", "rec_clr", "propagation"), ("source", "target")),
    "mount_remount": (23, ("flags", "attr_set", "attr_clr", "propagation"), ("target", "options")),
    "mount_attr": (24, ("flags", "attr_set", "attr_clr"), ("target",)),
    "unmount": (25, (), ("target",)),
    "file_label": (26, (), ("path", "label")),
    "device": (27, ("mode", "major", "minor", "uid", "gid", "flags"), ("path",)),
    "symlink": (28, ("flags",), ("target", "path")),
    "hook": (29, ("timeout_ms", "stdout", "stderr"), ("path", "args", "env", "cwd", "state_head", "state_tail")),
    "pivot_root": (30, (), ()),
    "move_root": (31, (), ()),
    "chroot": (32, (), ()),
    "root_propagation": (33, ("flags",), ()),
    "root_readonly": (34, (), ()),
    "readonly_path": (35, (), ("path",)),
    "masked_path": (36, (), ("path", "label")),
    "console_open": (37, ("rows", "columns", "flags"), ()),
    "console_take": (38, (), ()),
    "stdio_owner": (39, ("uid",), ()),
    "rlimit": (40, ("resource", "soft", "hard"), ()),
    "rlimit_raise": (41, ("resource", "hard"), ()),
    "affinity_reset": (42, (), ()),
    "affinity": (43, (), ("cpus",)),
    "io_priority": (44, ("kind", "priority"), ()),
    "scheduler": (45, ("policy", "nice", "priority", "flags", "runtime", "deadline", "period"), ()),
    "memory_policy": (46, ("mode",), ("nodes",)),
    "personality": (47, ("domain",), ()),
    "process_attr": (48, ("flags",), ("name", "value")),
    "umask": (49, ("mask",), ()),
    "cwd": (50, ("flags",), ("path",)),
    "caps_bounding": (51, ("mask",), ()),
    "caps_keep": (52, ("on",), ()),
    "groups": (53, (), ("gids",)),
    "user": (54, ("uid", "gid"), ()),
    "caps_set": (55, ("effective", "permitted", "inheritable"), ()),
    "caps_ambient": (56, ("mask",), ()),
    "no_new_privs": (57, (), ()),
    "seccomp": (58, ("flags", "rules", "privileged"), ("program",)),
    "home": (59, ("uid",), ()),
    "exec_lookup": (60, (), ("file", "path")),
    "fds_close": (61, ("keep", "start", "namespaces"), ()),
    "execve": (62, (), ("args", "env")),
}

MOUNT_RECURSIVE = 1
MOUNT_NO_SYMLINKS = 2
MOUNT_KEEP_MODE = 4
MOUNT_COPY_UP = 8
MOUNT_SB_RDONLY = 16
MOUNT_FROM_SLOT = 32
MOUNT_CREATE_FILE = 64
ROOTFS_IN_PLACE = 1
ROOTFS_ENTERED = 2
SOURCE_RECURSIVE = 1
SOURCE_IDMAP = 2
SOURCE_IDMAP_ALL = 4
NS_TRY = 1
NS_REST = 2
DEVICE_BIND = 1
SYMLINK_OPTIONAL = 1
ATTR_OPTIONAL = 1
UMASK_CALLER = 4096
CWD_CREATE = 1
CWD_MAY_FAIL_EACCES = 2
CWD_STAY = 4
CONSOLE_DEV_CONSOLE = 1
CONSOLE_LEAVE = 2
MSG_SYNC = 1
MSG_GO = 2
MSG_FD = 3
MSG_WARN = 4
MSG_ERROR = 5
MSG_TRACE = 6
MSG_NAMESPACES = 7
PHASE_CGROUP = 1
PHASE_USERNS = 2
PHASE_NETWORK = 3
PHASE_RUNTIME_HOOKS = 4
PHASE_READY = 5


def setsid(pointer: str) -> Step:
    return Step("setsid", pointer, {})


def oom_score_adj(pointer: str, *, value: int = 0) -> Step:
    return Step("oom_score_adj", pointer, {"value": value})


def keyring_join(pointer: str, *, name: str = "") -> Step:
    return Step("keyring_join", pointer, {"name": name})


def sync(pointer: str, *, phase: int = 0) -> Step:
    return Step("sync", pointer, {"phase": phase})


def wait_start(pointer: str) -> Step:
    return Step("wait_start", pointer, {})


def ns_join(pointer: str, *, slot: int = 0, nstype: int = 0, flags: int = 0) -> Step:
    return Step("ns_join", pointer, {"slot": slot, "nstype": nstype, "flags": flags})


def ns_unshare(pointer: str, *, flags: int = 0) -> Step:
    return Step("ns_unshare", pointer, {"flags": flags})


def ns_root(pointer: str) -> Step:
    return Step("ns_root", pointer, {})


def time_offset(pointer: str, *, clock: int = 0, secs: int = 0, nanosecs: int = 0) -> Step:
    return Step("time_offset", pointer, {"clock": clock, "secs": secs, "nanosecs": nanosecs})


def fork(pointer: str) -> Step:
    return Step("fork", pointer, {})


def cgroup_join(pointer: str, *, path: str = "") -> Step:
    return Step("cgroup_join", pointer, {"path": path})


def procfs_open(pointer: str) -> Step:
    return Step("procfs_open", pointer, {})


def loopback_up(pointer: str) -> Step:
    return Step("loopback_up", pointer, {})


def hostname(pointer: str, *, name: str = "") -> Step:
    return Step("hostname", pointer, {"name": name})


def domainname(pointer: str, *, name: str = "") -> Step:
    return Step("domainname", pointer, {"name": name})


def sysctl(pointer: str, *, path: str = "", value: str = "") -> Step:
    return Step("sysctl", pointer, {"path": path, "value": value})


def propagation(pointer: str, *, flags: int = 0) -> Step:
    return Step("propagation", pointer, {"flags": flags})


def source_open(pointer: str, *, slot: int = 0, flags: int = 0, idmap_slot: int = 0, propagation: int = 0, source: str = "") -> Step:
    return Step("source_open", pointer, {"slot": slot, "flags": flags, "idmap_slot": idmap_slot, "propagation": propagation, "source": source})


def rootfs_enter(pointer: str, *, path: str = "") -> Step:
    return Step("rootfs_enter", pointer, {"path": path})


def rootfs_open(pointer: str, *, flags: int = 0, propagation: int = 0, path: str = "") -> Step:
    return Step("rootfs_open", pointer, {"flags": flags, "propagation": propagation, "path": path})


def mount_fs(pointer: str, *, flags: int = 0, attr_set: int = 0, attr_clr: int = 0, propagation: int = 0, fstype: str = "", source: str = "", target: str = "", options: Sequence[str] = ()) -> Step:
    return Step("mount_fs", pointer, {"flags": flags, "attr_set": attr_set, "attr_clr": attr_clr, "propagation": propagation, "fstype": fstype, "source": source, "target": target, "options": options})


def mount_bind(pointer: str, *, flags: int = 0, slot: int = 0, attr_set: int = 0, attr_clr: int = 0, rec_set: int = 0, rec_clr: int = 0, propagation: int = 0, source: str = "", target: str = "") -> Step:
    return Step("mount_bind", pointer, {"flags": flags, "slot": slot, "attr_set": attr_set, "attr_clr": attr_clr, "rec_set": rec_set, "rec_clr": rec_clr, "propagation": propagation, "source": source, "target": target})


def mount_remount(pointer: str, *, flags: int = 0, attr_set: int = 0, attr_clr: int = 0, propagation: int = 0, target: str = "", options: Sequence[str] = ()) -> Step:
    return Step("mount_remount", pointer, {"flags": flags, "attr_set": attr_set, "attr_clr": attr_clr, "propagation": propagation, "target": target, "options": options})


def mount_attr(pointer: str, *, flags: int = 0, attr_set: int = 0, attr_clr: int = 0, target: str = "") -> Step:
    return Step("mount_attr", pointer, {"flags": flags, "attr_set": attr_set, "attr_clr": attr_clr, "target": target})


def unmount(pointer: str, *, target: str = "") -> Step:
    return Step("unmount", pointer, {"target": target})


def file_label(pointer: str, *, path: str = "", label: str = "") -> Step:
    return Step("file_label", pointer, {"path": path, "label": label})


def device(pointer: str, *, mode: int = 0, major: int = 0, minor: int = 0, uid: int = 0, gid: int = 0, flags: int = 0, path: str = "") -> Step:
    return Step("device", pointer, {"mode": mode, "major": major, "minor": minor, "uid": uid, "gid": gid, "flags": flags, "path": path})


def symlink(pointer: str, *, flags: int = 0, target: str = "", path: str = "") -> Step:
    return Step("symlink", pointer, {"flags": flags, "target": target, "path": path})


def hook(pointer: str, *, timeout_ms: int = 0, stdout: int = 0, stderr: int = 0, path: str = "", args: Sequence[str] = (), env: Sequence[str] = (), cwd: str = "", state_head: str = "", state_tail: str = "") -> Step:
    return Step("hook", pointer, {"timeout_ms": timeout_ms, "stdout": stdout, "stderr": stderr, "path": path, "args": args, "env": env, "cwd": cwd, "state_head": state_head, "state_tail": state_tail})


def pivot_root(pointer: str) -> Step:
    return Step("pivot_root", pointer, {})


def move_root(pointer: str) -> Step:
    return Step("move_root", pointer, {})


def chroot(pointer: str) -> Step:
    return Step("chroot", pointer, {})


def root_propagation(pointer: str, *, flags: int = 0) -> Step:
    return Step("root_propagation", pointer, {"flags": flags})


def root_readonly(pointer: str) -> Step:
    return Step("root_readonly", pointer, {})


def readonly_path(pointer: str, *, path: str = "") -> Step:
    return Step("readonly_path", pointer, {"path": path})


def masked_path(pointer: str, *, path: str = "", label: str = "") -> Step:
    return Step("masked_path", pointer, {"path": path, "label": label})


def console_open(pointer: str, *, rows: int = 0, columns: int = 0, flags: int = 0) -> Step:
    return Step("console_open", pointer, {"rows": rows, "columns": columns, "flags": flags})


def console_take(pointer: str) -> Step:
    return Step("console_take", pointer, {})


def stdio_owner(pointer: str, *, uid: int = 0) -> Step:
    return Step("stdio_owner", pointer, {"uid": uid})


def rlimit(pointer: str, *, resource: int = 0, soft: int = 0, hard: int = 0) -> Step:
    return Step("rlimit", pointer, {"resource": resource, "soft": soft, "hard": hard})


def rlimit_raise(pointer: str, *, resource: int = 0, hard: int = 0) -> Step:
    return Step("rlimit_raise", pointer, {"resource": resource, "hard": hard})


def affinity_reset(pointer: str) -> Step:
    return Step("affinity_reset", pointer, {})


def affinity(pointer: str, *, cpus: Sequence[int] = ()) -> Step:
    return Step("affinity", pointer, {"cpus": cpus})


def io_priority(pointer: str, *, kind: int = 0, priority: int = 0) -> Step:
    return Step("io_priority", pointer, {"kind": kind, "priority": priority})


def scheduler(pointer: str, *, policy: int = 0, nice: int = 0, priority: int = 0, flags: int = 0, runtime: int = 0, deadline: int = 0, period: int = 0) -> Step:
    return Step("scheduler", pointer, {"policy": policy, "nice": nice, "priority": priority, "flags": flags, "runtime": runtime, "deadline": deadline, "period": period})


def memory_policy(pointer: str, *, mode: int = 0, nodes: Sequence[int] = ()) -> Step:
    return Step("memory_policy", pointer, {"mode": mode, "nodes": nodes})


def personality(pointer: str, *, domain: int = 0) -> Step:
    return Step("personality", pointer, {"domain": domain})


def process_attr(pointer: str, *, flags: int = 0, name: str = "", value: str = "") -> Step:
    return Step("process_attr", pointer, {"flags": flags, "name": name, "value": value})


def umask(pointer: str, *, mask: int = 0) -> Step:
    return Step("umask", pointer, {"mask": mask})


def cwd(pointer: str, *, flags: int = 0, path: str = "") -> Step:
    return Step("cwd", pointer, {"flags": flags, "path": path})


def caps_bounding(pointer: str, *, mask: int = 0) -> Step:
    return Step("caps_bounding", pointer, {"mask": mask})


def caps_keep(pointer: str, *, on: int = 0) -> Step:
    return Step("caps_keep", pointer, {"on": on})


def groups(pointer: str, *, gids: Sequence[int] = ()) -> Step:
    return Step("groups", pointer, {"gids": gids})


def user(pointer: str, *, uid: int = 0, gid: int = 0) -> Step:
    return Step("user", pointer, {"uid": uid, "gid": gid})


def caps_set(pointer: str, *, effective: int = 0, permitted: int = 0, inheritable: int = 0) -> Step:
    return Step("caps_set", pointer, {"effective": effective, "permitted": permitted, "inheritable": inheritable})


def caps_ambient(pointer: str, *, mask: int = 0) -> Step:
    return Step("caps_ambient", pointer, {"mask": mask})


def no_new_privs(pointer: str) -> Step:
    return Step("no_new_privs", pointer, {})


def seccomp(pointer: str, *, flags: int = 0, rules: int = 0, privileged: int = 0, program: bytes = b"") -> Step:
    return Step("seccomp", pointer, {"flags": flags, "rules": rules, "privileged": privileged, "program": program})


def home(pointer: str, *, uid: int = 0) -> Step:
    return Step("home", pointer, {"uid": uid})


def exec_lookup(pointer: str, *, file: str = "", path: str = "") -> Step:
    return Step("exec_lookup", pointer, {"file": file, "path": path})


def fds_close(pointer: str, *, keep: int = 0, start: int = 0, namespaces: int = 0) -> Step:
    return Step("fds_close", pointer, {"keep": keep, "start": start, "namespaces": namespaces})


def execve(pointer: str, *, args: Sequence[str] = (), env: Sequence[str] = ()) -> Step:
    return Step("execve", pointer, {"args": args, "env": env})
