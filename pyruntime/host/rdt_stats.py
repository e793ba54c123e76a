# SPDX-License-Identifier: Apache-2.0
"""What a container's resctrl group has and uses: the part "intel_rdt" of a "stats" event.

Cold. The shape is the one of runc's `events`. Kernel documentation: filesystems/resctrl.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.host.rdt import Record

L3_NUMBERS = ("min_cbm_bits", "num_closids")
MB_NUMBERS = ("bandwidth_gran", "delay_linear", "min_bandwidth", "num_closids")
# What a domain of a level 3 cache counts: bandwidth of memory, occupancy of the cache; in bytes.
BANDWIDTH = ("mbm_total_bytes", "mbm_local_bytes")
OCCUPANCY = ("llc_occupancy",)


def collect(record: Record, root: str) -> dict[str, Any]:
    """record: as host.rdt keeps it; root: where resctrl is mounted.

    Without monitoring of its own, what the whole group uses. Parts that the machine lacks are
    left out.
    """
    lines, roots = _lines(record["group"]), _lines(root)
    found: dict[str, Any] = {"schemata": lines}
    if os.path.isdir(f"{root}/info/L3"):
        info: dict[str, Any] = {"cbm_mask": _text(f"{root}/info/L3/cbm_mask")}
        found["l3_cache_info"] = info | _numbers(f"{root}/info/L3", L3_NUMBERS)
        found["l3_cache_schema_root"] = _last(roots, "L3")
        found["l3_cache_schema"] = _last(lines, "L3")
    if os.path.isdir(f"{root}/info/MB"):
        found["mem_bw_info"] = _numbers(f"{root}/info/MB", MB_NUMBERS)
        found["mem_bw_schema_root"] = _last(roots, "MB")
        found["mem_bw_schema"] = _last(lines, "MB")
    found = {key: value for key, value in found.items() if value}
    features = _text(f"{root}/info/L3_MON/mon_features").split()
    where = record["monitor"] or record["group"]
    for key, names in (("mbm_stats", BANDWIDTH), ("cmt_stats", OCCUPANCY)):
        counted = [name for name in names if name in features]
        if counted:
            zeros = dict.fromkeys(names, 0)
            found[key] = [
                zeros | _numbers(domain, counted) for domain in _domains(f"{where}/mon_data")
            ]
    return found


def _domains(directory: str) -> list[str]:
    """One for each level 3 cache."""
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [f"{directory}/{name}" for name in names if name.startswith("mon_L3_")]


def _lines(group: str) -> list[str]:
    """Of the schemata, which pad the names of resources with blanks."""
    return [line.strip() for line in _text(f"{group}/schemata").splitlines()]


def _last(lines: list[str], resource: str) -> str:
    """Of several kinds of one resource (code and data) the last."""
    return next((line for line in reversed(lines) if line.startswith(resource)), "")


def _numbers(directory: str, names: tuple[str, ...] | list[str]) -> dict[str, int]:
    """Without those that are not there, or "Unavailable" at this moment."""
    texts = {name: _text(f"{directory}/{name}") for name in names}
    return {name: int(text) for name, text in texts.items() if text.isdigit()}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
