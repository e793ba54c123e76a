# SPDX-License-Identifier: Apache-2.0
"""linux.resources to the writes that carry them out (config-linux.md, "Control groups").

Pure conversions; who writes is pyruntime.cgroups. One section of the config each; what the
host's controllers cannot do is Unsupported, with its pointer.
"""

from __future__ import annotations

from pyruntime.errors import Unsupported
from pyruntime.plan.device_rules import DeviceRules, compile_rules
from pyruntime.plan.field import escape, mapping, number, sequence, text
from pyruntime.plan.setting import Hierarchies, Setting, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyruntime.plan.facts import CgroupFacts
    from pyruntime.plan.field import Map

__all__ = ("DeviceRules", "Setting", "cgroup_path", "compile_resources")

ROOT = "/linux/resources"
DEFAULT_PERIOD = 100000


def cgroup_path(config: Map, container_id: str) -> str:
    """Of the container: as configured, else "/<id>"."""
    return text(mapping(config, "linux"), "cgroupsPath") or f"/{container_id}"


def compile_resources(
    resources: Map, facts: CgroupFacts, devices: Sequence[Map] = ()
) -> list[Setting | DeviceRules]:
    """All settings in the order of writing: cpuset first (a v1 cpuset without CPUs takes
    nobody in), `unified` last (it overrides).

    devices: linux.devices, whose paths replace default device rules. Raises ConfigError,
    Unsupported.
    """
    at = Hierarchies(facts)
    found: list[Setting | DeviceRules] = []
    found += _cpu(mapping(resources, "cpu", ROOT), at)
    found += _memory(mapping(resources, "memory", ROOT), at)
    found += _pids(mapping(resources, "pids", ROOT), at)
    found += _block_io(mapping(resources, "blockIO", ROOT), at)
    found += _hugepages(sequence(resources, "hugepageLimits", ROOT), at)
    found += _network(mapping(resources, "network", ROOT), at)
    found += _rdma(mapping(resources, "rdma", ROOT), at)
    found.append(compile_rules(sequence(resources, "devices", ROOT), devices))
    found += _unified(mapping(resources, "unified", ROOT), at)
    return found


def _cpu(cpu: Map, at: Hierarchies) -> Iterable[Setting]:
    here = f"{ROOT}/cpu"
    for key in ("cpus", "mems"):
        if value := text(cpu, key):
            yield at.write("cpuset", f"cpuset.{key}", f"cpuset.{key}", value, f"{here}/{key}")
    idle = number(cpu, "idle")
    if idle is not None:
        yield at.write("cpu", "cpu.idle", "cpu.idle", str(idle), f"{here}/idle")
    shares = number(cpu, "shares")
    # An idle group has the least weight there is; the kernel refuses another.
    if shares and idle != 1:
        pointer = f"{here}/shares"
        if at.version("cpu", pointer) == 1:
            yield Setting("cpu", "cpu.shares", str(shares), pointer)
        else:
            from pyruntime.plan.weights import cpu_weight  # pure cgroup v1 does without

            yield Setting("cpu", "cpu.weight", str(cpu_weight(shares)), pointer)
    if any(number(cpu, key) for key in ("quota", "period")) or number(cpu, "burst") is not None:
        yield from _cpu_bandwidth(cpu, at)
    yield from _cpu_realtime(cpu, at)


def _cpu_bandwidth(cpu: Map, at: Hierarchies) -> Iterable[Setting]:
    """Period before quota, quota before burst: each is checked against the one before."""
    here = f"{ROOT}/cpu"
    quota, period, burst = (number(cpu, key) for key in ("quota", "period", "burst"))
    field = "quota" if quota else "period" if period else "burst"
    if at.version("cpu", f"{here}/{field}") == 1:
        if period:
            yield Setting("cpu", "cpu.cfs_period_us", str(period), f"{here}/period")
        if quota:
            yield Setting("cpu", "cpu.cfs_quota_us", str(quota), f"{here}/quota")
        if burst is not None:
            yield Setting("cpu", "cpu.cfs_burst_us", str(burst), f"{here}/burst")
        return
    if quota or period:
        limit = str(quota) if quota and quota > 0 else "max"
        value = f"{limit} {period or DEFAULT_PERIOD}"
        yield Setting("cpu", "cpu.max", value, f"{here}/{field}")
    if burst is not None:
        yield Setting("cpu", "cpu.max.burst", str(burst), f"{here}/burst")


def _cpu_realtime(cpu: Map, at: Hierarchies) -> Iterable[Setting]:
    hint = "the kernel needs CONFIG_RT_GROUP_SCHED, and every parent a budget of its own"
    for key, file in (
        ("realtimePeriod", "cpu.rt_period_us"),
        ("realtimeRuntime", "cpu.rt_runtime_us"),
    ):
        if value := number(cpu, key):
            yield at.write("cpu", file, "", str(value), f"{ROOT}/cpu/{key}", hint)


