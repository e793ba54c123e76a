# SPDX-License-Identifier: Apache-2.0
"""linux.resources to writes, under v1 and cgroup2."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan.device_rules import DeviceRules
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.resources import cgroup_path, compile_resources, swap_max
from pyruntime.plan.setting import Setting
from pyruntime.plan.weights import cpu_weight, io_weight


def settings(resources: dict[str, Any], host: CgroupFacts) -> list[Setting]:
    found = compile_resources(resources, host)
    return [setting for setting in found if isinstance(setting, Setting)]


def writes(resources: dict[str, Any], host: CgroupFacts) -> list[tuple[str, str]]:
    return [(setting.file, setting.value) for setting in settings(resources, host)]


def v1(**resources: Any) -> list[tuple[str, str]]:
    return writes(resources, plans.v1_host())


def v2(**resources: Any) -> list[tuple[str, str]]:
    return writes(resources, plans.v2_host())


@pytest.mark.parametrize(
    ("shares", "weight"),
    [
        (1, 1),
        (2, 1),
        (3, 2),
        (10, 4),
        (100, 17),
        (256, 35),
        (512, 59),
        (1000, 99),
        (1024, 100),
        (2048, 174),
        (4096, 303),
        (65536, 3023),
        (262144, 10000),
        (1 << 40, 10000),
    ],
)
def test_shares_to_weight(shares: int, weight: int) -> None:
    assert cpu_weight(shares) == weight


@pytest.mark.parametrize(("weight", "io"), [(10, 1), (100, 910), (500, 4950), (1000, 10000)])
def test_block_weight_to_io_weight(weight: int, io: int) -> None:
    assert io_weight(weight) == io


@pytest.mark.parametrize(
    ("cpu", "on_v1", "on_v2"),
    [
        ({"shares": 0}, [], []),
        ({"shares": 1024}, [("cpu.shares", "1024")], [("cpu.weight", "100")]),
        (
            {"quota": 50000, "period": 100000, "burst": 1000},
            [
                ("cpu.cfs_period_us", "100000"),
                ("cpu.cfs_quota_us", "50000"),
                ("cpu.cfs_burst_us", "1000"),
            ],
            [("cpu.max", "50000 100000"), ("cpu.max.burst", "1000")],
        ),
        ({"quota": -1}, [("cpu.cfs_quota_us", "-1")], [("cpu.max", "max 100000")]),
        ({"period": 50000}, [("cpu.cfs_period_us", "50000")], [("cpu.max", "max 50000")]),
        ({"quota": 0, "period": 0}, [], []),
        (
            {"idle": 1, "shares": 512},
            [("cpu.idle", "1")],
            [("cpu.idle", "1")],
        ),
        (
            {"idle": 0, "shares": 512},
            [("cpu.idle", "0"), ("cpu.shares", "512")],
            [("cpu.idle", "0"), ("cpu.weight", "59")],
        ),
        (
            {"cpus": "0-1", "mems": "0"},
            [("cpuset.cpus", "0-1"), ("cpuset.mems", "0")],
            [("cpuset.cpus", "0-1"), ("cpuset.mems", "0")],
        ),
        ({"realtimeRuntime": 0, "realtimePeriod": 0}, [], []),
    ],
)
def test_cpu(
    cpu: dict[str, Any], on_v1: list[tuple[str, str]], on_v2: list[tuple[str, str]]
) -> None:
    assert v1(cpu=cpu) == on_v1
    assert v2(cpu=cpu) == on_v2


def test_the_realtime_period_comes_before_the_runtime() -> None:
    assert v1(cpu={"realtimeRuntime": 900, "realtimePeriod": 1000}) == [
        ("cpu.rt_period_us", "1000"),
        ("cpu.rt_runtime_us", "900"),
    ]


@pytest.mark.parametrize(
    ("limit", "swap", "value"),
    [
        (0, 0, ""),
        (100, 0, ""),
        (100, 100, "0"),
        (100, 150, "50"),
        (100, -1, "max"),
        (0, -1, "max"),
        (-1, 0, "max"),
        (-1, -1, "max"),
    ],
)
def test_swap_counts_memory_too(limit: int, swap: int, value: str) -> None:
    assert swap_max(limit, swap, "/x") == value


@pytest.mark.parametrize(("limit", "swap"), [(0, 100), (100, 99), (-1, 100)])
def test_swap_that_contradicts_memory(limit: int, swap: int) -> None:
    with pytest.raises(ConfigError) as refused:
        swap_max(limit, swap, "/x")
    assert refused.value.pointer == "/x"


def test_memory_v1() -> None:
    assert v1(
        memory={
            "limit": 100,
            "swap": 200,
            "reservation": 50,
            "swappiness": 0,
            "disableOOMKiller": True,
            "useHierarchy": True,
            "checkBeforeUpdate": True,
            "kernelTCP": 10,
        }
    ) == [
        ("memory.limit_in_bytes", "100"),
        ("memory.memsw.limit_in_bytes", "200"),
        ("memory.soft_limit_in_bytes", "50"),
        ("memory.kmem.tcp.limit_in_bytes", "10"),
        ("memory.oom_control", "1"),
        ("memory.swappiness", "0"),
    ]


def test_memory_without_limit_frees_swap_where_it_is_counted() -> None:
    limit, swap = settings({"memory": {"limit": -1}}, plans.v1_host())
    assert (limit.value, swap.value, swap.missing_ok) == ("-1", "-1", True)


def test_memory_v2() -> None:
    assert v2(memory={"limit": 100, "swap": 300, "reservation": -1}) == [
        ("memory.swap.max", "200"),
        ("memory.max", "100"),
        ("memory.low", "max"),
    ]


def test_a_kernel_without_swap_has_none_to_forbid() -> None:
    swap = settings({"memory": {"limit": 100, "swap": 100}}, plans.v2_host())[0]
    assert (swap.value, swap.missing_ok) == ("0", True)
    swap = settings({"memory": {"limit": 100, "swap": 101}}, plans.v2_host())[0]
    assert (swap.value, swap.missing_ok) == ("1", False)


@pytest.mark.parametrize("host", [plans.v1_host, plans.v2_host])
@pytest.mark.parametrize(("limit", "value"), [(-1, "max"), (0, "0"), (7, "7")])
def test_pids_zero_is_a_limit(host: Any, limit: int, value: str) -> None:
    assert writes({"pids": {"limit": limit}}, host()) == [("pids.max", value)]


def test_block_io_v1() -> None:
    disk = {"major": 8, "minor": 16}
    assert v1(
        blockIO={
            "weight": 100,
            "weightDevice": [disk | {"weight": 500}],
            "throttleReadBpsDevice": [disk | {"rate": 1000}],
            "throttleWriteIOPSDevice": [disk | {"rate": 0}],
        }
    ) == [
        ("blkio.bfq.weight", "100"),
        ("blkio.bfq.weight_device", "8:16 500"),
        ("blkio.throttle.read_bps_device", "8:16 1000"),
        ("blkio.throttle.write_iops_device", "8:16 0"),
    ]


def test_block_io_v2() -> None:
    disk = {"major": 8, "minor": 16}
    found = settings(
        {
            "blockIO": {
                "weight": 100,
                "weightDevice": [disk | {"weight": 500}],
                "throttleReadIOPSDevice": [disk | {"rate": 1000}],
                "throttleWriteBpsDevice": [disk | {"rate": 0}],
            }
        },
        plans.v2_host(),
    )
    assert [(each.file, each.value, each.fallback) for each in found] == [
        ("io.bfq.weight", "100", ("io.weight", "910")),
        ("io.bfq.weight", "8:16 500", ("io.weight", "8:16 4950")),
        ("io.max", "8:16 wbps=max", None),
        ("io.max", "8:16 riops=1000", None),
    ]


@pytest.mark.parametrize(
    ("host", "suffix"), [(plans.v1_host, "limit_in_bytes"), (plans.v2_host, "max")]
)
def test_huge_pages_are_limited_with_their_reservations(host: Any, suffix: str) -> None:
    found = settings({"hugepageLimits": [{"pageSize": "2MB", "limit": 9}]}, host())
    assert [(each.file, each.value, each.missing_ok) for each in found] == [
        (f"hugetlb.2MB.rsvd.{suffix}", "9", True),
        (f"hugetlb.2MB.{suffix}", "9", False),
    ]


@pytest.mark.parametrize("size", ["", "2", "MB", "2MB/../x", "../cgroup.procs", "²MB"])
def test_a_page_size_names_no_other_file(size: str) -> None:
    with pytest.raises(ConfigError):
        v1(hugepageLimits=[{"pageSize": size, "limit": 1}])


def test_network_and_rdma() -> None:
    network = {"classID": 65537, "priorities": [{"name": "eth0", "priority": 2}]}
    assert v1(network=network) == [
        ("net_cls.classid", "65537"),
        ("net_prio.ifpriomap", "eth0 2"),
    ]
    rdma = {"mlx5_0": {"hcaHandles": 0, "hcaObjects": 5}, "hfi1": {"hcaObjects": 1}}
    wanted = [("rdma.max", "mlx5_0 hca_handle=0 hca_object=5"), ("rdma.max", "hfi1 hca_object=1")]
    assert v1(rdma=rdma) == wanted
    assert v2(rdma=rdma) == wanted


def test_unified_comes_last_line_by_line() -> None:
    unified = {"memory.high": "7", "io.max": "8:0 rbps=1\n8:16 rbps=2\n", "cgroup.freeze": "0"}
    assert v2(pids={"limit": 1}, unified=unified) == [
        ("pids.max", "1"),
        ("memory.high", "7"),
        ("io.max", "8:0 rbps=1"),
        ("io.max", "8:16 rbps=2"),
        ("cgroup.freeze", "0"),
    ]


def test_a_hybrid_host_has_each_controller_where_it_is() -> None:
    host = plans.hybrid_host()
    huge = {"hugepageLimits": [{"pageSize": "1GB", "limit": 0}], "pids": {"limit": 3}}
    assert [file for file, _ in writes(huge, host)] == [
        "pids.max",
        "hugetlb.1GB.rsvd.max",
        "hugetlb.1GB.max",
    ]
    assert writes({"unified": {"hugetlb.2MB.max": "0"}}, host) == [("hugetlb.2MB.max", "0")]


@pytest.mark.parametrize(
    ("resources", "field"),
    [
        ({"memory": {"swappiness": 60}}, "memory/swappiness"),
        ({"memory": {"disableOOMKiller": True}}, "memory/disableOOMKiller"),
        ({"memory": {"kernelTCP": 1}}, "memory/kernelTCP"),
        ({"memory": {"kernel": 1}}, "memory/kernel"),
        ({"memory": {"useHierarchy": False}}, "memory/useHierarchy"),
        ({"cpu": {"realtimeRuntime": 1}}, "cpu/realtimeRuntime"),
        ({"network": {"classID": 1}}, "network/classID"),
        ({"blockIO": {"leafWeight": 10}}, "blockIO/leafWeight"),
        ({"unified": {"nonsense.max": "1"}}, "unified/nonsense.max"),
    ],
)
def test_what_cgroup2_has_no_counterpart_of(resources: dict[str, Any], field: str) -> None:
    with pytest.raises(Unsupported) as refused:
        writes(resources, plans.v2_host())
    assert refused.value.pointer == f"/linux/resources/{field}"


def test_a_missing_controller_is_named() -> None:
    host = plans.v1_host()
    del host.v1["pids"]
    with pytest.raises(Unsupported, match="no pids controller"):
        writes({"pids": {"limit": 1}}, host)


@pytest.mark.parametrize("name", ["", "..", "a/b", "../memory.max"])
def test_unified_names_files_of_the_cgroup_alone(name: str) -> None:
    with pytest.raises(ConfigError):
        v2(unified={name: "1"})


def test_unified_needs_cgroup2() -> None:
    with pytest.raises(Unsupported):
        v1(unified={"memory.high": "1"})


@pytest.mark.parametrize("section", [{}, None])
def test_empty_sections_write_nothing(section: Any) -> None:
    names = ("memory", "cpu", "pids", "blockIO", "network", "rdma", "unified", "hugepageLimits")
    assert v2(**dict.fromkeys(names, section)) == [] if section is None else v2() == []
    assert v1(memory=section, cpu=section, pids=section, blockIO=section) == []


def rules(*given: dict[str, Any], devices: Any = ()) -> list[str]:
    [found] = compile_resources({"devices": list(given)}, plans.v2_host(), devices)
    assert isinstance(found, DeviceRules)
    return [f"{'+' if rule.allow else '-'}{rule}" for rule in found.rules]


DEFAULTS = [
    "+c *:* m",
    "+b *:* m",
    "+c 1:3 rwm",
    "+c 1:5 rwm",
    "+c 1:7 rwm",
    "+c 1:8 rwm",
    "+c 1:9 rwm",
    "+c 5:0 rwm",
    "+c 136:* rwm",
    "+c 5:2 rwm",
    "+c 10:200 rwm",
]


def test_devices_are_denied_by_default_and_the_usual_allowed_at_the_end() -> None:
    assert rules() == ["-a", *DEFAULTS]
    assert rules({"allow": True, "type": "b", "major": 8, "minor": -1, "access": "wr"}) == [
        "-a",
        "+b 8:* rw",
        *DEFAULTS,
    ]


def test_a_restricted_rule_for_all_kinds_is_one_for_each() -> None:
    found = rules({"allow": True, "access": "r"}, {"allow": False, "type": "a", "major": 10})
    assert found[1:5] == ["+b *:* r", "+c *:* r", "-b 10:* rwm", "-c 10:* rwm"]


def test_a_replaced_default_device_has_no_default_rule() -> None:
    assert "+c 5:0 rwm" not in rules(devices=[{"path": "/dev//tty", "type": "c"}])


@pytest.mark.parametrize("bad", [{"type": "x"}, {"access": "rx"}, {"type": "u"}])
def test_refused_device_rules(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        rules({"allow": True} | bad)


def test_cgroup_path() -> None:
    assert cgroup_path({"linux": {"cgroupsPath": "a/b"}}, "web") == "a/b"
    assert cgroup_path({"linux": None}, "web") == "/web"
