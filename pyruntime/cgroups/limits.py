# SPDX-License-Identifier: Apache-2.0
"""Writing the compiled settings of linux.resources into the cgroup's files.

What a limit means, and in which file it goes, is decided by pyruntime.plan.resources.
"""

from __future__ import annotations

import os
from errno import EBUSY, EINVAL, ENOENT, EOPNOTSUPP

from pyruntime.cgroups.files import WRITE, failure, write_raw
from pyruntime.errors import CgroupError
from pyruntime.plan.device_rules import DeviceRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.plan.setting import Setting

# Of these pairs the kernel compares one with the other, so which must be written first
# depends on what is there: a refused one is tried again after the rest.
PAIRED = (
    "memory.limit_in_bytes",
    "memory.memsw.limit_in_bytes",
    "cpu.cfs_quota_us",
    "cpu.cfs_period_us",
    "cpu.cfs_burst_us",
    "cpu.rt_runtime_us",
    "cpu.rt_period_us",
    "cpu.max",
    "cpu.max.burst",
)


def write_settings(cgroup: Cgroup, settings: Sequence[Setting | DeviceRules]) -> None:
    """Write all in order. Raises CgroupError for the first that the kernel refuses."""
    later: list[Setting] = []
    for setting in settings:
        if isinstance(setting, DeviceRules):
            _devices(cgroup, setting)
            continue
        directory = _directory(cgroup, setting)
        try:
            _write(cgroup, directory, setting)
        except OSError as err:
            if err.errno in (EINVAL, EBUSY) and setting.file in PAIRED:
                later.append(setting)
                continue
            raise _refused(directory, setting, err) from None
    for setting in later:
        directory = _directory(cgroup, setting)
        try:
            _write(cgroup, directory, setting)
        except OSError as err:
            raise _refused(directory, setting, err) from None


def _directory(cgroup: Cgroup, setting: Setting) -> str:
    paths = cgroup.paths
    directory = paths.get(setting.controller) or paths.get("", "")
    if not directory:
        raise CgroupError(
            f"limit {setting.controller}: no hierarchy with this controller is mounted",
            op="write",
            pointer=setting.pointer,
            hint="mount the controller, or take the limit out of linux.resources",
            code="cgroup-controller",
        )
    if "/" in setting.file or setting.file in ("", ".", ".."):
        raise CgroupError(
            f"write {setting.value!r} to cgroup file {setting.file!r}: not a file name",
            op="write",
            pointer=setting.pointer,
            code="cgroup-value",
        )
    return directory


def _write(cgroup: Cgroup, directory: str, setting: Setting) -> None:
    path = f"{directory}/{setting.file}"
    try:
        _write_lines(path, setting.value)
        return
    except OSError as err:
        if err.errno != ENOENT:
            raise
        missing = err
    if directory == cgroup.paths.get(""):
        # A cgroup2 controller may not be enabled yet: beside v1, only what is needed is.
        from pyruntime.cgroups.unified import enable

        enable(directory, cgroup.tops[""])
        if os.path.exists(path):
            _write_lines(path, setting.value)
            return
    if setting.fallback is not None:
        file, value = setting.fallback
        _write_lines(f"{directory}/{file}", value)
    elif not setting.missing_ok or not os.path.isdir(directory):
        raise missing


def _write_lines(path: str, value: str) -> None:
    """Files with one entry per device take one write per line."""
    if "\n" not in value:
        write_raw(path, value)
        return
    fd = os.open(path, WRITE)
    try:
        for line in value.splitlines():
            if line.strip():
                os.write(fd, os.fsencode(line))
    finally:
        os.close(fd)


def _refused(directory: str, setting: Setting, err: OSError) -> CgroupError:
    """Of a setting with a fallback it was this one's file that there was last."""
    from pyruntime.cgroups.causes import cause

    file, value = setting.file, setting.value
    if setting.fallback is not None and not os.path.exists(f"{directory}/{file}"):
        file, value = setting.fallback
    said = cause(directory, file, value, err.errno or 0)
    hint = "; ".join(each for each in (setting.hint, said) if each)
    path = f"{directory}/{file}"
    return failure("write", path, err, value=value, pointer=setting.pointer, hint=hint)


def _devices(cgroup: Cgroup, devices: DeviceRules) -> None:
    rules = [(r.allow, r.type, r.major, r.minor, r.access) for r in devices.rules]
    if "devices" in cgroup.paths:
        from pyruntime.cgroups.device_files import write_lists

        write_lists(cgroup, rules, devices)
    elif "" in cgroup.paths:
        from pyruntime.cgroups.device_filter import install

        install(cgroup.paths[""], rules, devices.pointer)
    else:
        raise CgroupError(
            "limit devices: no hierarchy that can do it is mounted",
            op="write",
            errno=EOPNOTSUPP,
            pointer=devices.pointer,
            hint="mount the v1 devices hierarchy, or cgroup2",
            code="cgroup-controller",
        )
