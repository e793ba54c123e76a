# SPDX-License-Identifier: Apache-2.0
"""What cgroup hierarchies the host has, and where.

The usual places below /sys/fs/cgroup are looked at; mountinfo, which grows with the number
of mounts on the host, is read only when nothing is there. It changes nothing.
Sources: cgroups(7), proc_pid_cgroup(5).
"""

from __future__ import annotations

import os

from pyruntime.cgroups.files import read_raw
from pyruntime.plan.facts import CgroupFacts

ROOT = "/sys/fs/cgroup"


def detect(root: str = ROOT) -> CgroupFacts:
    """The facts; with no hierarchy mounted, mode is "v1" and everything is empty.

    root: the usual place.
    """
    try:
        hierarchies = parse_own(read_raw("/proc/self/cgroup"))
    except OSError:
        hierarchies = []
    mount, controllers = _unified(root)
    if mount:
        return _facts({}, mount, controllers, hierarchies)
    v1 = usual_v1(hierarchies, root)
    mount, controllers = _unified(root + "/unified")
    if not v1 and not mount:
        v1, mount = parse_mounts(_mountinfo())
        controllers = _unified(mount)[1] if mount else ()
    return _facts(v1, mount, controllers, hierarchies)


def parse_own(text: str) -> list[tuple[tuple[str, ...], str]]:
    """/proc/PID/cgroup as (controllers, path) per hierarchy; cgroup2 has no controllers."""
    found = []
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        found.append((tuple(names.split(",")) if names else (), path))
    return found


def parse_mounts(mountinfo: str) -> tuple[dict[str, str], str]:
    """Hierarchy directories by controller and the cgroup2 mount, from mountinfo text.

    Of several mounts of one hierarchy the first counts.
    """
    v1: dict[str, str] = {}
    unified = ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, tail = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(tail) < 3:
            continue
        where = unescape(fields[4])
        if tail[0] == "cgroup2":
            unified = unified or where
        elif tail[0] == "cgroup":
            for option in tail[2].split(","):
                if option not in ("rw", "ro", "xattr", "clone_children", "noprefix"):
                    v1.setdefault(option, where)
    return v1, unified


def unescape(field: str) -> str:
    """A mountinfo field with its octal escapes resolved."""
    if "\\" not in field:
        return field
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, char)
    return field


def own_directory(facts: CgroupFacts, controller: str) -> str:
    """The absolute directory of the runtime's own cgroup; the mount point if it can't be seen.

    Inside a container without a cgroup namespace /proc/self/cgroup speaks of the host's
    tree, of which only a part is mounted: then that part's root is taken off.
    """
    mount = facts.v2 if controller == "" else facts.v1[controller]
    own = facts.own.get(controller, "/")
    directory = mount + own.rstrip("/")
    if os.path.isdir(directory):
        return directory
    for line in _mountinfo().splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and unescape(fields[4]) == mount:
            root = unescape(fields[3])
            if own == root or own.startswith(root.rstrip("/") + "/"):
                return (mount + own[len(root.rstrip("/")) :]).rstrip("/")
    return mount


def _mountinfo() -> str:
    try:
        return read_raw("/proc/self/mountinfo")
    except OSError:
        return ""


def _unified(mount: str) -> tuple[str, tuple[str, ...]]:
    """(mount, its controllers) of a cgroup2 root; only cgroup2 has cgroup.controllers."""
    try:
        return mount, tuple(read_raw(mount + "/cgroup.controllers").split())
    except OSError:
        return "", ()


def usual_v1(hierarchies: list[tuple[tuple[str, ...], str]], root: str) -> dict[str, str]:
    """Directories below root by controller, for those hierarchies that are mounted there."""
    found: dict[str, str] = {}
    for names, _ in hierarchies:
        # Joint controllers are mounted under all names ("cpu,cpuacct"), with links for each.
        for place in (",".join(names), *names):
            directory = f"{root}/{place.removeprefix('name=')}"
            if names and os.access(directory + "/tasks", os.F_OK):
                for name in names:
                    found[name] = directory
                break
    return found


def _facts(
    v1: dict[str, str],
    unified: str,
    controllers: tuple[str, ...],
    hierarchies: list[tuple[tuple[str, ...], str]],
) -> CgroupFacts:
    own: dict[str, str] = {}
    for names, path in hierarchies:
        for name in names or ("",):
            own[name] = path
    mode = "v1" if not unified else "hybrid" if v1 else "v2"
    return CgroupFacts(mode=mode, v1=v1, v2=unified, v2_controllers=controllers, own=own)
