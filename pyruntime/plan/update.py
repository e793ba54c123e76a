# SPDX-License-Identifier: Apache-2.0
"""`update`: what is asked for, laid over the resources that a container has.

Pure; all three are objects like linux.resources. Callers of update write 0, "" or an empty
list for what they do not mean to change; only a limit of pids, a burst, an idle, a
swappiness and a throttle's rate mean something when they are 0.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan.field import mapping, number, sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.field import Map

ROOT = "/linux/resources"
SECTIONS = (
    "devices",
    "memory",
    "cpu",
    "blockIO",
    "hugepageLimits",
    "network",
    "pids",
    "rdma",
    "unified",
)
ZERO_MEANS_UNSET = {
    "memory": ("limit", "reservation", "swap", "kernel", "kernelTCP"),
    "cpu": ("shares", "quota", "period", "realtimeRuntime", "realtimePeriod"),
    "blockIO": ("weight", "leafWeight"),
    "network": ("classID",),
}
OBSOLETE = ("kernel", "kernelTCP")
# Lists of entries that are each about one thing; what names it.
KEYED = {
    "weightDevice": ("major", "minor"),
    "throttleReadBpsDevice": ("major", "minor"),
    "throttleWriteBpsDevice": ("major", "minor"),
    "throttleReadIOPSDevice": ("major", "minor"),
    "throttleWriteIOPSDevice": ("major", "minor"),
    "hugepageLimits": ("pageSize",),
    "priorities": ("name",),
}


def changes(resources: Map) -> tuple[Map, list[str]]:
    """What really is asked for, and the pointers of what is ignored: limits that no kernel has.

    Members that the specification doesn't know are no business of ours.
    """
    found: Map = {}
    ignored: list[str] = []
    for section, value in resources.items():
        if section not in SECTIONS:
            continue
        if isinstance(value, dict):
            unset = ZERO_MEANS_UNSET.get(section, ())
            value = {
                key: item
                for key, item in value.items()
                if item not in ("", [], {}) and not (key in unset and item == 0)
            }
        if section == "memory":
            ignored += [f"{ROOT}/memory/{key}" for key in OBSOLETE if key in value]
            value = {key: item for key, item in value.items() if key not in OBSOLETE}
        if value or value == 0:
            found[section] = value
    if set(found.get("memory", ())) <= {"checkBeforeUpdate"}:
        found.pop("memory", None)
    return found, ignored


def merge(current: Map, asked: Map) -> Map:
    """The resources after the update. Raises ConfigError where both contradict each other."""
    result = dict(current)
    for section, value in asked.items():
        if section == "devices":
            result[section] = value
        elif isinstance(value, list):
            result[section] = _merge_list(section, sequence(current, section, ROOT), value)
        else:
            result[section] = _merge_section(mapping(current, section, ROOT), value)
    _settle_memory(result, mapping(asked, "memory"))
    _settle_cpu(result, mapping(asked, "cpu"))
    return result


def to_write(asked: Map, merged: Map) -> Map:
    """Of the merged resources the part that has to be written: what was asked for, and what
    shares a file or a check of the kernel with it."""
    found = {section: value for section, value in asked.items() if section != "devices"}
    for section, group in (
        ("cpu", ("quota", "period", "burst")),
        ("memory", ("limit", "swap")),
        ("cpu", ("idle", "shares")),
        # BFQ forgets the weights of devices when it is given the general one.
        ("blockIO", ("weight", "weightDevice")),
    ):
        part = mapping(found, section)
        if any(key in part for key in group):
            whole = mapping(merged, section)
            found[section] = part | {key: whole[key] for key in group if key in whole}
    return found


def oom_killer_is_back(current: Map, asked: Map) -> bool:
    """Whether the OOM killer, disabled until now, is to be enabled: a new container has it."""
    wanted = mapping(asked, "memory").get("disableOOMKiller")
    return wanted is False and bool(mapping(current, "memory").get("disableOOMKiller"))


def _merge_section(current: Map, asked: Map) -> Map:
    result = dict(current)
    for key, value in asked.items():
        if key in KEYED:
            result[key] = _merge_list(key, sequence(current, key), value)
        else:
            result[key] = value
    return result


def _merge_list(name: str, current: list[Any], asked: list[Any]) -> list[Any]:
    keys = KEYED.get(name, ())

    def named(entry: Map) -> tuple[Any, ...]:
        return tuple(entry.get(key) for key in keys)

    result = {named(entry): entry for entry in current}
    for entry in asked:
        result[named(entry)] = result.get(named(entry), {}) | entry
    return list(result.values())


def _settle_memory(result: Map, asked: Map) -> None:
    """No limit of memory: then one of memory and swap together makes no sense either."""
    if number(asked, "limit") == -1 and "swap" not in asked and result["memory"].get("swap"):
        result["memory"] = {k: v for k, v in result["memory"].items() if k != "swap"}


def _settle_cpu(result: Map, asked: Map) -> None:
    """Ceasing or beginning to be idle sets the shares back, in the kernel too."""
    if "idle" in asked and "shares" not in asked:
        result["cpu"] = {k: v for k, v in result["cpu"].items() if k != "shares"}
    elif "shares" in asked and "idle" not in asked and number(mapping(result, "cpu"), "idle") == 1:
        raise ConfigError(
            f"{ROOT}/cpu/shares: the container's CPU is idle, which has no shares",
            pointer=f"{ROOT}/cpu/shares",
            hint="set idle to 0 with it",
        )
