# SPDX-License-Identifier: Apache-2.0
"""Writing the device lists of cgroup v1: whole for a new cgroup, else what differs.

What the lists are is decided by device_list. Source: the kernel's
Documentation/admin-guide/cgroup-v1/devices.rst.
"""

from __future__ import annotations

import os
from errno import EINVAL

from pyruntime.cgroups.device_list import Inexpressible, difference, lists
from pyruntime.cgroups.files import CAUSES, WRITE, failure, read
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cgroups.base import Cgroup
    from pyruntime.cgroups.device_program import Rule
    from pyruntime.plan.device_rules import DeviceRules


def write_lists(cgroup: Cgroup, rules: list[Rule], devices: DeviceRules) -> None:
    """Raises CgroupError. devices.live: the cgroup has members, who lose no device that they
    keep, not for a moment."""
    directory = cgroup.paths["devices"]
    try:
        default, exceptions = lists(rules)
    except Inexpressible as rule:
        raise CgroupError(
            f"{devices.pointer}: limit devices: cgroup v1 can't {rule}",
            op="write",
            pointer=devices.pointer,
            path=directory + "/devices.list",
            hint="deny first what is to be denied, and allow single devices after it",
            code="cgroup-devices",
        ) from None
    general, special = ("allow", "deny") if default else ("deny", "allow")
    whole = [(general, "a"), *((special, line) for line in exceptions)]
    if not devices.live:
        _write(directory, whole, devices.pointer)
        return
    least = None if default else difference(read(directory + "/devices.list"), exceptions)
    if least is not None:
        _write(directory, least, devices.pointer)
        return
    # From or to a list that allows all in general: there is a moment of neither.
    hold = cgroup.frozen() is False
    if hold:
        cgroup.freeze()
    try:
        _write(directory, whole, devices.pointer)
    finally:
        if hold:
            cgroup.thaw()


def _write(directory: str, lines: list[tuple[str, str]], pointer: str) -> None:
    """(verb, line) in order; the kernel takes one line per write."""
    opened: dict[str, int] = {}
    path = line = ""
    try:
        for verb, line in lines:
            path = f"{directory}/devices.{verb}"
            if verb not in opened:
                opened[verb] = os.open(path, WRITE)
            os.write(opened[verb], os.fsencode(line))
    except OSError as err:
        hint = CAUSES.get(err.errno or 0, "")
        if err.errno == EINVAL and line == "a":
            hint = "the devices cgroup has sub-cgroups, whose rules depend on it"
        raise failure("write", path, err, value=line, pointer=pointer, hint=hint) from None
    finally:
        for fd in opened.values():
            os.close(fd)
