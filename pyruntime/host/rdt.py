# SPDX-License-Identifier: Apache-2.0
"""resctrl groups: made or found, given their schemata, entered by the container's processes.

Imported only for a container with linux.intelRdt. Kernel documentation: filesystems/resctrl.
A record is {"group": path, "monitor": path or "", "made": whether to remove the group}.
"""

from __future__ import annotations

import os
from errno import ENOSPC

from pyruntime.errors import ConfigError, host_error
from pyruntime.plan.resctrl import allocations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.resctrl import ResctrlPlan

    Record = dict[str, Any]

POINTER = "/linux/intelRdt"
# A group comes with its files, and takes them along: the kernel's doing, which a test stands in
# for where there is no resctrl.
make_group, remove_group = os.mkdir, os.rmdir


def find_root(mountinfo: str = "/proc/self/mountinfo") -> str:
    """Where resctrl is mounted. Raises ConfigError when it is not."""
    with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            left, _, right = line.partition(" - ")
            if right.startswith("resctrl "):
                return left.split(" ")[4].replace("\\040", " ")
    raise ConfigError(
        f"{POINTER}: no resctrl filesystem is mounted",
        pointer=POINTER,
        hint="mount -t resctrl resctrl /sys/fs/resctrl, if CPU and kernel have it",
    )


def claim(plan: ResctrlPlan, root: str) -> Record:
    """What there will be to remove, before anything is made. Raises ConfigError."""
    group = f"{root}/{plan.name}" if plan.name else root
    there = os.path.isdir(group)
    if plan.given and not plan.lines and not there:
        raise ConfigError(
            f"{POINTER}/closID: no such class of service: {plan.name}",
            pointer=f"{POINTER}/closID",
            path=group,
            hint="without a schema it has to exist beforehand",
        )
    monitor = f"{group}/mon_groups/{plan.monitor}" if plan.monitor else ""
    return {"group": group, "monitor": monitor, "made": not there and not plan.given}


def create(plan: ResctrlPlan, record: Record) -> None:
    """Make what is missing; a given class that is there must have the wanted schemata.

    Raises ConfigError, HostError; `delete` removes what was made until then.
    """
    group = record["group"]
    there = os.path.isdir(group)
    if not there:
        _make(group, f"{POINTER}/closID")
    if plan.lines and there and plan.given:
        _compare(plan.lines, group)
    elif plan.lines:
        _write_schemata(plan.lines, group)
    if record["monitor"]:
        _make(record["monitor"], f"{POINTER}/enableMonitoring")


def change(record: Record, lines: list[str]) -> list[str]:
    """Write schemata of a container that has a group; gives those that were there before.

    Raises HostError; nothing has changed then.
    """
    before = [line.strip() for line in _read(f"{record['group']}/schemata").splitlines()]
    _write_schemata(lines, record["group"])
    return before


def _make(path: str, pointer: str) -> None:
    try:
        make_group(path)
    except OSError as err:
        hint = "the CPU has no more of them" if err.errno == ENOSPC else ""
        raise host_error(err, "create resctrl group", path, pointer=pointer, hint=hint) from None


def _compare(lines: list[str], group: str) -> None:
    """Each wanted allocation is the present one; what is not named may be anything."""
    present: dict[str, dict[str, str]] = {}
    for line in _read(f"{group}/schemata").splitlines():
        present |= allocations(line)
    for line in lines:
        for resource, wanted in allocations(line).items():
            if not wanted.items() <= present.get(resource, {}).items():
                raise ConfigError(
                    f"{POINTER}: class of service {group} exists with other schemata: not {line}",
                    pointer=POINTER,
                    path=f"{group}/schemata",
                )


def _write_schemata(lines: list[str], group: str) -> None:
    """In one write, which the kernel takes whole or not at all."""
    path = f"{group}/schemata"
    try:
        _write(path, "".join(f"{line}\n" for line in lines))
    except OSError as err:
        said = _last_status(group)
        raise host_error(err, "write", path, pointer=POINTER, hint=said) from None


def _last_status(group: str) -> str:
    """The kernel's words; the file is in the root group, which a group is in or is."""
    for root in (group, group.rpartition("/")[0]):
        said = _read(f"{root}/info/last_cmd_status").strip()
        if said:
            return said
    return ""


def join(record: Record, pid: int) -> None:
    """Move a process in, before it has children. Raises HostError."""
    for group in (record["group"], record["monitor"]):
        if group:
            try:
                _write(f"{group}/tasks", str(pid))
            except OSError as err:
                raise host_error(err, "join", f"{group}/tasks", pointer=POINTER) from None


def delete(record: Record) -> None:
    """Remove what the container made; what is gone is fine. Raises HostError."""
    for group in (record["monitor"], record["group"] if record["made"] else ""):
        if group:
            try:
                remove_group(group)
            except FileNotFoundError:
                pass
            except OSError as err:
                raise host_error(err, "remove resctrl group", group, pointer=POINTER) from None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, os.fsencode(text))
    finally:
        os.close(fd)
