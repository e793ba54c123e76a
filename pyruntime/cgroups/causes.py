# SPDX-License-Identifier: Apache-2.0
"""Why the kernel may have refused a limit: looked up where it was refused. Cold.

Sources: the kernel's Documentation/admin-guide/cgroup-v1, cgroup-v2.rst.
"""

from __future__ import annotations

import os
from errno import EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENOSPC, EOPNOTSUPP, ERANGE

from pyruntime.cgroups.files import read_raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Cause = Callable[[str, str, str, int], str]

CPUSET = ("cpuset.cpus", "cpuset.mems")
BANDWIDTH = ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.cfs_burst_us", "cpu.max.burst")
WRITABLE = 0o222
DEVICE_HINT = "numbers of whole disks are in /proc/partitions; partitions have no limits"


def cause(directory: str, file: str, value: str, errno: int) -> str:
    """The likely cause, "" for none that is better than the error number's own."""
    if errno == ENOENT:
        return _missing(directory, file)
    try:
        if not os.stat(f"{directory}/{file}").st_mode & WRITABLE:
            return "this file is for reading only"
    except OSError:
        return ""
    for names, explain in TABLE:
        if file.startswith(names):
            return explain(directory, file, value, errno)
    return ""


def _held(path: str) -> str:
    try:
        return read_raw(path).strip()
    except OSError:
        return ""


def _missing(directory: str, file: str) -> str:
    if file.startswith("hugetlb."):
        from pyruntime.cgroups.stats import page_sizes

        sizes = ", ".join(page_sizes()) or "none"
        return f"the kernel's sizes of huge pages: {sizes}"
    for names, option in NEEDS:
        if file.startswith(names):
            return f"the kernel needs {option}"
    offered = _held(f"{directory}/cgroup.controllers")
    controller = file.partition(".")[0]
    unified = os.path.exists(f"{directory}/cgroup.controllers")
    if unified and controller not in ("cgroup", *offered.split()):
        return f"the controller is not enabled; here are: {offered or 'none'}"
    return ""


NEEDS = (
    ("memory.memsw.", "swap accounting (swapaccount=1)"),
    ("memory.swap.", "swap accounting (CONFIG_SWAP, swapaccount=1)"),
    ("cpu.rt_", "CONFIG_RT_GROUP_SCHED"),
    ("cpu.cfs_", "CONFIG_CFS_BANDWIDTH"),
    ("cpu.max", "CONFIG_CFS_BANDWIDTH, for bursts from Linux 5.14 on"),
    ("cpu.idle", "to be Linux 5.15 or later"),
    (("blkio.bfq.", "io.bfq."), "the BFQ scheduler (CONFIG_BFQ_GROUP_IOSCHED)"),
    (("blkio.throttle.", "io.max"), "CONFIG_BLK_DEV_THROTTLING"),
    ("io.weight", "CONFIG_BLK_CGROUP_IOCOST or BFQ"),
)


def _cpuset(directory: str, file: str, value: str, errno: int) -> str:
    what = "CPUs" if file == "cpuset.cpus" else "memory nodes"
    parent = os.path.dirname(directory)
    for name in (file, f"{file}.effective"):
        if there := _held(f"{parent}/{name}"):
            return f"{what} of the parent: {there}" + (
                "; a sibling may have some of them for itself" if errno == EINVAL else ""
            )
    return f"the parent {parent} has no {what}" if errno in (EACCES, ENOSPC) else ""


def _memory(directory: str, file: str, value: str, errno: int) -> str:
    if errno == EBUSY:
        used = _held(f"{directory}/{file.replace('limit_in_bytes', 'usage_in_bytes')}")
        return f"{used} bytes are in use and can't be reclaimed" if used else ""
    if errno == EINVAL and file == "memory.limit_in_bytes":
        both = _held(f"{directory}/memory.memsw.limit_in_bytes")
        return f"the limit of memory and swap together is {both}" if both else ""
    if errno == EINVAL and file == "memory.memsw.limit_in_bytes":
        limit = _held(f"{directory}/memory.limit_in_bytes")
        return f"the limit of memory is {limit}, and this one includes it"
    return ""


def _shares(directory: str, file: str, value: str, errno: int) -> str:
    if errno == EINVAL and _held(f"{directory}/cpu.idle") == "1":
        return "an idle cgroup (cpu.idle) has no shares"
    return "from 1 to 10000" if errno == ERANGE else ""


def _bandwidth(directory: str, file: str, value: str, errno: int) -> str:
    if errno != EINVAL:
        return ""
    parent = os.path.dirname(directory)
    burst = _held(f"{directory}/cpu.cfs_burst_us") or _held(f"{directory}/cpu.max.burst")
    quota = _held(f"{parent}/cpu.cfs_quota_us")
    facts = ["a period is 1000 to 1000000 us, a quota at least 1000"]
    if burst not in ("", "0"):
        facts.append(f"the burst is {burst}, and at most the quota")
    if quota not in ("", "-1"):
        period = _held(f"{parent}/cpu.cfs_period_us")
        facts.append(f"the parent has {quota} in {period} us")
    return "; ".join(facts)


def _realtime(directory: str, file: str, value: str, errno: int) -> str:
    budget = _held(f"{os.path.dirname(directory)}/cpu.rt_runtime_us")
    return f"the parent's own real-time budget is {budget} us" if budget else ""


def _device(directory: str, file: str, value: str, errno: int) -> str:
    device = value.partition(" ")[0]
    if errno in (ENODEV, ENOENT) and ":" in device:
        return f"no disk has the number {device}; {DEVICE_HINT}"
    if errno == EOPNOTSUPP:
        return f"the scheduler of {device} has no weights: see /sys/dev/block/{device}/queue"
    if errno == EINVAL and ":" in device:
        return f"{device} is a partition, or the value is out of range; {DEVICE_HINT}"
    return ""


def _interface(directory: str, file: str, value: str, errno: int) -> str:
    name = value.partition(" ")[0]
    return f"no network interface of the host is called {name}" if errno == ENODEV else ""


def _rdma(directory: str, file: str, value: str, errno: int) -> str:
    name = value.partition(" ")[0]
    return f"no RDMA device is called {name}" if errno in (ENODEV, EINVAL) else ""


def _pids(directory: str, file: str, value: str, errno: int) -> str:
    return "from 0 to 4194304, or max" if errno == EINVAL else ""


TABLE: tuple[tuple[str | tuple[str, ...], Cause], ...] = (
    (CPUSET, _cpuset),
    ("memory.", _memory),
    (("cpu.shares", "cpu.weight"), _shares),
    ((*BANDWIDTH, "cpu.max"), _bandwidth),
    ("cpu.rt_", _realtime),
    (("blkio.", "io."), _device),
    ("net_prio.", _interface),
    ("rdma.", _rdma),
    ("pids.", _pids),
)
