# SPDX-License-Identifier: Apache-2.0
"""One directory of the cgroup2 hierarchy: made, its controllers enabled, opened.

It serves the v2 driver, and v1 for what lies in the cgroup2 hierarchy beside it.
Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os
from errno import ENOENT

from pyruntime.cgroups import tree
from pyruntime.cgroups.files import failure, frozen_error, read_raw, write, write_raw

DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW


def directory_fd(path: str) -> int:
    """A new descriptor that names the directory. Raises CgroupError."""
    try:
        return os.open(path, DIRECTORY)
    except OSError as err:
        raise failure("open cgroup", path, err) from None


def create_unified(path: str, top: str, made: list[str]) -> None:
    """Make a leaf that a process can join, or refuse one that was there. Raises CgroupError."""
    new = tree.make(path, top, made)
    if not new:
        tree.check_unused(path)
    direct = os.path.dirname(path) == top
    if new and direct:
        return  # the root is never frozen nor threaded
    kind = read_stripped(path + "/cgroup.type")
    if kind == "domain invalid":
        # Below a threaded cgroup the only way to have members is to become threaded, too.
        write(path + "/cgroup.type", "threaded", pointer="/linux/cgroupsPath")
    if "frozen 1" in read_stripped(path + "/cgroup.events"):
        raise frozen_error(path, f"echo 0 > {path}/cgroup.freeze")


def enable(path: str, top: str) -> None:
    """Enable every controller on offer for the leaf: all at once, else one by one.

    One that can't be enabled (threads in the way, real-time tasks, no permission) is no
    error by itself: a limit that needs it will find its file missing and say so.
    """
    parent = os.path.dirname(path)
    offered = read_stripped(top + "/cgroup.controllers").split()
    if not set(offered) - set(read_stripped(parent + "/cgroup.subtree_control").split()):
        return
    levels = [parent]
    while len(levels[-1]) > len(top):
        levels.append(os.path.dirname(levels[-1]))
    for level in reversed(levels):
        _enable_at(level)


def _enable_at(level: str) -> None:
    file = level + "/cgroup.subtree_control"
    offered = read_stripped(level + "/cgroup.controllers").split()
    missing = [name for name in offered if name not in read_stripped(file).split()]
    if missing and _is_inhabited(level):
        # Those that know threads could be had, and would make its children unfit for processes.
        return
    if not missing or _try_write(file, " ".join("+" + name for name in missing)):
        return
    for name in missing:
        _try_write(file, "+" + name)


def _is_inhabited(level: str) -> bool:
    """An ordinary cgroup, so not the root, with processes of its own."""
    return read_stripped(level + "/cgroup.type") == "domain" and bool(
        read_stripped(level + "/cgroup.procs")
    )


def read_stripped(path: str) -> str:
    """The content without blanks around; "" when it is missing (the root lacks some)."""
    try:
        return read_raw(path).strip()
    except OSError as err:
        if err.errno == ENOENT:
            return ""
        raise failure("read", path, err) from None


def _try_write(path: str, value: str) -> bool:
    try:
        write_raw(path, value)
    except OSError:
        return False
    return True
