# SPDX-License-Identifier: Apache-2.0
"""What to do about a step that failed, where the cause is known well enough to say."""

from __future__ import annotations

from errno import (
    EACCES,
    EAGAIN,
    EBUSY,
    EEXIST,
    EINVAL,
    ELOOP,
    ENODEV,
    ENOENT,
    ENOEXEC,
    ENOMEM,
    ENOSPC,
    ENOTDIR,
    EOPNOTSUPP,
    EPERM,
    ERANGE,
    EROFS,
    EUSERS,
)

from pyruntime.plan.capabilities import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.step import Step

CLONE_NEWUSER = 0x10000000
SOURCE = "the source must exist on the host; a relative one is below the bundle"
NS_LIMIT = "a limit in /proc/sys/user/max_*_namespaces is reached"
USERNS = (
    "a switch of the kernel or of AppArmor forbids user namespaces to ordinary users: `pyruntime"
    " doctor` says which, and what to do"
)
KINDS = "source and target must both be directories, or neither"
MISSING_TARGET = (
    "the mount point is missing and cannot be made on a read-only filesystem: create it in the"
    " image"
)
# A CPU outside the cpuset cannot be had; and SCHED_DEADLINE wants all of a root domain.
SCHEDULER = (
    "it takes CAP_SYS_NICE; SCHED_DEADLINE takes all CPUs, so no cpuset or affinity that leaves one"
    " out; SCHED_FIFO and SCHED_RR take cpu.realtimeRuntime in a cgroup v1"
)
# Why the root of a user namespace may not mount it.
OWN_NAMESPACE = {
    "proc": "needs a pid namespace of its own, and a /proc of the host with nothing mounted over",
    "sysfs": "needs a network namespace of its own",
    "mqueue": "needs an ipc namespace of its own",
    "cgroup": "needs a cgroup namespace of its own",
    "cgroup2": "needs a cgroup namespace of its own",
}
HINTS = {
    ("affinity", EINVAL): "none of these CPUs is there, or in the container's cpuset",
    ("scheduler", EPERM): SCHEDULER,
    ("scheduler", EBUSY): "the CPUs have not that much time left for SCHED_DEADLINE",
    ("scheduler", EINVAL): "this kernel has not got the policy, or refuses its parameters",
    ("scheduler", EOPNOTSUPP): "this kernel was built without utilization clamping",
    ("process_attr", ENOENT): "is the profile loaded?",
    ("process_attr", EINVAL): "the loaded policy does not know this label",
    ("process_attr", EACCES): "the runtime's own confinement does not allow the change",
    ("process_attr", EPERM): "no_new_privs or the runtime's own confinement does not allow it",
    ("memory_policy", EINVAL): "a node is not there or outside cpuset.mems, or the kernel is too"
    " old for the mode",
    ("rlimit", EPERM): "above the runtime's own hard limit, which takes CAP_SYS_RESOURCE",
    ("oom_score_adj", EACCES): "lowering it takes CAP_SYS_RESOURCE",
    ("oom_score_adj", EPERM): "lowering it takes CAP_SYS_RESOURCE",
    ("mount_fs", ENODEV): "the kernel lists the filesystems it knows in /proc/filesystems",
    ("mount_fs", EROFS): MISSING_TARGET,
    ("mount_fs", ENOTDIR): "proc and sysfs are mounted on a plain directory, not on a link",
    ("mount_fs", ELOOP): "proc and sysfs are mounted on a plain directory, not on a link",
    ("mount_bind", EROFS): MISSING_TARGET,
    ("mount_bind", ENOTDIR): KINDS,
    ("mount_remount", EINVAL): "there must be a mount at this path",
    ("mount_attr", EINVAL): "there must be a mount at this path",
    ("unmount", EINVAL): "there is no mount at this path, or a user namespace may not remove it",
    ("mount_fs", EPERM): "the root of a user namespace can mount few filesystems",
    ("ns_unshare", EPERM): "new namespaces need root or a user namespace; AppArmor may forbid them"
    " to ordinary users even there: see `pyruntime doctor`",
    ("ns_unshare", ENOSPC): NS_LIMIT,
    ("ns_unshare", EUSERS): NS_LIMIT,
    ("ns_root", EINVAL): "the user namespace needs a mapping of containerID 0",
    ("time_offset", ERANGE): "the clock would be before the epoch, or overflow",
    ("fork", ENOMEM): "the pid namespace has ended with its first process",
    ("fork", EAGAIN): "pids.limit, or RLIMIT_NPROC: the init is two processes for a moment",
    ("source_open", ENOENT): SOURCE,
    ("user", EINVAL): "the id is not mapped in the user namespace",
    ("groups", EINVAL): "a group is not mapped in the user namespace",
    ("groups", EPERM): "an ordinary user needs a range in /etc/subgid and newgidmap",
    ("ns_join", EINVAL): "the path is a namespace of another type, or cannot be joined",
    ("pivot_root", EINVAL): "a root on an initramfs cannot be pivoted: --no-pivot",
    ("rootfs_open", ENOENT): "root.path is relative to the bundle",
    ("rootfs_open", ENOTDIR): "root.path must be a directory, not a link to one",
    ("rootfs_open", ELOOP): "root.path must be a directory, not a link to one",
    ("sysctl", ENOENT): "this kernel has no such parameter",
    ("sysctl", EINVAL): "the kernel refuses this value",
    ("device", EEXIST): "the image has something else at this path",
    ("console_open", ENOENT): "a terminal needs a devpts on /dev/pts",
    ("cwd", EACCES): "process.user may not enter it",
    ("cwd", ENOTDIR): "something on the path is not a directory",
    ("exec_lookup", EACCES): "process.user may not execute it",
    ("seccomp", EACCES): "without process.noNewPrivileges a filter needs CAP_SYS_ADMIN",
    ("seccomp", EPERM): "without process.noNewPrivileges a filter needs CAP_SYS_ADMIN",
    ("seccomp", EBUSY): "the runtime is under a filter with a listener, and there can be but one",
    ("execve", EPERM): "a seccomp filter or a security module forbids it",
    ("execve", ENOENT): "the program's interpreter or loader is missing in the container",
    ("execve", ENOEXEC): "built for another architecture, or a script without a #! line",
    ("cgroup_join", EBUSY): "processes cannot live beside enabled controllers of cgroup2",
    ("cgroup_join", ENOENT): "the cgroup has been removed meanwhile",
}


