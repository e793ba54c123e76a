# SPDX-License-Identifier: Apache-2.0
"""What a survey of the host means: each thing found or missing, with its consequence. Pure."""

from __future__ import annotations

from errno import EPERM

from pyruntime.host import doctor_rights
from pyruntime.host.finding import LIMITED, MISSING, OK, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyruntime.host.survey import Survey

KERNEL_MIN = (5, 14)
MOUNT_CALLS = ("open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr")
# what it is -> (its system calls, what is lost without them: "" when nothing works then)
CALL_GROUPS = {
    "clone3": (("clone3",), ""),
    "openat2": (("openat2",), ""),
    "mount API": (MOUNT_CALLS, ""),
    "close_range": (("close_range",), ""),
    "pidfd": (("pidfd_open", "pidfd_send_signal"), ""),
    "seccomp": (("seccomp",), "linux.seccomp is refused by the kernel"),
    "bpf": (("bpf",), "no device rules under cgroup v2"),
    "keyctl": (("keyctl",), "containers need --no-new-keyring"),
}
NAMESPACES = {
    "mnt": "no container without the host's mounts",
    "pid": "containers see the processes of the host",
    "net": "containers share the host's network",
    "ipc": "containers share the host's IPC",
    "uts": "no host name of its own for a container",
    "cgroup": "containers see the host's cgroup paths",
    "user": "no user namespaces, so nothing for ordinary users",
    "time": "linux.timeOffsets is refused",
}
FILESYSTEMS = {
    "proc": "no process information in containers",
    "sysfs": "no /sys in containers",
    "tmpfs": "no /dev and /dev/shm of its own",
    "devpts": "no terminals",
    "mqueue": "bundles that mount /dev/mqueue fail",
    "overlay": "engines fall back to slower storage drivers",
}
# By the name in version 1. cpuset and the rest are asked for seldom.
CONTROLLERS = {
    "memory": "memory limits are refused",
    "cpu": "CPU shares and quotas are refused",
    "pids": "limits on the number of processes are refused",
    "cpuset": "cpuset.cpus and cpuset.mems are refused",
    "blkio": "limits on block devices are refused",
    "hugetlb": "limits on huge pages are refused",
}


def judge(host: Survey) -> list[Finding]:
    """Every finding, area by area; LIMITED and MISSING ones have a consequence."""
    return [
        *_kernel(host),
        *_namespaces(host),
        *_filesystems(host),
        *_cgroups(host),
        *_security(host),
        *doctor_rights.judge(host),
        *_helpers(host),
    ]


def verdict(findings: list[Finding]) -> str:
    """The worst status among them."""
    found = {finding.status for finding in findings}
    return MISSING if MISSING in found else LIMITED if LIMITED in found else OK


def _kernel(host: Survey) -> Iterator[Finding]:
    old = host.kernel < KERNEL_MIN
    yield Finding(
        "kernel",
        "version",
        MISSING if old else OK,
        f"Linux {host.release} on {host.machine}",
        "5.14 or later is needed: some system calls are missing" if old else "",
    )
    yield Finding("kernel", "python", OK, f"Python {host.python}")
    for name, (calls, loss) in CALL_GROUPS.items():
        gone = [call for call in calls if host.calls[call]]
        # An ordinary user may be refused, which says nothing about the kernel.
        if host.euid != 0:
            gone = [call for call in gone if host.calls[call] != EPERM]
        if not gone:
            yield Finding("kernel", name, OK, "available")
            continue
        blocked = all(host.calls[call] == EPERM for call in gone)
        why = "blocked" if blocked else "not in this kernel"
        consequence = loss or "no container can be created"
        if blocked:
            consequence += "; a seccomp filter around this process may be the cause"
        status = LIMITED if loss else MISSING
        yield Finding("kernel", name, status, f"{', '.join(gone)}: {why}", consequence)


def _namespaces(host: Survey) -> Iterator[Finding]:
    for kind, loss in NAMESPACES.items():
        if kind not in host.namespaces:
            status = MISSING if kind == "mnt" else LIMITED
            yield Finding("namespaces", kind, status, "not in this kernel", loss)
        elif host.limits.get(kind) == 0:
            text = f"/proc/sys/user/max_{kind}_namespaces is 0"
            yield Finding("namespaces", kind, LIMITED, text, loss)
        else:
            limit = host.limits.get(kind)
            yield Finding("namespaces", kind, OK, f"up to {limit}" if limit else "available")


def _filesystems(host: Survey) -> Iterator[Finding]:
    for name, loss in FILESYSTEMS.items():
        there = name in host.filesystems
        text = "known" if there else "not in /proc/filesystems (a module may bring it)"
        yield Finding("filesystems", name, OK if there else LIMITED, text, "" if there else loss)


