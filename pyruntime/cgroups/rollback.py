# SPDX-License-Identifier: Apache-2.0
"""What the files of a cgroup hold before they are written, as settings that write it back."""

from __future__ import annotations

from pyruntime.cgroups.files import read_raw
from pyruntime.plan.device_rules import DeviceRules
from pyruntime.plan.setting import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.cgroups.base import Cgroup

NO_LIMIT = {
    "io.max": "rbps=max wbps=max riops=max wiops=max",
    "io.weight": "default",
    "io.bfq.weight": "default",
    "rdma.max": "hca_handle=max hca_object=max",
}


def remember(
    cgroup: Cgroup, settings: Sequence[Setting | DeviceRules], devices: DeviceRules | None = None
) -> list[Setting | DeviceRules]:
    """The way back from writing the settings, in the order of writing, last thing first.

    devices: the rules that are in force, since the kernel can't be asked for them. A file
    that can't be read (it is not there, or takes writes only) has no way back.
    """
    back: list[Setting | DeviceRules] = []
    for setting in settings:
        if isinstance(setting, DeviceRules):
            if devices is not None:
                back.append(devices)
            continue
        directory = cgroup.paths.get(setting.controller) or cgroup.paths.get("", "")
        names = [setting.file] + ([setting.fallback[0]] if setting.fallback else [])
        for name in names:
            try:
                held = read_raw(f"{directory}/{name}")
            except OSError:
                continue
            lines = inverse(name, held, setting.value)
            back += [Setting(setting.controller, name, line, setting.pointer) for line in lines]
            break
    back.reverse()
    # BFQ forgets the weights of devices when it is given the general one.
    back.sort(key=_is_of_a_device)
    return back


def _is_of_a_device(setting: Setting | DeviceRules) -> bool:
    return "weight" in getattr(setting, "file", "") and ":" in getattr(setting, "value", "")


def inverse(file: str, held: str, value: str) -> list[str]:
    """The lines to write so that the file holds again what it held before `value`. Pure."""
    if file == "memory.oom_control":
        return [held.split()[1]] if held.startswith("oom_kill_disable ") else []
    words = value.split()
    keyed = len(words) > 1 and (":" in words[0] or file in ("rdma.max", "net_prio.ifpriomap"))
    lines = held.splitlines()
    if not keyed:
        # Of a file with one line per device only the general one was overwritten.
        return [line for line in lines[:1] if line.strip()]
    for line in lines:
        if line.split()[:1] == words[:1]:
            return [line]
    return [f"{words[0]} {NO_LIMIT.get(file, '0')}"]
