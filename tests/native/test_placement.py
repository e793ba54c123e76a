# SPDX-License-Identifier: Apache-2.0
"""Steps that place the process: CPUs, scheduling, memory nodes, execution domain."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

import pytest
from support import sandbox

from pyruntime.plan import ops
from pyruntime.plan.placement import MODE_FLAGS, MODES, POLICIES, SCHEDULER_FLAGS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")

NR = {
    "x86_64": {"sched_getattr": 315, "get_mempolicy": 239},
    "aarch64": {"sched_getattr": 275, "get_mempolicy": 236},
}[platform.machine()]
MILLISECOND = 1_000_000
_libc = ctypes.CDLL(None, use_errno=True)


def scheduling() -> list[int]:
    """policy, flags, nice, priority, runtime, deadline, period of this process."""
    room = ctypes.create_string_buffer(56)
    assert _libc.syscall(NR["sched_getattr"], 0, room, 56, 0) == 0
    return list(struct.unpack("<IIQiIQQQ", room.raw[:48])[1:])


def memory_policy() -> list[int]:
    """mode with its flags, mask of nodes."""
    mode, mask = ctypes.c_int(), (ctypes.c_ulong * 16)()
    assert _libc.syscall(NR["get_mempolicy"], ctypes.byref(mode), mask, 1024, None, 0) == 0
    return [mode.value, mask[0]]


def mode(name: str, *flags: str) -> int:
    return MODES[name] | sum(MODE_FLAGS[flag] for flag in flags)


def test_affinity() -> None:
    cpu = max(os.sched_getaffinity(0))
    found = sandbox.run([ops.affinity("", cpus=[cpu])], lambda: list(os.sched_getaffinity(0)))
    assert (found.result, found.value) == (0, [cpu])


@pytest.mark.parametrize("cpus", [[], [8191], [8192]])
def test_affinity_to_no_cpu_that_is_there(cpus: list[int]) -> None:
    found = sandbox.run([ops.affinity("", cpus=cpus)])
    assert (found.errno, found.what) == (errno.EINVAL, "sched_setaffinity")


@pytest.mark.parametrize("policy", ["SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE"])
def test_time_sharing(policy: str) -> None:
    nice = 0 if policy == "SCHED_IDLE" else 7
    step = ops.scheduler("", policy=POLICIES[policy], nice=nice)
    found = sandbox.run([step], scheduling)
    assert found.value[:4] == [POLICIES[policy], 0, nice, 0]


def test_a_nice_value_below_zero() -> None:
    step = ops.scheduler("", policy=0, nice=-5)
    assert sandbox.run([step], scheduling).value[2] == -5


@pytest.mark.parametrize("policy", ["SCHED_FIFO", "SCHED_RR"])
def test_real_time(policy: str) -> None:
    flags = SCHEDULER_FLAGS["SCHED_FLAG_RESET_ON_FORK"]
    step = ops.scheduler("", policy=POLICIES[policy], priority=3, flags=flags)
    found = sandbox.run([step], scheduling)
    if found.errno == errno.EPERM:
        pytest.skip("machine: this cgroup has no real-time budget")
    assert found.value[:4] == [POLICIES[policy], flags, 0, 3]


def test_deadline() -> None:
    flags = SCHEDULER_FLAGS["SCHED_FLAG_RECLAIM"] | SCHEDULER_FLAGS["SCHED_FLAG_DL_OVERRUN"]
    times = {"runtime": MILLISECOND, "deadline": 10 * MILLISECOND, "period": 20 * MILLISECOND}
    found = sandbox.run([ops.scheduler("", policy=6, flags=flags, **times)], scheduling)
    if found.errno in (errno.EPERM, errno.EBUSY):
        pytest.skip("machine: no deadline scheduling in this cpuset")
    assert found.value == [6, flags, 0, 0, *times.values()]


def test_flags_that_keep_what_there_is() -> None:
    flags = SCHEDULER_FLAGS["SCHED_FLAG_KEEP_POLICY"] | SCHEDULER_FLAGS["SCHED_FLAG_KEEP_PARAMS"]
    steps = [ops.scheduler("", policy=3, nice=4), ops.scheduler("", policy=0, nice=9, flags=flags)]
    found = sandbox.run(steps, scheduling)
    assert (found.value[0], found.value[2]) == (3, 4)


@pytest.mark.parametrize("flag", ["SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"])
def test_utilization_clamps(flag: str) -> None:
    found = sandbox.run([ops.scheduler("", policy=0, flags=SCHEDULER_FLAGS[flag])], scheduling)
    assert found.result == 0 or found.errno == errno.EOPNOTSUPP


def test_a_policy_that_the_kernel_has_not_got() -> None:
    found = sandbox.run([ops.scheduler("", policy=POLICIES["SCHED_ISO"])])
    assert (found.errno, found.what) == (errno.EINVAL, "sched_setattr")


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("MPOL_DEFAULT", []),
        ("MPOL_LOCAL", []),
        ("MPOL_PREFERRED", [0]),
        ("MPOL_BIND", [0]),
        ("MPOL_INTERLEAVE", [0]),
        ("MPOL_PREFERRED_MANY", [0]),
        ("MPOL_WEIGHTED_INTERLEAVE", [0]),
    ],
)
def test_memory_policy(name: str, nodes: list[int]) -> None:
    found = sandbox.run([ops.memory_policy("", mode=mode(name), nodes=nodes)], memory_policy)
    if name == "MPOL_WEIGHTED_INTERLEAVE" and found.errno == errno.EINVAL:
        pytest.skip("kernel: MPOL_WEIGHTED_INTERLEAVE is of Linux 6.9")
    assert (found.result, found.value) == (0, [MODES[name], len(nodes)])


@pytest.mark.parametrize("flag", sorted(MODE_FLAGS))
def test_flags_of_a_memory_policy(flag: str) -> None:
    wanted = mode("MPOL_BIND", flag)
    found = sandbox.run([ops.memory_policy("", mode=wanted, nodes=[0])], memory_policy)
    assert (found.result, found.value) == (0, [wanted, 1])


@pytest.mark.parametrize("node", [1023, 1024])
def test_memory_of_a_node_that_is_not_there(node: int) -> None:
    found = sandbox.run([ops.memory_policy("", mode=MODES["MPOL_BIND"], nodes=[node])])
    assert (found.errno, found.what) == (errno.EINVAL, "set_mempolicy")


def test_personality() -> None:
    found = sandbox.run([ops.personality("", domain=8)], lambda: os.uname().machine)
    assert found.value == {"x86_64": "i686", "aarch64": "armv8l"}[platform.machine()]
