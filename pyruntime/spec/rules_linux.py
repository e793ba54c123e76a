# SPDX-License-Identifier: Apache-2.0
"""Rules for the section `linux` without its resources (config-linux.md)."""

from __future__ import annotations

from pyruntime.spec.findings import (
    Findings,
    escape,
    is_interface_name,
    is_list_of_numbers,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Map = dict[str, Any]

# Kernel parameters that belong to a namespace, so that a container can't change its host's.
IPC_SYSCTLS = frozenset(
    f"kernel/{name}" for name in ("msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni")
) | {"kernel/shm_rmid_forced"}
MAX_MAPPINGS = 340  # user_namespaces(7)
WITH_ERRNO = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")


def check(linux: Map, spaces: dict[str, str], found: Findings, receiver: str = "") -> None:
    """spaces: namespace type -> path, "" for a new one. receiver: as an annotation names it, of
    the filter's notifications."""
    _user_namespace(linux, spaces, found)
    _paths(linux, spaces, found)
    if "timeOffsets" in linux:
        _time(linux["timeOffsets"], spaces, found)
    for index, device in enumerate(linux.get("devices", ())):
        _device(device, f"/linux/devices/{index}", found)
    if linux.get("netDevices"):
        _net_devices(linux["netDevices"], spaces, found)
    for name in linux.get("sysctl", ()):
        _sysctl(name, spaces, found)
    if "seccomp" in linux:
        _seccomp(linux["seccomp"], receiver, found)
    if "intelRdt" in linux:
        _intel_rdt(linux["intelRdt"], found)
    if "memoryPolicy" in linux:
        _memory_policy(linux["memoryPolicy"], found)
    if "personality" in linux:
        _personality(linux["personality"], found)
    resources = linux.get("resources")
    if resources:
        # A process without limits needs none of it.
        from pyruntime.spec import rules_resources

        rules_resources.check(resources, "/linux/resources", found)


def _user_namespace(linux: Map, spaces: dict[str, str], found: Findings) -> None:
    for key in ("uidMappings", "gidMappings"):
        mappings = linux.get(key)
        if mappings:
            check_mappings(mappings, f"/linux/{key}", found)
            if "user" not in spaces:
                found.error(
                    f"/linux/{key}",
                    "needs a user namespace",
                    'add {"type": "user"} to linux.namespaces',
                )
            elif spaces["user"]:
                found.warning(
                    f"/linux/{key}", "is not applied: the user namespace that is joined has its own"
                )
        elif spaces.get("user") == "":
            found.error("/linux", f'needs "{key}", having a new user namespace')


def check_mappings(mappings: Sequence[Map], pointer: str, found: Findings) -> None:
    """Ranges of ids: within 32 bits, without overlap on either side (user_namespaces(7))."""
    if len(mappings) > MAX_MAPPINGS:
        found.error(pointer, f"must have at most {MAX_MAPPINGS} entries")
    for side in ("containerID", "hostID"):
        ranges = sorted((entry[side], entry["size"], index) for index, entry in enumerate(mappings))
        end = 0
        for first, size, index in ranges:
            if size and first < end:
                found.error(f"{pointer}/{index}/{side}", "overlaps with another range")
            if first + size > 0xFFFFFFFF:
                found.error(f"{pointer}/{index}", "goes beyond the largest id, 4294967294")
            end = max(end, first + size)
    for index, entry in enumerate(mappings):
        if not entry["size"]:
            found.error(f"{pointer}/{index}/size", "must be at least 1")


def _paths(linux: Map, spaces: dict[str, str], found: Findings) -> None:
    for key in ("maskedPaths", "readonlyPaths"):
        paths = linux.get(key)
        if not paths:
            continue
        if "mount" not in spaces:
            found.error(
                f"/linux/{key}",
                "needs a mount namespace",
                'add {"type": "mount"} to linux.namespaces',
            )
        for index, path in enumerate(paths):
            if path[:1] != "/":
                found.error(f"/linux/{key}/{index}", f"must be an absolute path, not {shown(path)}")
    if ".." in linux.get("cgroupsPath", "").split("/"):
        found.error("/linux/cgroupsPath", 'must not contain ".."')


def _time(offsets: Map, spaces: dict[str, str], found: Findings) -> None:
    pointer = "/linux/timeOffsets"
    if offsets and "time" not in spaces:
        found.error(pointer, "needs a time namespace", 'add {"type": "time"} to linux.namespaces')
    elif offsets and spaces["time"]:
        found.error(
            pointer,
            "can't be set in a time namespace that is joined",
            "leave out the offsets, or the namespace's path",
        )
    for clock in ("monotonic", "boottime"):
        if offsets.get(clock, {}).get("nanosecs", 0) > 999_999_999:
            found.error(f"{pointer}/{clock}/nanosecs", "must be less than 1000000000")


def _device(device: Map, pointer: str, found: Findings) -> None:
    path = device["path"]
    if path[:1] != "/":
        found.error(f"{pointer}/path", f"must be an absolute path, not {shown(path)}")
    if device["type"] == "p":
        return
    for key, bits in (("major", 12), ("minor", 20)):
        if key not in device:
            found.error(pointer, f'needs "{key}", unless its type is p')
        elif not 0 <= device[key] < 1 << bits:
            found.error(f"{pointer}/{key}", f"must be from 0 to {(1 << bits) - 1}")


def _net_devices(devices: Map, spaces: dict[str, str], found: Findings) -> None:
    pointer = "/linux/netDevices"
    if "network" not in spaces:
        found.error(
            pointer, "needs a network namespace", 'add {"type": "network"} to linux.namespaces'
        )
    seen = set()
    for name, device in devices.items():
        inside = device.get("name") or name
        if not is_interface_name(name):
            found.error(f"{pointer}/{escape(name)}", f"{shown(name)} can't name an interface")
        elif not is_interface_name(inside):
            found.error(
                f"{pointer}/{escape(name)}/name", f"{shown(inside)} can't name an interface"
            )
        elif inside in seen:
            found.error(f"{pointer}/{escape(name)}/name", f"is a second {shown(inside)}")
        if not inside.endswith("%d"):
            seen.add(inside)


def _sysctl(name: str, spaces: dict[str, str], found: Findings) -> None:
    pointer = f"/linux/sysctl/{escape(name)}"
    path = sysctl_path(name)
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        found.error(pointer, "is not the name of a kernel parameter")
        return
    if path == "kernel/hostname":
        found.error(pointer, "is set by the field hostname")
        return
    if path in IPC_SYSCTLS or path.startswith("fs/mqueue/"):
        needed = "ipc"
    elif path == "kernel/domainname":
        needed = "uts"
    elif parts[0] == "net" and len(parts) > 1:
        needed = "network"
    elif parts[0] == "user" and len(parts) > 1:
        needed = "user"
    else:
        found.error(pointer, "belongs to no namespace: it would change the host")
        return
    if needed not in spaces:
        found.error(
            pointer,
            f"needs {'an' if needed == 'ipc' else 'a'} {needed} namespace",
            f'add {{"type": "{needed}"}} to linux.namespaces',
        )


def sysctl_path(name: str) -> str:
    """The file below /proc/sys, as sysctl(8) reads a name.

    Separated by dots, a slash is a dot of the file's name: net.ipv4.conf.eno2/100.forwarding.
    """
    first = min((name.find(mark) for mark in "./" if mark in name), default=-1)
    return name if first < 0 or name[first] == "/" else name.translate({46: 47, 47: 46})


def _seccomp(seccomp: Map, receiver: str, found: Findings) -> None:
    pointer = "/linux/seccomp"
    default = seccomp["defaultAction"]
    if default == "SCMP_ACT_NOTIFY":
        found.error(
            f"{pointer}/defaultAction", "can't be SCMP_ACT_NOTIFY: the runtime itself would wait"
        )
    _errno(seccomp, "defaultErrnoRet", default, pointer, found)
    notifies = False
    for index, rule in enumerate(seccomp.get("syscalls", ())):
        here = f"{pointer}/syscalls/{index}"
        action = rule["action"]
        if action == "SCMP_ACT_NOTIFY":
            notifies = True
            if "write" in rule["names"]:
                found.error(f"{here}/names", "write can't notify: the listener is told by it")
        _errno(rule, "errnoRet", action, here, found)
        for number, arg in enumerate(rule.get("args", ())):
            if arg["index"] > 5:
                found.error(f"{here}/args/{number}/index", "must be from 0 to 5")
    named = seccomp.get("listenerPath") or receiver
    if notifies and not named:
        found.error(pointer, 'needs "listenerPath", having a rule with SCMP_ACT_NOTIFY')
    if seccomp.get("listenerMetadata") and not named:
        found.error(f"{pointer}/listenerMetadata", "needs listenerPath")


def _errno(rule: Map, key: str, action: str, pointer: str, found: Findings) -> None:
    if key not in rule:
        return
    if action not in WITH_ERRNO:
        found.error(f"{pointer}/{key}", f"{action} takes no errno", "leave it out")
    elif rule[key] > 0xFFFF:
        found.error(f"{pointer}/{key}", "must be at most 65535")


def _intel_rdt(rdt: Map, found: Findings) -> None:
    pointer = "/linux/intelRdt"
    name = rdt.get("closID", "")
    if name in (".", "..") or ("/" in name and name != "/") or "\n" in name:
        found.error(f"{pointer}/closID", f"{shown(name)} can't name a class of service")
    if "\n" in rdt.get("l3CacheSchema", ""):
        found.error(f"{pointer}/l3CacheSchema", "must be one line")
    for index, line in enumerate(rdt.get("schemata", ())):
        if "\n" in line:
            found.error(f"{pointer}/schemata/{index}", "must be one line")


def _memory_policy(policy: Map, found: Findings) -> None:
    pointer = "/linux/memoryPolicy"
    mode, nodes = policy.get("mode"), policy.get("nodes", "")
    flags = policy.get("flags", ())
    if mode is None:
        found.error(pointer, 'needs "mode"')
    elif not is_list_of_numbers(nodes):
        found.error(f"{pointer}/nodes", "must be a list of memory nodes, as 0-3,7")
    elif mode in ("MPOL_DEFAULT", "MPOL_LOCAL"):
        if nodes.strip(" ,"):
            found.error(f"{pointer}/nodes", f"must be empty for {mode}")
    elif mode != "MPOL_PREFERRED" and not nodes.strip(" ,"):
        found.error(pointer, f'needs "nodes" for {mode}')
    if "MPOL_F_RELATIVE_NODES" in flags and "MPOL_F_STATIC_NODES" in flags:
        found.error(f"{pointer}/flags", "can't be relative and static at once")


def _personality(personality: Map, found: Findings) -> None:
    if "domain" not in personality:
        found.error("/linux/personality", 'needs "domain"', "LINUX or LINUX32")
    if personality.get("flags"):
        found.error("/linux/personality/flags", "must be empty: no flag is defined")
