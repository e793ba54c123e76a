# SPDX-License-Identifier: Apache-2.0
"""The part of check.py that is about limits: hierarchies, files and what the CPUs are."""

from __future__ import annotations

import os

from pyruntime.plan.device_rules import DeviceRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.host.survey import Survey
    from pyruntime.plan.plan import Plan
    from pyruntime.plan.setting import Setting
    from pyruntime.spec.findings import Findings

# file of a setting -> (what there is of it, in words)
RANGES = {
    "cpuset.cpus": ("/sys/devices/system/cpu/possible", "CPUs"),
    "cpuset.mems": ("/sys/devices/system/node/possible", "memory nodes"),
}


def check(plan: Plan, host: Survey, found: Findings) -> None:
    for setting in plan.cgroup.settings:
        if isinstance(setting, DeviceRules):
            continue
        if setting.file in RANGES:
            _range(setting, found)
        if setting.controller in host.cgroup.v1:
            _file(setting, host.cgroup.v1[setting.controller], found)
        at = setting.controller if setting.controller in host.writable else ""
        if not host.writable.get(at, True):
            hint = "run as root, or have a cgroup subtree delegated"
            found.error(setting.pointer, "no cgroup can be made for this limit", hint)


def _file(setting: Setting, hierarchy: str, found: Findings) -> None:
    """Files that a cgroup below the root has; the root itself lacks some."""
    if setting.missing_ok or setting.fallback:
        return
    with os.scandir(hierarchy) as entries:
        below = next((entry.path for entry in entries if entry.is_dir()), "")
    if below and not os.path.exists(f"{below}/{setting.file}"):
        hint = setting.hint or "it was built, or started, without"
        found.error(setting.pointer, f"this kernel has no {setting.file}", hint)


def _range(setting: Setting, found: Findings) -> None:
    path, what = RANGES[setting.file]
    try:
        with open(path) as file:
            there = file.read().strip()
    except OSError:
        return
    absent = members(setting.value) - members(there)
    if absent:
        shown = ",".join(map(str, sorted(absent)[:8]))
        found.error(setting.pointer, f"no such {what}: {shown}", f"this host has {there}")


def members(text: str) -> set[int]:
    """Of a list as in cpuset(7): "0-2,5"."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.strip().isdigit() and (last or first).strip().isdigit():
            end = min(int(last or first), int(first) + 65536)
            found |= set(range(int(first), end + 1))
    return found
