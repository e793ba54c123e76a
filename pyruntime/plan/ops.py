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
    "ns_join": (6, ("slot", "nstype"), ()),
    "ns_unshare": (7, ("flags",), ()),
    "cgroup_join": (8, (), ("path",)),
    "procfs_open": (9, (), ()),
    "loopback_up": (10, (), ()),
    "hostname": (11, (), ("name",)),
    "domainname": (12, (), ("name",)),
    "sysctl": (13, (), ("path", "value")),
    "propagation": (14, ("flags",), ()),
    "rootfs_open": (15, ("flags", "propagation"), ("path",)),
    "mount_fs": (16, ("flags", "attr_set", "attr_clr", "propagation"), ("fstype", "source", "target", "options")),
    "mount_bind": (17, ("flags", "slot", "attr_set", "attr_clr", "rec_set", "rec_clr", "propagation"), ("source", "target")),
    "mount_remount": (18, ("flags", "attr_set", "attr_clr", "propagation"), ("target", "options")),
    "mount_attr": (19, ("flags", "attr_set", "attr_clr"), ("target",)),
    "file_label": (20, (), ("path", "label")),
    "device": (21, ("mode", "major", "minor", "uid", "gid", "flags"), ("path",)),
    "symlink": (22, ("flags",), ("target", "path")),
    "hook": (23, ("timeout_ms",), ("path", "args", "env", "cwd", "state_head", "state_tail")),
    "pivot_root": (24, (), ()),
    "move_root": (25, (), ()),
    "chroot": (26, (), ()),
    "root_propagation": (27, ("flags",), ()),
    "root_readonly": (28, (), ()),
    "readonly_path": (29, (), ("path",)),
    "masked_path": (30, (), ("path", "label")),
    "console_open": (31, ("rows", "columns", "flags"), ()),
    "stdio_owner": (32, ("uid",), ()),
    "rlimit": (33, ("resource", "soft", "hard"), ()),
    "affinity_reset": (34, (), ()),
    "affinity": (35, (), ("cpus",)),
    "io_priority": (36, ("kind", "priority"), ()),
    "scheduler": (37, ("policy", "nice", "priority", "flags", "runtime", "deadline", "period"), ()),
    "memory_policy": (38, ("mode",), ("nodes",)),
    "personality": (39, ("domain",), ()),
    "process_attr": (40, ("flags",), ("name", "value")),
    "umask": (41, ("mask",), ()),
    "cwd": (42, ("flags",), ("path",)),
    "caps_bounding": (43, ("mask",), ()),
    "caps_keep": (44, ("on",), ()),
    "groups": (45, (), ("gids",)),
    "user": (46, ("uid", "gid"), ()),
    "caps_set": (47, ("effective", "permitted", "inheritable"), ()),
    "caps_ambient": (48, ("mask",), ()),
    "no_new_privs": (49, (), ()),
    "seccomp": (50, ("flags", "rules"), ("program",)),
    "home": (51, ("uid",), ()),
    "exec_lookup": (52, (), ("file", "path")),
    "fds_close": (53, ("keep",), ()),
    "execve": (54, (), ("args", "env")),
}

MOUNT_RECURSIVE = 1
MOUNT_NO_SYMLINKS = 2
MOUNT_KEEP_MODE = 4
MOUNT_COPY_UP = 8
MOUNT_SB_RDONLY = 16
MOUNT_FROM_SLOT = 32
MOUNT_CREATE_FILE = 64
ROOTFS_IN_PLACE = 1
DEVICE_BIND = 1
SYMLINK_OPTIONAL = 1
ATTR_OPTIONAL = 1
UMASK_CALLER = 4096
CWD_CREATE = 1
CWD_MAY_FAIL_EACCES = 2
CWD_STAY = 4
CONSOLE_DEV_CONSOLE = 1
MSG_SYNC = 1
MSG_GO = 2
MSG_FD = 3
MSG_WARN = 4
MSG_ERROR = 5
PHASE_CGROUP = 1
PHASE_RUNTIME_HOOKS = 2
PHASE_READY = 3


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


def ns_join(pointer: str, *, slot: int = 0, nstype: int = 0) -> Step:
    return Step("ns_join", pointer, {"slot": slot, "nstype": nstype})


def ns_unshare(pointer: str, *, flags: int = 0) -> Step:
    return Step("ns_unshare", pointer, {"flags": flags})


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


def file_label(pointer: str, *, path: str = "", label: str = "") -> Step:
    return Step("file_label", pointer, {"path": path, "label": label})


def device(pointer: str, *, mode: int = 0, major: int = 0, minor: int = 0, uid: int = 0, gid: int = 0, flags: int = 0, path: str = "") -> Step:
    return Step("device", pointer, {"mode": mode, "major": major, "minor": minor, "uid": uid, "gid": gid, "flags": flags, "path": path})


def symlink(pointer: str, *, flags: int = 0, target: str = "", path: str = "") -> Step:
    return Step("symlink", pointer, {"flags": flags, "target": target, "path": path})


def hook(pointer: str, *, timeout_ms: int = 0, path: str = "", args: Sequence[str] = (), env: Sequence[str] = (), cwd: str = "", state_head: str = "", state_tail: str = "") -> Step:
    return Step("hook", pointer, {"timeout_ms": timeout_ms, "path": path, "args": args, "env": env, "cwd": cwd, "state_head": state_head, "state_tail": state_tail})


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


def stdio_owner(pointer: str, *, uid: int = 0) -> Step:
    return Step("stdio_owner", pointer, {"uid": uid})


def rlimit(pointer: str, *, resource: int = 0, soft: int = 0, hard: int = 0) -> Step:
    return Step("rlimit", pointer, {"resource": resource, "soft": soft, "hard": hard})


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


def seccomp(pointer: str, *, flags: int = 0, rules: int = 0, program: bytes = b"") -> Step:
    return Step("seccomp", pointer, {"flags": flags, "rules": rules, "program": program})


def home(pointer: str, *, uid: int = 0) -> Step:
    return Step("home", pointer, {"uid": uid})


def exec_lookup(pointer: str, *, file: str = "", path: str = "") -> Step:
    return Step("exec_lookup", pointer, {"file": file, "path": path})


def fds_close(pointer: str, *, keep: int = 0) -> Step:
    return Step("fds_close", pointer, {"keep": keep})


def execve(pointer: str, *, args: Sequence[str] = (), env: Sequence[str] = ()) -> Step:
    return Step("execve", pointer, {"args": args, "env": env})
