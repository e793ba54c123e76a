# SPDX-License-Identifier: Apache-2.0
"""Files of cgroups as they were found on hosts, and what is read from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyruntime.cgroups import stats_v1, stats_v2
from pyruntime.cgroups.rollback import inverse
from pyruntime.cgroups.statfile import UNLIMITED, flat, ids, number, pressure
from pyruntime.cgroups.stats import collect
from pyruntime.cgroups.v1 import CgroupV1
from pyruntime.cgroups.v2 import CgroupV2
from pyruntime.lifecycle.events import interface_lines


def lay(directory: Path, files: dict[str, str]) -> str:
    directory.mkdir(exist_ok=True)
    for name, content in files.items():
        (directory / name).write_text(content)
    return str(directory)


def test_forms() -> None:
    assert number("max\n") == UNLIMITED
    assert number("") == 0
    assert flat("a 1\nb 22\nodd line here\n8:0 Read 5\n") == {"a": 1, "b": 22}
    assert ids("0-2,5\n") == [0, 1, 2, 5]
    assert ids("\n") == []


def test_pressure() -> None:
    some = "some avg10=53.11 avg60=79.32 avg300=0.00 total=1525464521\n"
    wanted = {"avg10": 53.11, "avg60": 79.32, "avg300": 0.0, "total": 1525464521}
    assert pressure(some) == {"some": wanted}
    assert pressure("") is None


def test_blkio_lines() -> None:
    content = "8:0 Read 4096\n8:0 Write 0\n8:16 77\nTotal 4096\n"
    assert stats_v1.blkio_lines(content) == [
        {"major": 8, "op": "Read", "value": 4096},
        {"major": 8, "op": "Write"},
        {"major": 8, "minor": 16, "value": 77},
    ]


def test_io() -> None:
    content = "8:16 rbytes=1459200 wbytes=0 rios=192 wios=4 dbytes=0 dios=0 cost.usage=7\n"
    disk = {"major": 8, "minor": 16}
    assert stats_v2.io(content) == {
        "ioServiceBytesRecursive": [
            {**disk, "op": "Read", "value": 1459200},
            {**disk, "op": "Write"},
        ],
        "ioServicedRecursive": [
            {**disk, "op": "Read", "value": 192},
            {**disk, "op": "Write", "value": 4},
        ],
    }


V2 = {
    "cpu.stat": "usage_usec 300\nuser_usec 200\nsystem_usec 100\nnr_periods 5\nnr_throttled 2\n"
    "throttled_usec 9\n",
    "cpu.pressure": "some avg10=1.50 avg60=0.00 avg300=0.00 total=5\n",
    "cpuset.cpus.effective": "0-1\n",
    "cpuset.mems.effective": "0\n",
    "memory.stat": "anon 1\nfile 4096\n",
    "memory.current": "8192\n",
    "memory.max": "65536\n",
    "memory.peak": "9000\n",
    "memory.swap.current": "100\n",
    "memory.swap.max": "1000\n",
    "memory.events": "low 0\nhigh 0\nmax 6\noom 3\noom_kill 2\n",
    "pids.current": "3\n",
    "pids.max": "max\n",
    "io.stat": "",
}


def test_a_cgroup2_as_a_whole(tmp_path: Path) -> None:
    path = lay(tmp_path, V2)
    found = collect(CgroupV2({"": path}, {"": "/"}))
    assert found["cpu"] == {
        "usage": {"total": 300_000, "kernel": 100_000, "user": 200_000},
        "throttling": {"periods": 5, "throttledPeriods": 2, "throttledTime": 9000},
        "psi": {"some": {"avg10": 1.5, "avg60": 0.0, "avg300": 0.0, "total": 5}},
    }
    flags = {key: value for key, value in found["cpuset"].items() if key not in ("cpus", "mems")}
    assert set(flags.values()) == {0}
    assert len(flags) == 9
    assert (found["cpuset"]["cpus"], found["cpuset"]["mems"]) == ([0, 1], [0])
    assert found["memory"] == {
        "cache": 4096,
        "usage": {"usage": 8192, "max": 9000, "limit": 65536, "failcnt": 6},
        "swap": {"usage": 8292, "limit": 66536, "failcnt": 0},
        "raw": {"anon": 1, "file": 4096},
        "oomKills": 2,
    }
    assert found["pids"] == {"current": 3}
    assert found["blkio"] == {}


def test_what_a_host_lacks_is_empty(tmp_path: Path) -> None:
    found = collect(CgroupV2({"": lay(tmp_path, {"cgroup.procs": "1\n2\n"})}, {"": "/"}))
    assert found["memory"] == {}
    assert found["pids"] == {"current": 2}


def test_unlimited_memory_has_unlimited_swap(tmp_path: Path) -> None:
    path = lay(tmp_path, V2 | {"memory.max": "max\n"})
    found = stats_v2.memory(path)
    assert found["usage"]["limit"] == found["swap"]["limit"] == UNLIMITED


def test_v1_controllers_and_cgroup2_beside_them(tmp_path: Path) -> None:
    acct = {
        "cpuacct.stat": "user 3\nsystem 4\n",
        "cpuacct.usage": "77\n",
        "cpuacct.usage_percpu": "70 7 \n",
        "cpuacct.usage_all": "cpu user system\n0 1 2\n1 3 4\n",
    }
    paths = {
        "cpuacct": lay(tmp_path / "acct", acct),
        "pids": lay(tmp_path / "pids", {"pids.current": "3\n", "pids.max": "9\n"}),
        "": lay(tmp_path / "unified", {"cpu.stat": "usage_usec 1\n", "memory.stat": ""}),
    }
    found = collect(CgroupV1(paths, dict.fromkeys(paths, "/")))
    assert found["cpu"]["usage"] == {
        "total": 77,
        "percpu": [70, 7],
        "percpu_kernel": [2, 4],
        "percpu_user": [1, 3],
        "kernel": 40_000_000,
        "user": 30_000_000,
    }
    assert found["pids"] == {"current": 3, "limit": 9}


def test_interfaces() -> None:
    content = (
        "Inter-|   Receive |  Transmit\n face |bytes packets ...\n"
        "    lo:     1    2    3    4    0     0          0         0"
        "     5    6    7    8    0     0       0          0\n"
    )
    assert interface_lines(content) == [
        {
            "Name": "lo",
            "RxBytes": 1,
            "RxPackets": 2,
            "RxErrors": 3,
            "RxDropped": 4,
            "TxBytes": 5,
            "TxPackets": 6,
            "TxErrors": 7,
            "TxDropped": 8,
        }
    ]


@pytest.mark.parametrize(
    ("file", "held", "value", "lines"),
    [
        ("pids.max", "max\n", "5", ["max"]),
        ("cpu.max", "5000 100000\n", "1000 100000", ["5000 100000"]),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n", "1", ["0"]),
        ("io.max", "8:0 rbps=5 wbps=max\n8:16 rbps=1\n", "8:0 rbps=9", ["8:0 rbps=5 wbps=max"]),
        ("io.max", "", "8:0 rbps=9", ["8:0 rbps=max wbps=max riops=max wiops=max"]),
        ("blkio.throttle.read_bps_device", "8:16 4\n", "8:0 9", ["8:0 0"]),
        ("io.bfq.weight", "default 100\n8:0 30\n", "200", ["default 100"]),
        ("io.bfq.weight", "default 100\n", "8:0 30", ["8:0 default"]),
        ("net_prio.ifpriomap", "lo 0\neth0 3\n", "eth0 7", ["eth0 3"]),
        ("cpuset.cpus", "\n", "0", []),
    ],
)
def test_the_way_back(file: str, held: str, value: str, lines: list[str]) -> None:
    assert inverse(file, held, value) == lines
