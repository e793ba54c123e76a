# SPDX-License-Identifier: Apache-2.0
"""The part of the doctor's verdict that is about the caller's rights. Pure."""

from __future__ import annotations

from pyruntime.host.finding import LIMITED, MISSING, OK, Finding
from pyruntime.plan.capabilities import BITS, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyruntime.host.survey import Survey

# Without which root can make no container at all.
REQUIRED = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID")
CONSEQUENCES = {
    "CAP_SYS_ADMIN": "no namespaces and no mounts: no container can be made",
    "CAP_SETUID": "no container can run as process.user",
    "CAP_SETGID": "no container can run as process.user",
    "CAP_SYS_RESOURCE": "rlimits above the caller's own hard limits and a lower oomScoreAdj are"
    " refused, and a container that is to have all capabilities gets them without this one",
    "CAP_NET_ADMIN": "no loopback interface, no linux.netDevices",
    "CAP_MKNOD": "no device nodes can be made",
    "CAP_SETPCAP": "the bounding set cannot be reduced",
    "CAP_SYS_CHROOT": "chroot and joining a mount namespace fail",
    "CAP_CHOWN": "device nodes and stdio cannot be given to process.user",
    "CAP_DAC_OVERRIDE": "files of other users are out of reach",
    "CAP_KILL": "processes of other users cannot be signalled",
    "CAP_SYS_PTRACE": "exec cannot open the namespaces of other users' processes",
    "CAP_SYS_NICE": "process.scheduler, ioPriority and memoryPolicy may be refused",
}
OTHERWISE = "containers cannot have it"


def judge(host: Survey) -> Iterator[Finding]:
    if host.euid == 0:
        yield Finding("rights", "user", OK, "root")
        yield from _capabilities(host)
    else:
        loss = "containers need a user namespace, and limits need a delegated cgroup"
        yield Finding("rights", "user", LIMITED, f"an ordinary user ({host.euid})", loss)
        yield from _rootless(host)
    if host.seccomp_mode == 2:
        loss = "it also holds for containers, and may refuse what they need"
        yield Finding("rights", "seccomp filter", LIMITED, "this process has one", loss)
    limit = "unlimited" if host.nofile < 0 else str(host.nofile)
    free = bool(host.effective & BITS["CAP_SYS_RESOURCE"])
    loss = "" if free or host.nofile < 0 else "RLIMIT_NOFILE of a container cannot be higher"
    status = LIMITED if loss else OK
    yield Finding("rights", "open files", status, f"hard limit {limit}", loss)


def _capabilities(host: Survey) -> Iterator[Finding]:
    everything = (2 << host.last_cap) - 1
    absent = names(everything & ~host.effective)
    if not absent:
        yield Finding("rights", "capabilities", OK, f"all {host.last_cap + 1}")
        return
    held = host.last_cap + 1 - len(absent)
    yield Finding("rights", "capabilities", OK, f"{held} of {host.last_cap + 1}")
    for name in absent:
        status = MISSING if name in REQUIRED else LIMITED
        yield Finding("rights", name, status, "not held", CONSEQUENCES.get(name, OTHERWISE))


def _rootless(host: Survey) -> Iterator[Finding]:
    why, remedy = host.userns_forbidden
    if why:
        text = f"forbidden to ordinary users: {why}"
        loss = f"no container can be made by this user; as root: {remedy}"
        yield Finding("rights", "user namespaces", MISSING, text, loss)
    else:
        yield Finding("rights", "user namespaces", OK, "allowed")
    one = "a container can have one user id and one group id only"
    faults = [f"{name}: {why}" for name, why in host.mappers.items() if why]
    text = "; ".join(faults) or "installed"
    loss = f"{one}; Debian's package uidmap has newuidmap and newgidmap" if faults else ""
    yield Finding("rights", "newuidmap", LIMITED if faults else OK, text, loss)
    yield _subordinate(host, one)


def _subordinate(host: Survey, one: str) -> Finding:
    absent = [f"/etc/sub{kind}" for kind, ranges in host.subordinate.items() if not ranges]
    if absent:
        text = f"none in {' and '.join(absent)}"
        remedy = "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER`"
        loss = f"{one}; as root: {remedy}"
        return Finding("rights", "subordinate ids", LIMITED, text, loss)
    text = "; ".join(
        f"{kind} {', '.join(f'{first} to {first + count - 1}' for first, count in ranges)}"
        for kind, ranges in host.subordinate.items()
    )
    return Finding("rights", "subordinate ids", OK, text)
