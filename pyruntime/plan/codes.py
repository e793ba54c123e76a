# SPDX-License-Identifier: Apache-2.0
"""The stable code of a step that failed. Imported only when one has; docs/errors.md explains them.

What the table does not name is "step", so that a new operation needs no entry.
"""

from __future__ import annotations

from errno import EACCES, ENOENT, ENOEXEC, EPERM, ETIMEDOUT

OPS = {
    "ns_join": "namespace",
    "ns_unshare": "namespace",
    "ns_root": "namespace",
    "time_offset": "namespace",
    "fork": "namespace",
    "cgroup_join": "cgroup-join",
    "rootfs_enter": "rootfs",
    "rootfs_open": "rootfs",
    "propagation": "rootfs",
    "pivot_root": "rootfs",
    "move_root": "rootfs",
    "chroot": "rootfs",
    "root_propagation": "rootfs",
    "root_readonly": "rootfs",
    "mount_fs": "mount",
    "mount_bind": "mount",
    "source_open": "mount",
    "mount_remount": "mount",
    "mount_attr": "mount",
    "unmount": "mount",
    "readonly_path": "mount",
    "masked_path": "mount",
    "device": "device",
    "symlink": "device",
    "sysctl": "sysctl",
    "console_open": "terminal",
    "console_take": "terminal",
    "rlimit": "rlimit",
    "rlimit_raise": "rlimit",
    "oom_score_adj": "rlimit",
    "affinity": "scheduling",
    "io_priority": "scheduling",
    "scheduler": "scheduling",
    "memory_policy": "scheduling",
    "cwd": "cwd",
    "caps_bounding": "capabilities",
    "caps_keep": "capabilities",
    "caps_set": "capabilities",
    "caps_ambient": "capabilities",
    "user": "user",
    "groups": "user",
    "seccomp": "seccomp",
}
PROGRAM = {
    ENOENT: "exec-not-found",
    EACCES: "exec-denied",
    EPERM: "exec-denied",
    ENOEXEC: "exec-format",
}
HOOK_FAILED, HOOK_TIMEOUT, HOOK_NOT_STARTED = "hook-failed", "hook-timeout", "hook-not-started"


def code(op: str, errno: int, what: str) -> str:
    """errno is positive; what: the call that failed. "" for the class's own."""
    if op in ("exec_lookup", "execve"):
        return PROGRAM.get(errno, "exec-failed")
    if op == "hook":
        if what != "hook":
            return HOOK_NOT_STARTED
        return HOOK_TIMEOUT if errno == ETIMEDOUT else HOOK_FAILED
    return OPS.get(op, "")