def hint(step: Step, errno: int, what: str) -> str:
    """Advice, "" when there is none."""
    if step.op == "caps_set" and errno == EPERM:
        wanted = int(str(step.args["permitted"]))
        return f"the runtime lacks one of {', '.join(names(wanted))}: see /proc/self/status"
    if step.op == "mount_bind" and errno == ENOENT and what == "open bind source":
        return SOURCE
    if step.op == "mount_fs" and errno == EPERM:
        return OWN_NAMESPACE.get(str(step.args["fstype"]), HINTS[step.op, errno])
    if step.op == "ns_unshare" and errno == EPERM and step.args["flags"] == CLONE_NEWUSER:
        return USERNS
    if step.op == "source_open" and errno == EINVAL and what.startswith("map the ids"):
        return "the filesystem may not support id-mapped mounts"
    if step.op == "seccomp" and errno == EINVAL:
        return _seccomp(int(str(step.args["flags"])))
    return HINTS.get((step.op, errno), "")


def _seccomp(flags: int) -> str:
    from pyruntime.plan.seccomp import FLAGS, WAIT_KILLABLE

    if flags & FLAGS[WAIT_KILLABLE]:
        return f"{WAIT_KILLABLE} needs Linux 5.19"
    return "this kernel lacks seccomp filters, or one of the flags"
