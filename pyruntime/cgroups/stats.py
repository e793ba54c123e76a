# SPDX-License-Identifier: Apache-2.0
"""What a container uses: one object, whichever hierarchies its controllers are in.

The shape is the one of runc's `events`: numbers that are 0 are mostly left out, times are
nanoseconds, sizes bytes. oomKills in memory is added to it.
"""

from __future__ import annotations

import os

from pyruntime.cgroups import stats_v1, stats_v2
from pyruntime.cgroups.statfile import text, without_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cgroups.base import Cgroup

HUGEPAGES = "/sys/kernel/mm/hugepages"


def collect(cgroup: Cgroup) -> dict[str, Any]:
    """The statistics of this moment; empty parts for controllers that the host lacks.

    Raises CgroupError.
    """
    v1 = {name: path for name, path in cgroup.paths.items() if name}
    unified = cgroup.paths.get("", "")
    pressure = stats_v2.pressures(unified) if unified else dict.fromkeys(("cpu", "memory", "io"))
    cpu = _cpu(v1, unified)
    if "cpuset" in v1:
        cpuset = stats_v1.cpuset(v1["cpuset"])
    else:
        cpuset = stats_v2.cpuset(unified) if unified else {}
    memory = _part(v1, unified, "memory", stats_v1.memory, stats_v2.memory)
    blkio = stats_v1.blkio(v1["blkio"]) if "blkio" in v1 else {}
    if not blkio and unified:
        blkio = stats_v2.io(text(unified, "io.stat"))
    return {
        "cpu": cpu | without_nothing({"psi": pressure["cpu"]}),
        "cpuset": cpuset,
        "memory": memory | without_nothing({"psi": pressure["memory"]}),
        "pids": _part(v1, unified, "pids", stats_v1.pids, stats_v2.pids),
        "blkio": blkio | without_nothing({"psi": pressure["io"]}),
        "hugetlb": _hugetlb(v1, unified),
        "intel_rdt": {},
    }


def _part(v1: dict[str, str], unified: str, name: str, one: Any, two: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if name in v1:
        found = one(v1[name])
    elif unified:
        found = two(unified)
    return found


def _cpu(v1: dict[str, str], unified: str) -> dict[str, Any]:
    usage: dict[str, Any] = {}
    throttling: dict[str, Any] = {}
    if unified:
        usage, throttling = stats_v2.cpu(unified)
    if "cpuacct" in v1:
        usage = stats_v1.cpu_usage(v1["cpuacct"])
    if "cpu" in v1:
        throttling = stats_v1.throttling(v1["cpu"])
    return without_nothing({"usage": usage, "throttling": throttling})


def _hugetlb(v1: dict[str, str], unified: str) -> dict[str, Any]:
    """By page size, as "2MB"."""
    found: dict[str, Any] = {}
    for size in page_sizes():
        if "hugetlb" in v1:
            found[size] = stats_v1.hugetlb(v1["hugetlb"], size)
        elif unified and text(unified, f"hugetlb.{size}.current"):
            found[size] = stats_v2.hugetlb(unified, size)
    return found


def page_sizes() -> list[str]:
    """The sizes of huge pages that this kernel knows, in the words of cgroup files."""
    try:
        names = sorted(os.listdir(HUGEPAGES))
    except OSError:
        return []
    found = []
    for name in names:
        kib = int(name.removeprefix("hugepages-").removesuffix("kB"))
        for unit, shift in (("GB", 20), ("MB", 10), ("KB", 0)):
            if kib >> shift:
                found.append(f"{kib >> shift}{unit}")
                break
    return found