def _cgroups(host: Survey) -> Iterator[Finding]:
    facts = host.cgroup
    if not facts.v1 and not facts.v2:
        loss = "no limits, no pause, no reliable kill"
        yield Finding("cgroups", "mode", LIMITED, "no hierarchy is mounted", loss)
        return
    shown = {"v1": "version 1", "v2": "version 2", "hybrid": "version 1, version 2 beside it"}
    yield Finding("cgroups", "mode", OK, shown[facts.mode])
    for name, loss in CONTROLLERS.items():
        unified = "io" if name == "blkio" else name
        if name in facts.v1:
            yield Finding("cgroups", name, OK, facts.v1[name])
        elif unified in facts.v2_controllers:
            yield Finding("cgroups", name, OK, f"{facts.v2} ({unified})")
        else:
            yield Finding("cgroups", name, LIMITED, "no such controller", loss)
    devices = "devices" in facts.v1 or (facts.v2 and not host.calls["bpf"])
    loss = "device rules are refused: containers could not be kept from devices"
    where = facts.v1.get("devices", f"{facts.v2} (BPF)") if devices else "no such controller"
    yield Finding("cgroups", "devices", OK if devices else LIMITED, where, "" if devices else loss)
    freezer = facts.v1.get("freezer") or facts.v2
    text, loss = (freezer, "") if freezer else ("no such controller", "`pause` fails")
    yield Finding("cgroups", "freezer", OK if freezer else LIMITED, text, loss)
    yield _resctrl(host)
    yield _delegation(host)


def _resctrl(host: Survey) -> Finding:
    """OK without a consequence when the processor has none: hardly any container asks."""
    if host.resctrl:
        return Finding("cgroups", "resctrl", OK, host.resctrl)
    if "resctrl" in host.filesystems:
        loss = "linux.intelRdt is refused; mount -t resctrl resctrl /sys/fs/resctrl"
        return Finding("cgroups", "resctrl", LIMITED, "not mounted", loss)
    return Finding("cgroups", "resctrl", OK, "not offered by this processor and kernel")


def _delegation(host: Survey) -> Finding:
    denied = sorted(name or "cgroup2" for name, may in host.writable.items() if not may)
    if not denied:
        return Finding("cgroups", "delegation", OK, "cgroups can be made below the caller's own")
    everything = len(denied) == len(host.writable)
    loss = "containers get no cgroup, so no limits and no pause; systemd can delegate a subtree"
    if not everything:
        loss = "limits of these controllers are refused"
    text = f"not writable below the caller's own: {', '.join(denied)}"
    return Finding("cgroups", "delegation", LIMITED, text, loss)


def _security(host: Survey) -> Iterator[Finding]:
    if host.security:
        yield Finding("security", "modules", OK, ", ".join(host.security))
    for name, there, field in (
        ("apparmor", host.apparmor, "process.apparmorProfile"),
        ("selinux", host.selinux, "selinuxLabel or mountLabel"),
    ):
        text = "enabled" if there else "not enabled"
        loss = "" if there else f"a configuration with {field} is refused"
        yield Finding("security", name, OK if there else LIMITED, text, loss)
    if not host.seccomp_actions:
        text, loss = "not in this kernel", "linux.seccomp is refused by the kernel"
        yield Finding("security", "seccomp", LIMITED, text, loss)
    elif "user_notif" not in host.seccomp_actions:
        text, loss = ", ".join(host.seccomp_actions), "SCMP_ACT_NOTIFY is refused"
        yield Finding("security", "seccomp", LIMITED, text, loss)
    else:
        yield Finding("security", "seccomp", OK, ", ".join(host.seccomp_actions))


def _helpers(host: Survey) -> Iterator[Finding]:
    if host.systemd and host.bus:
        yield Finding("helpers", "systemd", OK, "runs, and its bus is there")
    else:
        text = "its bus is not there" if host.systemd else "it is not the host's init"
        yield Finding("helpers", "systemd", LIMITED, text, "no systemd cgroup driver")
    text, loss = host.libseccomp or "not installed", "linux.seccomp is refused"
    there = bool(host.libseccomp)
    yield Finding("helpers", "libseccomp", OK if there else LIMITED, text, "" if there else loss)
    for name, loss in (
        ("criu", "no checkpoint and restore"),
        ("ps", "`pyruntime ps` gives JSON only"),
    ):
        path = host.programs[name]
        text = path or "not installed"
        yield Finding("helpers", name, OK if path else LIMITED, text, "" if path else loss)