def _memory(memory: Map, at: Hierarchies) -> Iterable[Setting]:
    here = f"{ROOT}/memory"
    _refuse_memory(memory, here)
    if any(number(memory, key) for key in ("limit", "swap", "reservation")):
        field = next(key for key in ("limit", "swap", "reservation") if number(memory, key))
        if at.version("memory", f"{here}/{field}") == 1:
            yield from _memory_v1(memory, here)
        else:
            yield from _memory_v2(memory, here)
    if value := number(memory, "kernelTCP"):
        file = "memory.kmem.tcp.limit_in_bytes"
        yield at.write("memory", file, "", str(value), f"{here}/kernelTCP")
    if memory.get("disableOOMKiller"):
        pointer = f"{here}/disableOOMKiller"
        yield at.write("memory", "memory.oom_control", "", "1", pointer)
    swappiness = number(memory, "swappiness")
    if swappiness is not None:
        pointer = f"{here}/swappiness"
        if not 0 <= swappiness <= 100:
            raise refuse(pointer, f"{swappiness} is not within 0 to 100")
        yield at.write("memory", "memory.swappiness", "", str(swappiness), pointer)


def _refuse_memory(memory: Map, here: str) -> None:
    """What no supported kernel offers. checkBeforeUpdate is always met: a new cgroup uses
    nothing yet; useHierarchy is how every cgroup behaves since Linux 5.11."""
    kernel = number(memory, "kernel")
    if kernel is not None and kernel > 0:
        raise Unsupported(
            f"{here}/kernel: the kernel has no such limit since Linux 5.16",
            pointer=f"{here}/kernel",
        )
    if memory.get("useHierarchy") is False:
        raise Unsupported(
            f"{here}/useHierarchy: cgroups are hierarchical, which cannot be turned off",
            pointer=f"{here}/useHierarchy",
        )


SWAP_HINT = "this kernel may not account for swap (swapaccount=1)"


def _memory_v1(memory: Map, here: str) -> Iterable[Setting]:
    limit, swap = number(memory, "limit") or 0, number(memory, "swap") or 0
    if limit:
        yield Setting("memory", "memory.limit_in_bytes", str(limit), f"{here}/limit")
    file = "memory.memsw.limit_in_bytes"
    if swap:
        yield Setting("memory", file, str(swap), f"{here}/swap", SWAP_HINT)
    elif limit == -1:
        yield Setting("memory", file, "-1", f"{here}/limit", missing_ok=True)
    if reservation := number(memory, "reservation"):
        file = "memory.soft_limit_in_bytes"
        yield Setting("memory", file, str(reservation), f"{here}/reservation")


def _memory_v2(memory: Map, here: str) -> Iterable[Setting]:
    """`swap` counts memory and swap together, memory.swap.max only swap."""
    limit, swap = number(memory, "limit") or 0, number(memory, "swap") or 0
    value = swap_max(limit, swap, f"{here}/swap")
    if value:
        pointer = f"{here}/swap" if swap else f"{here}/limit"
        # Without swap in the kernel there is none to limit, and none to forbid.
        missing_ok = value in ("max", "0")
        file = "memory.swap.max"
        yield Setting("memory", file, value, pointer, SWAP_HINT, missing_ok=missing_ok)
    if limit:
        yield Setting("memory", "memory.max", _or_max(limit), f"{here}/limit")
    if reservation := number(memory, "reservation"):
        yield Setting("memory", "memory.low", _or_max(reservation), f"{here}/reservation")


def swap_max(limit: int, swap: int, pointer: str) -> str:
    """memory.swap.max for the spec's limit and swap in bytes (0 unset, -1 unlimited); "" for
    nothing to write. Raises ConfigError when they contradict each other."""
    if swap == 0:
        return "max" if limit == -1 else ""
    if swap == -1:
        return "max"
    if limit == 0:
        raise refuse(pointer, "a swap limit needs a memory limit")
    if limit == -1 or swap < limit:
        raise refuse(pointer, f"memory and swap together ({swap}) are less than memory")
    return str(swap - limit)


def _or_max(value: int) -> str:
    return "max" if value < 0 else str(value)


def _pids(pids: Map, at: Hierarchies) -> Iterable[Setting]:
    limit = number(pids, "limit")
    if limit is not None:
        yield at.write("pids", "pids.max", "pids.max", _or_max(limit), f"{ROOT}/pids/limit")


THROTTLES = (
    ("throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"),
    ("throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"),
    ("throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"),
    ("throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"),
)
BFQ_HINT = "weights need the BFQ scheduler"


