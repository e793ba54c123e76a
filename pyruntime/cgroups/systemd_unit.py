# SPDX-License-Identifier: Apache-2.0
"""The scope of a container: its name, its slice, its properties.

Pure. A property is (name, D-Bus signature, value). Sources: systemd.resource-control(5),
systemd.slice(5), org.freedesktop.systemd1(5).
"""

from __future__ import annotations

from pyruntime.cgroups.device_list import Inexpressible, lists
from pyruntime.cgroups.statfile import ids
from pyruntime.errors import ConfigError
from pyruntime.plan.device_rules import DeviceRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.plan.setting import Setting

    Property = tuple[str, str, Any]

POINTER = "/linux/cgroupsPath"
INFINITY = (1 << 64) - 1
DEFAULT_PERIOD = 100_000
SECOND = 1_000_000
PERCENT = SECOND // 100
# Files of which systemd has the value as a number of 64 bits, "max" as infinity.
NUMBERS = {
    "memory.max": "MemoryMax",
    "memory.high": "MemoryHigh",
    "memory.low": "MemoryLow",
    "memory.min": "MemoryMin",
    "memory.swap.max": "MemorySwapMax",
    "memory.limit_in_bytes": "MemoryLimit",
    "cpu.weight": "CPUWeight",
    "cpu.shares": "CPUShares",
    "pids.max": "TasksMax",
}
SETS = {"cpuset.cpus": "AllowedCPUs", "cpuset.mems": "AllowedMemoryNodes"}
IDLE_SINCE = 252  # the systemd that knows CPUWeight=idle


class Scope:
    """unit: its whole name. slice: the unit that it goes into."""

    __slots__ = ("slice", "unit")

    def __init__(self, slice_name: str, unit: str) -> None:
        self.slice = slice_name
        self.unit = unit

    def path(self) -> str:
        """Of its cgroup below that of the manager."""
        return f"{expand_slice(self.slice)}/{self.unit}"


def scope_of(cgroups_path: str, container_id: str, *, user: bool) -> Scope:
    """From "slice:prefix:name"; without a path from the id. Raises ConfigError."""
    default = "user.slice" if user else "system.slice"
    if not cgroups_path:
        return Scope(default, f"pyruntime-{container_id}.scope")
    parts = cgroups_path.split(":")
    if len(parts) != 3:
        raise _bad(
            f'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, '
            f"got {cgroups_path!r} instead"
        )
    slice_name, prefix, name = parts
    unit = f"{prefix}-{name}.scope" if prefix else f"{name}.scope"
    if not name or name.endswith(".slice") or len(unit) > 255 or not _is_unit_name(unit):
        raise _bad(f"{cgroups_path!r}: {unit!r} can't be the name of a scope")
    expand_slice(slice_name or default)
    return Scope(slice_name or default, unit)


def expand_slice(name: str) -> str:
    """Where a slice's cgroup is: "a-b.slice" in "/a.slice/a-b.slice", "-.slice" in "".

    Raises ConfigError.
    """
    stem = name.removesuffix(".slice")
    if name == "-.slice":
        return ""
    parts = stem.split("-")
    if stem == name or not all(parts) or not _is_unit_name(name):
        raise _bad(f"{name!r} can't be the name of a slice")
    return "".join(f"/{'-'.join(parts[: i + 1])}.slice" for i in range(len(parts)))


def _is_unit_name(name: str) -> bool:
    rest = name.replace(":", "").replace("-", "").replace("_", "").replace(".", "")
    rest = rest.replace("\\", "").replace("@", "").replace("+", "")
    return not rest or (rest.isascii() and rest.isalnum())


def _bad(message: str) -> ConfigError:
    return ConfigError(message, pointer=POINTER, code="cgroup-path")


