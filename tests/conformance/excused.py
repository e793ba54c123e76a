# SPDX-License-Identifier: Apache-2.0
"""Validation programs that may fail, each with the reason; a pass of theirs is a plus.

The reason is a fault of the program, or something that a machine may lack. What the runtime
owes is not here.
"""

from __future__ import annotations

_POINTERS = "compares the addresses of the limits, not the limits"
_HUGETLB = "needs the hugetlb controller on cgroup v1"
_NETWORK = "needs the net_cls and net_prio controllers"
_KERNEL_MEMORY = "asks for kernel memory limits, which Linux 5.16 has done away with"
_LEAF_WEIGHT = "asks for blkio leaf weights, which Linux 5.0 has done away with"

EXCUSED = {
    "delete": "wants delete of a created container to fail; engines want it to work",
    "delete_resources": _POINTERS,
    "hooks": "compares the hooks' output with a text that they do not write",
    "hooks_stdin": "wants status created in prestart; the field says creating until create ends",
    "linux_cgroups_blkio": _LEAF_WEIGHT,
    "linux_cgroups_hugetlb": _HUGETLB,
    "linux_cgroups_memory": _KERNEL_MEMORY,
    "linux_cgroups_network": _NETWORK,
    "linux_cgroups_pids": _POINTERS,
    "linux_cgroups_relative_blkio": _LEAF_WEIGHT,
    "linux_cgroups_relative_hugetlb": _HUGETLB,
    "linux_cgroups_relative_memory": _KERNEL_MEMORY,
    "linux_cgroups_relative_network": _NETWORK,
    "linux_cgroups_relative_pids": _POINTERS,
    "linux_mount_label": "needs SELinux with a policy",
    "linux_process_apparmor_profile": "needs AppArmor with a profile of its own",
    "misc_props": "runs /runtimetest without having put it into the bundle",
    "mounts": "gives bind mounts the options of a tmpfs",
    "pidfile": "kills a process that has ended already, and wants that to work",
    "poststart_fail": "wants a failed poststart hook ignored, as specifications before 1.3 did",
    "prestart": "wants prestart hooks at start; the specification has them at create",
    "process_capabilities": "wants all capabilities, of which the caller may have fewer",
    "process_capabilities_fail": "wants an error for an unknown capability; it is a warning now",
    "process_rlimits": "reads its own limits after the Go runtime has raised them",
    "start": "wants start without process to work, and says the opposite",
}

# These give no result when all is well: the runtime has refused the container, and said why.
SILENT = {"process_capabilities_fail": "CAP_TEST", "process_rlimits_fail": "RLIMIT_TEST"}