def _block_io(block: Map, at: Hierarchies) -> Iterable[Setting]:
    """The controller is blkio in v1, io in cgroup2."""
    here = f"{ROOT}/blockIO"
    if number(block, "leafWeight"):
        raise Unsupported(
            f"{here}/leafWeight: no I/O scheduler has leaf weights since Linux 5.0",
            pointer=f"{here}/leafWeight",
        )
    if weight := number(block, "weight"):
        yield _weight(at, "", weight, f"{here}/weight")
    for index, device in enumerate(sequence(block, "weightDevice", here)):
        pointer = f"{here}/weightDevice/{index}"
        if number(device, "leafWeight"):
            raise Unsupported(f"{pointer}/leafWeight: see leafWeight", pointer=pointer)
        if weight := number(device, "weight"):
            yield _weight(at, f"{_device(device)} ", weight, pointer)
    for field, v1_file, v2_key in THROTTLES:
        for index, device in enumerate(sequence(block, field, here)):
            pointer = f"{here}/{field}/{index}"
            rate = number(device, "rate") or 0
            if at.version("blkio", pointer) == 1:
                yield Setting("blkio", v1_file, f"{_device(device)} {rate}", pointer)
            else:
                value = f"{_device(device)} {v2_key}={rate or 'max'}"
                yield Setting("io", "io.max", value, pointer)


def _device(device: Map) -> str:
    return f"{number(device, 'major')}:{number(device, 'minor')}"


def _weight(at: Hierarchies, device: str, weight: int, pointer: str) -> Setting:
    """device: "" for the default weight, else "MAJ:MIN "."""
    value = f"{device}{weight}"
    if at.version("blkio", pointer) == 1:
        file = "blkio.bfq.weight_device" if device else "blkio.bfq.weight"
        return Setting("blkio", file, value, pointer, BFQ_HINT)
    from pyruntime.plan.weights import io_weight  # as above

    fallback = ("io.weight", f"{device}{io_weight(weight)}")
    return Setting("io", "io.bfq.weight", value, pointer, BFQ_HINT, fallback=fallback)


def _hugepages(limits: list[Map], at: Hierarchies) -> Iterable[Setting]:
    """The reservation first, as the spec has it: where the kernel counts reservations."""
    for index, entry in enumerate(limits):
        pointer = f"{ROOT}/hugepageLimits/{index}"
        size, limit = text(entry, "pageSize"), str(number(entry, "limit") or 0)
        if not _is_page_size(size):
            raise refuse(f"{pointer}/pageSize", f"{size!r} is not a size like 2MB")
        suffix = "limit_in_bytes" if at.version("hugetlb", pointer) == 1 else "max"
        for file, missing_ok in ((f"rsvd.{suffix}", True), (suffix, False)):
            yield Setting(
                "hugetlb", f"hugetlb.{size}.{file}", limit, pointer, missing_ok=missing_ok
            )


def _is_page_size(size: str) -> bool:
    """Nothing but digits and a unit: the size becomes part of a file name."""
    return size[-2:] in ("KB", "MB", "GB") and size[:-2].isascii() and size[:-2].isdigit()


def _network(network: Map, at: Hierarchies) -> Iterable[Setting]:
    here = f"{ROOT}/network"
    if class_id := number(network, "classID"):
        yield at.write("net_cls", "net_cls.classid", "", str(class_id), f"{here}/classID")
    for index, entry in enumerate(sequence(network, "priorities", here)):
        value = f"{text(entry, 'name')} {number(entry, 'priority') or 0}"
        pointer = f"{here}/priorities/{index}"
        yield at.write("net_prio", "net_prio.ifpriomap", "", value, pointer)


def _rdma(rdma: Map, at: Hierarchies) -> Iterable[Setting]:
    for device, limits in rdma.items():
        pointer = f"{ROOT}/rdma/{escape(device)}"
        handles, objects = number(limits, "hcaHandles"), number(limits, "hcaObjects")
        value = device
        if handles is not None:
            value += f" hca_handle={handles}"
        if objects is not None:
            value += f" hca_object={objects}"
        if value == device:
            raise refuse(pointer, "neither hcaHandles nor hcaObjects is given")
        yield at.write("rdma", "rdma.max", "rdma.max", value, pointer)


def _unified(unified: Map, at: Hierarchies) -> Iterable[Setting]:
    """Files of cgroup2 by name; some take one line per write."""
    for file, value in unified.items():
        pointer = f"{ROOT}/unified/{escape(file)}"
        if not file or "/" in file or file in (".", ".."):
            raise refuse(pointer, "not a name of a cgroup file")
        controller = file.partition(".")[0]
        if not at.facts.v2 or at.facts.mode == "v1":
            raise Unsupported(f"{pointer}: this host has no cgroup2", pointer=pointer)
        if controller != "cgroup" and controller not in at.facts.v2_controllers:
            raise Unsupported(
                f"{pointer}: cgroup2 has no {controller} controller here", pointer=pointer
            )
        for line in str(value).split("\n"):
            if line:
                yield Setting(controller, file, line, pointer)
