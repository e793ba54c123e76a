# SPDX-License-Identifier: Apache-2.0
"""Where and when a process runs: CPUs, scheduling, memory nodes, execution domain.

Imported only for a process that asks for one of them. Sources: config.md "Linux Process",
config-linux.md "Memory policy" and "Personality"; sched_setattr(2), set_mempolicy(2),
personality(2). What excludes what is checked by the rules of the spec.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.field import mapping, number, sequence, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.process import Process
    from pyruntime.plan.step import Step

POLICIES = {
    "SCHED_OTHER": 0,
    "SCHED_FIFO": 1,
    "SCHED_RR": 2,
    "SCHED_BATCH": 3,
    "SCHED_ISO": 4,
    "SCHED_IDLE": 5,
    "SCHED_DEADLINE": 6,
}
SCHEDULER_FLAGS = {
    "SCHED_FLAG_RESET_ON_FORK": 0x01,
    "SCHED_FLAG_RECLAIM": 0x02,
    "SCHED_FLAG_DL_OVERRUN": 0x04,
    "SCHED_FLAG_KEEP_POLICY": 0x08,
    "SCHED_FLAG_KEEP_PARAMS": 0x10,
    "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20,
    "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
}
MODES = {
    "MPOL_DEFAULT": 0,
    "MPOL_PREFERRED": 1,
    "MPOL_BIND": 2,
    "MPOL_INTERLEAVE": 3,
    "MPOL_LOCAL": 4,
    "MPOL_PREFERRED_MANY": 5,
    "MPOL_WEIGHTED_INTERLEAVE": 6,
}
MODE_FLAGS = {
    "MPOL_F_NUMA_BALANCING": 1 << 13,
    "MPOL_F_RELATIVE_NODES": 1 << 14,
    "MPOL_F_STATIC_NODES": 1 << 15,
}
DOMAINS = {"LINUX": 0, "LINUX32": 8}
CPUS_MAX, NODES_MAX = 8192, 1024


def steps(process: Process) -> list[Step]:
    """In the container's cgroup, so that its cpuset counts, and while there are rights."""
    return [
        *_affinity(process),
        *_scheduler(process),
        *_memory_policy(process),
        *_personality(process),
    ]


def initial_cpus(process: Process) -> list[int]:
    """execCPUAffinity.initial: CPUs before the cgroup is entered, [] when it says nothing."""
    pointer = f"{process.pointer}/execCPUAffinity"
    affinity = mapping(process.section, "execCPUAffinity", process.pointer)
    return numbers(text(affinity, "initial"), CPUS_MAX, f"{pointer}/initial")


def _affinity(process: Process) -> list[Step]:
    """All CPUs for the first process, as the runtime's own affinity is nobody's wish; for an
    added one what the field says, and what it does not say stays as the cgroup left it."""
    pointer = f"{process.pointer}/execCPUAffinity"
    affinity = mapping(process.section, "execCPUAffinity", process.pointer)
    if process.first or not (affinity.get("initial") or affinity.get("final")):
        return [ops.affinity_reset("")]
    cpus = numbers(text(affinity, "final"), CPUS_MAX, f"{pointer}/final")
    return [ops.affinity(f"{pointer}/final", cpus=cpus)] if cpus else []


def _scheduler(process: Process) -> list[Step]:
    wanted = mapping(process.section, "scheduler", process.pointer)
    if not wanted:
        return []
    pointer = f"{process.pointer}/scheduler"
    flags = 0
    for flag in sequence(wanted, "flags", pointer):
        flags |= SCHEDULER_FLAGS.get(flag, 0)
    return [
        ops.scheduler(
            pointer,
            policy=POLICIES.get(text(wanted, "policy"), 0),
            nice=number(wanted, "nice") or 0,
            priority=number(wanted, "priority") or 0,
            flags=flags,
            runtime=number(wanted, "runtime") or 0,
            deadline=number(wanted, "deadline") or 0,
            period=number(wanted, "period") or 0,
        )
    ]


def _memory_policy(process: Process) -> list[Step]:
    wanted = mapping(process.linux, "memoryPolicy", "/linux")
    if not wanted:
        return []
    pointer = "/linux/memoryPolicy"
    mode = MODES.get(text(wanted, "mode"), 0)
    for flag in sequence(wanted, "flags", pointer):
        mode |= MODE_FLAGS.get(flag, 0)
    nodes = numbers(text(wanted, "nodes"), NODES_MAX, f"{pointer}/nodes")
    return [ops.memory_policy(pointer, mode=mode, nodes=nodes)]


def _personality(process: Process) -> list[Step]:
    wanted = mapping(process.linux, "personality", "/linux")
    if not wanted:
        return []
    domain = DOMAINS.get(text(wanted, "domain"), 0)
    return [ops.personality("/linux/personality", domain=domain)]


def numbers(listed: str, limit: int, pointer: str) -> list[int]:
    """The numbers of a list as the kernel writes it: "0-3,7", or "0-31:2/4", of each four the
    first two. Without repetition, ascending. Raises ConfigError for one not below limit."""
    found: set[int] = set()
    for part in listed.replace(" ", "").split(","):
        if not part:
            continue
        span, _, stride = part.partition(":")
        used, _, group = stride.partition("/")
        first, _, last = span.partition("-")
        start, end = int(first), int(last or first)
        if end >= limit:
            raise ConfigError(f"{pointer}: {end} is beyond {limit - 1}", pointer=pointer)
        if stride and not 0 < int(used) <= int(group):
            raise ConfigError(f"{pointer}: no stride: {stride}", pointer=pointer)
        for value in range(start, end + 1):
            if not stride or (value - start) % int(group) < int(used):
                found.add(value)
    return sorted(found)