def scope_properties(scope: Scope, container_id: str, pid: int, *, v1: bool) -> list[Property]:
    """Those that a container's scope has whatever its limits are."""
    io = "BlockIOAccounting" if v1 else "IOAccounting"
    accounting = ("CPUAccounting", "MemoryAccounting", "TasksAccounting", io)
    return [
        ("Description", "s", f"container {container_id}"),
        ("Slice", "s", scope.slice),
        ("PIDs", "au", [pid]),
        ("Delegate", "b", True),
        ("DefaultDependencies", "b", False),
        # One that fails is forgotten like one that ends.
        ("CollectMode", "s", "inactive-or-failed"),
        *((name, "b", True) for name in accounting),
    ]


def resource_properties(
    settings: Sequence[Setting | DeviceRules], *, v1: bool, version: int
) -> list[Property]:
    """What systemd is told of the limits, so that a reload of it does not undo them.

    Files that it has no property for are written only. version: of systemd.
    """
    found: dict[str, Property] = {}
    files = {s.file: s.value for s in settings if not isinstance(s, DeviceRules)}
    for setting in settings:
        if isinstance(setting, DeviceRules):
            # On cgroup2 systemd is told of no device rules and attaches no filter; ours stays.
            properties = devices(setting) if v1 else []
        else:
            properties = _of_file(setting.file, setting.value, version)
            if not properties and setting.fallback is not None:
                properties = _of_file(*setting.fallback, version)
        for each in properties:
            found[each[0]] = each
    for each in _quota(files):
        found[each[0]] = each
    return list(found.values())


def _of_file(file: str, value: str, version: int) -> list[Property]:
    if file in NUMBERS:
        number = INFINITY if value in ("max", "-1") else int(value)
        if file == "pids.max":
            number = max(number, 1)  # systemd takes no 0
        return [(NUMBERS[file], "t", number)]
    if file in SETS:
        return [(SETS[file], "ay", bits(value))]
    if file == "cpu.idle" and version >= IDLE_SINCE:
        return [("CPUWeight", "t", 0 if value == "1" else INFINITY)]
    if file == "io.weight" and value.isdigit():
        return [("IOWeight", "t", int(value))]
    return []


def _quota(files: dict[str, str]) -> list[Property]:
    """Of both versions' files. systemd keeps whole percents: rounded up, so that after a
    reload it is never less than what was asked for."""
    if "cpu.max" in files:
        quota, _, period = files["cpu.max"].partition(" ")
    elif "cpu.cfs_quota_us" in files or "cpu.cfs_period_us" in files:
        quota, period = files.get("cpu.cfs_quota_us", "max"), files.get("cpu.cfs_period_us", "")
    else:
        return []
    length = int(period or DEFAULT_PERIOD)
    share = INFINITY
    if quota not in ("max", "-1"):
        share = -(-int(quota) * SECOND // length)
        share = -(-share // PERCENT) * PERCENT
    return [("CPUQuotaPeriodUSec", "t", length), ("CPUQuotaPerSecUSec", "t", share)]


def bits(text: str) -> bytes:
    """A list of CPUs or memory nodes as systemd takes it: bit 0 of byte 0 is number 0."""
    mask = 0
    for number in ids(text):
        mask |= 1 << number
    return mask.to_bytes((mask.bit_length() + 7) // 8, "little")


def devices(rules: DeviceRules) -> list[Property]:
    """For cgroup v1, where systemd writes the lists again on a reload."""
    given = [(r.allow, r.type, r.major, r.minor, r.access) for r in rules.rules]
    try:
        default, exceptions = lists(given)
    except Inexpressible:
        return []  # the files' writer says it
    if default:
        return [("DevicePolicy", "s", "auto"), ("DeviceAllow", "a(ss)", [])]
    allowed = []
    for line in exceptions:
        kind, numbers, access = line.split()
        major, minor = numbers.split(":")
        family = "char" if kind == "c" else "block"
        if major != "*" and minor != "*":
            allowed.append((f"/dev/{family}/{numbers}", access))
        elif minor == "*":
            allowed.append((f"{family}-{major}", access))
        # systemd has no word for one minor of every major; the files have it
    return [("DevicePolicy", "s", "strict"), ("DeviceAllow", "a(ss)", allowed)]
