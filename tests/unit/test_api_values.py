# SPDX-License-Identifier: Apache-2.0
"""What the library gives: statistics of both cgroup versions, results, errors."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

import pyruntime
from pyruntime.api.results import Completed, Status, state_of
from pyruntime.api.stats import stats_of
from pyruntime.state import Record

EMPTY = {name: {} for name in ("cpu", "memory", "pids", "blkio", "hugetlb", "cpuset")}
PSI = {"some": {"avg10": 1.5, "avg60": 0.5, "avg300": 0.1, "total": 12}, "full": {}}
FULL = {
    **EMPTY,
    "cpu": {
        "usage": {"total": 900, "kernel": 300, "user": 600},
        "throttling": {"periods": 9, "throttledPeriods": 2, "throttledTime": 77},
        "psi": PSI,
    },
    "memory": {
        "usage": {"limit": 1 << 20, "usage": 5000, "max": 6000, "failcnt": 1},
        "swap": {"usage": 5001},
        "cache": 400,
        "oomKills": 3,
    },
    "pids": {"current": 4, "limit": 9},
    "blkio": {
        "ioServiceBytesRecursive": [
            {"major": 8, "minor": 0, "op": "Read", "value": 10},
            {"major": 8, "minor": 1, "op": "Read", "value": 20},
            {"major": 8, "minor": 0, "op": "Write"},
        ],
        "ioServicedRecursive": [{"op": "Write", "value": 5}],
    },
    "network_interfaces": [{"Name": "eth0", "RxBytes": 1, "TxPackets": 2}],
}


def test_statistics_in_full() -> None:
    found = stats_of("c", FULL)
    assert (found.cpu.total, found.cpu.system, found.cpu.throttled_time) == (900, 300, 77)
    assert found.cpu.pressure == pyruntime.Pressure(1.5, 0.5, 0.1, 12)
    memory = found.memory
    assert (memory.limit, memory.usage, memory.peak) == (1 << 20, 5000, 6000)
    assert (memory.cache, memory.swap, memory.oom_kills) == (400, 5001, 3)
    assert found.pids == pyruntime.PidsStats(4, 9)
    assert (found.io.read_bytes, found.io.written_bytes, found.io.writes) == (30, 0, 5)
    assert found.network == (pyruntime.NetworkStats("eth0", 1, 0, 0, 0, 0, 2, 0, 0),)
    assert found.raw is FULL


def test_statistics_of_a_host_that_has_none() -> None:
    found = stats_of("c", EMPTY)
    assert (found.cpu.total, found.memory.limit, found.pids.limit) == (0, None, None)
    assert found.cpu.pressure is None and found.network == ()


@pytest.mark.parametrize("limit", [9223372036854771712, (1 << 64) - 1])
def test_no_limit_of_memory(limit: int) -> None:
    assert stats_of("c", {**EMPTY, "memory": {"usage": {"limit": limit}}}).memory.limit is None


def test_use_of_the_processor_between_two_looks() -> None:
    before, now = stats_of("c", EMPTY), stats_of("c", FULL)
    object.__setattr__(before, "taken", 1.0)
    object.__setattr__(now, "taken", 1.5)
    assert now.cpu_percent(before) == pytest.approx(900 / 0.5 / 1e7)


def test_a_stopped_container_has_no_pid() -> None:
    fields = dict.fromkeys(Record.__slots__)
    created = "2026-01-02T03:04:05.123456789Z"
    record = Record(**{**fields, "id": "c", "pid": 7, "created": created, "owner": 1})
    state = state_of(record, "stopped")
    assert (state.status, state.pid) == (Status.STOPPED, 0)
    assert state.created == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)
    assert state_of(record, "running").pid == 7


def test_a_check_of_what_ended_well() -> None:
    Completed(("x",), 0, b"", b"").check()
    with pytest.raises(pyruntime.CommandFailed, match=r"^x: signal 15$"):
        Completed(("x",), -15, b"", b"").check()
    with pytest.raises(pyruntime.CommandFailed, match=r"^process: exit status 1$"):
        Completed((), 1, b"", b"").check()


def test_running_out_of_time_is_a_timeout_of_pythons() -> None:
    error = pyruntime.TimeoutExpired("still running after 1 s", stdout="x")
    assert isinstance(error, TimeoutError) and isinstance(error, pyruntime.Error)
    assert str(error) == "still running after 1 s"
    assert (error.code, error.stdout, error.errno) == ("timeout", "x", 0)


@pytest.mark.parametrize(
    "error",
    [
        pyruntime.TimeoutExpired("x", stdout="y"),
        pyruntime.CommandFailed("x", returncode=3, stdout=b"y", stderr=b"z"),
        pyruntime.ConfigError("x", pointer="/y", code="config-invalid"),
        pyruntime.NotFound("x", path="/y"),
    ],
)
def test_errors_go_from_one_process_to_another(error: pyruntime.Error) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert (type(found), str(found), found.details()) == (type(error), "x", error.details())
    assert {**vars(found), "problems": ()} == {**vars(error), "problems": ()}
