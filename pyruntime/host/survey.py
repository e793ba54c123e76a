# SPDX-License-Identifier: Apache-2.0
"""What this host has, looked up without changing anything. It judges nothing: host.doctor does.

Cold: for `doctor` and `validate --host` only.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys

from pyruntime._shim import lib
from pyruntime.cgroups.detect import detect, own_directory
from pyruntime.errors import CgroupError, ConfigError, HostError
from pyruntime.host import idrange, rdt
from pyruntime.host.files import read
from pyruntime.host.lsm import apparmor_enabled, selinux_enabled
from pyruntime.host.seccomp.library import load, locate
from pyruntime.plan.facts import CgroupFacts

CALLS = (
    *("openat2", "clone3", "open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr"),
    *("close_range", "pidfd_open", "pidfd_send_signal", "seccomp", "bpf", "keyctl"),
)
LIMITS = ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup", "time")


class Survey:
    """Plain values, as found.

    calls: errno of each system call's trial, 0: it is there. namespaces: entries of
    /proc/self/ns. limits: /proc/sys/user/max_*_namespaces, by entry. filesystems: those the
    kernel knows. cgroup: the hierarchies; writable: by controller (v2: "") whether the caller
    may make cgroups below its own. security: the active modules, as the kernel lists them.
    seccomp_actions: the actions the kernel knows. seccomp_mode: of this process, 2: filtered.
    effective, bounding: capability masks of this process. nofile: its hard limit, -1 unlimited.
    userns_forbidden, subordinate, mappers: as host.idrange has them. libseccomp: where it is and
    works, "" when not. resctrl: where it is mounted, "" when not. systemd: it is the host's
    init; bus: its socket for the caller is there. programs: path by name, "" when missing.
    """

    kernel: tuple[int, int]
    release: str
    machine: str
    python: str
    euid: int
    calls: dict[str, int]
    namespaces: frozenset[str]
    limits: dict[str, int]
    userns_forbidden: tuple[str, str]
    filesystems: frozenset[str]
    cgroup: CgroupFacts
    writable: dict[str, bool]
    security: tuple[str, ...]
    apparmor: bool
    selinux: bool
    seccomp_actions: tuple[str, ...]
    seccomp_mode: int
    libseccomp: str
    resctrl: str
    last_cap: int
    effective: int
    bounding: int
    nofile: int
    subordinate: dict[str, list[tuple[int, int]]]
    mappers: dict[str, str]
    systemd: bool
    bus: bool
    programs: dict[str, str]


def survey() -> Survey:
    found = Survey()
    name = os.uname()
    numbers = name.release.split("-")[0].split(".")
    found.kernel = (int(numbers[0]), int("".join(c for c in numbers[1] if c.isdigit()) or 0))
    found.release, found.machine = name.release, name.machine
    found.python = ".".join(map(str, sys.version_info[:3]))
    found.euid = os.geteuid()
    found.calls = {call: -lib.pyr_call_exists(call.encode()) for call in CALLS}
    found.filesystems = frozenset(
        line.split()[-1] for line in read("/proc/filesystems").splitlines()
    )
    _namespaces(found)
    _cgroups(found)
    _security(found)
    _rights(found)
    found.systemd = os.path.isdir("/run/systemd/system")
    found.bus = os.path.exists(bus_path(found.euid))
    found.programs = {program: shutil.which(program) or "" for program in ("criu", "ps")}
    return found


def bus_path(euid: int) -> str:
    """Where systemd can be asked for a cgroup: the system's bus, or the user's own."""
    if euid == 0:
        return "/run/dbus/system_bus_socket"
    return f"{os.environ.get('XDG_RUNTIME_DIR') or f'/run/user/{euid}'}/bus"


def _namespaces(found: Survey) -> None:
    found.namespaces = frozenset(os.listdir("/proc/self/ns"))
    found.limits = {}
    for kind in LIMITS:
        text = read(f"/proc/sys/user/max_{kind}_namespaces").strip()
        if text:
            found.limits[kind] = int(text)
    found.userns_forbidden = idrange.forbidden()


def _cgroups(found: Survey) -> None:
    try:
        found.cgroup = detect()
    except CgroupError:
        found.cgroup = CgroupFacts("v1", {}, "", (), {})
    found.writable = {}
    controllers = [*found.cgroup.v1, *([""] if found.cgroup.v2 else [])]
    for controller in controllers:
        directory = own_directory(found.cgroup, controller)
        found.writable[controller] = os.access(directory, os.W_OK)


def _security(found: Survey) -> None:
    modules = read("/sys/kernel/security/lsm").strip()
    found.security = tuple(modules.split(",")) if modules else ()
    found.apparmor, found.selinux = apparmor_enabled(), selinux_enabled()
    found.libseccomp, found.resctrl = _libseccomp(), _resctrl()
    found.seccomp_actions = tuple(read("/proc/sys/kernel/seccomp/actions_avail").split())


def _libseccomp() -> str:
    place = locate()
    try:
        load(place)
    except HostError:
        return ""
    return place.path


def _resctrl() -> str:
    try:
        return rdt.find_root()
    except ConfigError:
        return ""


def _rights(found: Survey) -> None:
    status = dict(
        line.split(":", 1) for line in read("/proc/self/status").splitlines() if ":" in line
    )
    found.effective = int(status.get("CapEff", "0"), 16)
    found.bounding = int(status.get("CapBnd", "0"), 16)
    found.seccomp_mode = int(status.get("Seccomp", "0"))
    found.last_cap = int(read("/proc/sys/kernel/cap_last_cap") or 40)
    found.nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    found.subordinate = idrange.subordinate(found.euid)
    found.mappers = idrange.mapper_faults()
