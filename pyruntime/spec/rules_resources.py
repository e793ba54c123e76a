# SPDX-License-Identifier: Apache-2.0
"""Rules for linux.resources, of config.json or of `update` (config-linux.md, "Control groups").

Only what is wrong on every host; what a host's cgroups lack shows when they are written.
"""

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
    from typing import Any

    Map = dict[str, Any]

# Files that act on processes: of the container's cgroup, or of the whole host.
DEEDS = ("cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze")
MILLISECOND, SECOND = 1000, 1_000_000  # in microseconds: the kernel's bounds of a CPU period


def check(resources: Map, pointer: str, found: Findings) -> None:
    for index, rule in enumerate(resources.get("devices", ())):
        _device_rule(rule, f"{pointer}/devices/{index}", found)
    if "memory" in resources:
        _memory(resources["memory"], f"{pointer}/memory", found)
    if "cpu" in resources:
        _cpu(resources["cpu"], f"{pointer}/cpu", found)
    if "blockIO" in resources:
        _block_io(resources["blockIO"], f"{pointer}/blockIO", found)
    if resources.get("pids", {}).get("limit", -1) < -1:
        found.error(f"{pointer}/pids/limit", "must be at least -1 (no limit)")
    for index, entry in enumerate(resources.get("network", {}).get("priorities", ())):
        if not is_interface_name(entry["name"]):
            found.error(
                f"{pointer}/network/priorities/{index}/name",
                f"{shown(entry['name'])} can't name an interface",
            )
    for name, limits in resources.get("rdma", {}).items():
        if "hcaHandles" not in limits and "hcaObjects" not in limits:
            found.error(f"{pointer}/rdma/{escape(name)}", 'needs "hcaHandles" or "hcaObjects"')
    for name in resources.get("unified", ()):
        if not name or "/" in name or name in (".", ".."):
            found.error(
                f"{pointer}/unified/{escape(name)}", f"{shown(name)} can't name a cgroup file"
            )
        elif name in DEEDS:
            found.error(
                f"{pointer}/unified/{escape(name)}",
                "moves, stops or ends processes, and limits nothing",
            )


def _device_rule(rule: Map, pointer: str, found: Findings) -> None:
    kind, access = rule.get("type", "a"), rule.get("access", "")
    if kind not in ("a", "b", "c", ""):
        found.error(f"{pointer}/type", f"must be a, b or c, not {shown(kind)}")
    if access.strip("rwm"):
        found.error(f"{pointer}/access", f"must be of the letters r, w, m, not {shown(access)}")
    for key in ("major", "minor"):
        if rule.get(key, -1) < -1:
            found.error(f"{pointer}/{key}", "must be at least -1 (all)")


def _memory(memory: Map, pointer: str, found: Findings) -> None:
    for key in ("limit", "reservation", "swap", "kernel", "kernelTCP"):
        if memory.get(key, 0) < -1:
            found.error(f"{pointer}/{key}", "must be at least -1 (no limit)")
    for key in ("kernel", "kernelTCP"):
        if memory.get(key, 0) > 0:
            found.warning(f"{pointer}/{key}", "is deprecated; Linux no longer has the limit")
    limit, swap = memory.get("limit", 0), memory.get("swap", 0)
    if swap > 0:
        hint = "swap counts memory and swap together"
        if limit <= 0:
            found.error(f"{pointer}/swap", "needs a limit of memory", hint)
        elif swap < limit:
            found.error(f"{pointer}/swap", f"must be at least the limit, {limit}", hint)
    if memory.get("swappiness", 0) > 100:
        found.error(f"{pointer}/swappiness", "must be from 0 to 100")


def _cpu(cpu: Map, pointer: str, found: Findings) -> None:
    quota, period = cpu.get("quota", 0), cpu.get("period", 0)
    # 0 is what callers write for "not set".
    if period and not MILLISECOND <= period <= SECOND:
        found.error(f"{pointer}/period", "must be from 1000 to 1000000 microseconds")
    if quota < -1 or 0 < quota < MILLISECOND:
        found.error(f"{pointer}/quota", "must be -1 (no limit) or at least 1000 microseconds")
    if 0 < quota < cpu.get("burst", 0):
        found.error(f"{pointer}/burst", f"must be at most the quota, {quota}")
    if cpu.get("realtimeRuntime", 0) > (cpu.get("realtimePeriod") or SECOND):
        found.error(f"{pointer}/realtimeRuntime", "must be at most the realtime period")
    if cpu.get("idle", 0) not in (0, 1):
        found.error(f"{pointer}/idle", "must be 0 or 1")
    for key, what in (("cpus", "CPUs"), ("mems", "memory nodes")):
        if not is_list_of_numbers(cpu.get(key, "")):
            found.error(f"{pointer}/{key}", f"must be a list of {what}, as 0-3,7")


def _block_io(block: Map, pointer: str, found: Findings) -> None:
    for key in ("weight", "leafWeight"):
        _weight(block, key, pointer, found)
    for index, entry in enumerate(block.get("weightDevice", ())):
        here = f"{pointer}/weightDevice/{index}"
        if "weight" not in entry and "leafWeight" not in entry:
            found.error(here, 'needs "weight" or "leafWeight"')
        for key in ("weight", "leafWeight"):
            _weight(entry, key, here, found)
        _device_number(entry, here, found)
    for direction in ("Read", "Write"):
        for unit in ("Bps", "IOPS"):
            key = f"throttle{direction}{unit}Device"
            for index, entry in enumerate(block.get(key, ())):
                if "rate" not in entry:
                    found.error(f"{pointer}/{key}/{index}", 'needs "rate"')
                _device_number(entry, f"{pointer}/{key}/{index}", found)


def _weight(entry: Map, key: str, pointer: str, found: Findings) -> None:
    if entry.get(key, 0) and not 10 <= entry[key] <= 1000:
        found.error(f"{pointer}/{key}", "must be from 10 to 1000")


def _device_number(entry: Map, pointer: str, found: Findings) -> None:
    for key in ("major", "minor"):
        if entry[key] < 0:
            found.error(f"{pointer}/{key}", "must be at least 0")
