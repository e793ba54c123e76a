# SPDX-License-Identifier: Apache-2.0
"""Names, properties and values of a systemd scope."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.cgroups.driver import from_record
from pyruntime.cgroups.systemd import CgroupSystemd
from pyruntime.cgroups.systemd_bus import unix_paths
from pyruntime.cgroups.systemd_unit import (
    INFINITY,
    bits,
    expand_slice,
    resource_properties,
    scope_of,
    scope_properties,
)
from pyruntime.cgroups.systemd_variant import from_annotations, parse
from pyruntime.cgroups.v2 import CgroupV2
from pyruntime.errors import ConfigError
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.resources import compile_resources

MIB = 1 << 20


@pytest.mark.parametrize(
    ("path", "user", "found"),
    [
        ("", False, "/system.slice/pyruntime-c1.scope"),
        ("", True, "/user.slice/pyruntime-c1.scope"),
        ("system.slice:docker:abc", False, "/system.slice/docker-abc.scope"),
        (":cri:abc", False, "/system.slice/cri-abc.scope"),
        ("a-b-c.slice:p:n", False, "/a.slice/a-b.slice/a-b-c.slice/p-n.scope"),
        ("-.slice::n", False, "/n.scope"),
    ],
)
def test_where_a_scope_is(path: str, user: bool, found: str) -> None:
    assert scope_of(path, "c1", user=user).path() == found


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/a/b", "expected cgroupsPath to be of format"),
        ("a.slice:b", "expected cgroupsPath to be of format"),
        ("a.slice:b:c:d", "expected cgroupsPath to be of format"),
        ("a:b:c", "name of a slice"),
        ("a--b.slice:b:c", "name of a slice"),
        ("../x.slice:b:c", "name of a slice"),
        ("a.slice:b:", "name of a scope"),
        ("a.slice:b:c/d", "name of a scope"),
        ("a.slice:b:x.slice", "name of a scope"),
    ],
)
def test_where_none_can_be(path: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        scope_of(path, "c1", user=False)
    assert caught.value.pointer == "/linux/cgroupsPath"


def test_the_root_slice() -> None:
    assert expand_slice("-.slice") == ""


def test_what_every_scope_has() -> None:
    scope = scope_of("a.slice:b:c", "c1", user=False)
    found = {name: value for name, _, value in scope_properties(scope, "c1", 42, v1=False)}
    assert found["PIDs"] == [42]
    assert found["Slice"] == "a.slice"
    assert found["Delegate"] is True
    assert found["IOAccounting"] is True


def properties(
    resources: dict[str, Any], host: CgroupFacts, version: int = 252
) -> dict[str, tuple[str, Any]]:
    settings = compile_resources(resources, host)
    v1 = host.mode != "v2"
    found = resource_properties(settings, v1=v1, version=version)
    return {name: (signature, value) for name, signature, value in found}


@pytest.mark.parametrize(
    ("resources", "wanted"),
    [
        (
            {"memory": {"limit": 64 * MIB, "swap": 96 * MIB, "reservation": MIB}},
            {"MemoryMax": 64 * MIB, "MemorySwapMax": 32 * MIB, "MemoryLow": MIB},
        ),
        ({"memory": {"limit": -1}}, {"MemoryMax": INFINITY, "MemorySwapMax": INFINITY}),
        ({"pids": {"limit": 0}}, {"TasksMax": 1}),
        ({"pids": {"limit": -1}}, {"TasksMax": INFINITY}),
        ({"cpu": {"shares": 1024}}, {"CPUWeight": 100}),
        ({"cpu": {"idle": 1}}, {"CPUWeight": 0}),
        (
            {"cpu": {"quota": 33333, "period": 100000}},
            {"CPUQuotaPerSecUSec": 340000, "CPUQuotaPeriodUSec": 100000},
        ),
        (
            {"cpu": {"quota": -1}},
            {"CPUQuotaPerSecUSec": INFINITY, "CPUQuotaPeriodUSec": 100000},
        ),
        ({"blockIO": {"weight": 100}}, {"IOWeight": 910}),
        ({"unified": {"memory.high": "max", "cpu.max": "5000 10000"}}, {
            "MemoryHigh": INFINITY, "CPUQuotaPerSecUSec": 500000, "CPUQuotaPeriodUSec": 10000,
        }),
    ],
)  # fmt: skip
def test_limits_on_cgroup2(resources: dict[str, Any], wanted: dict[str, int]) -> None:
    found = properties(resources, plans.v2_host())
    assert found == {name: ("t", value) for name, value in wanted.items()}


def test_an_older_systemd_is_not_told_of_idle() -> None:
    assert properties({"cpu": {"idle": 1}}, plans.v2_host(), version=251) == {}


def test_limits_on_v1() -> None:
    resources = {
        "memory": {"limit": MIB},
        "cpu": {"shares": 512, "quota": 5000, "period": 10000},
        "pids": {"limit": 3},
    }
    found = properties(resources, plans.v1_host())
    assert found["MemoryLimit"] == ("t", MIB)
    assert found["CPUShares"] == ("t", 512)
    assert found["CPUQuotaPerSecUSec"] == ("t", 500000)
    assert found["DevicePolicy"] == ("s", "strict")


def test_devices_on_v1() -> None:
    rules = [
        {"allow": True, "type": "b", "major": 8, "minor": 0, "access": "r"},
        {"allow": True, "type": "c", "minor": 5, "access": "w"},
    ]
    signature, allowed = properties({"devices": rules}, plans.v1_host())["DeviceAllow"]
    assert signature == "a(ss)"
    assert ("/dev/block/8:0", "r") in allowed
    assert ("char-*", "m") in allowed
    assert ("char-136", "rwm") in allowed
    assert not [path for path, _ in allowed if path.endswith(":5") and "*" in path]
    everything = properties({"devices": [{"allow": True}]}, plans.v1_host())
    assert everything["DevicePolicy"] == ("s", "auto")


@pytest.mark.parametrize(
    ("text", "found"),
    [("0", b"\x01"), ("0,8-9", b"\x01\x03"), ("15", b"\x00\x80"), ("0-15", b"\xff\xff")],
)
def test_cpus_as_bits(text: str, found: bytes) -> None:
    assert bits(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("true", ("b", True)),
        ("'a b'", ("s", "a b")),
        (r"'it\'s'", ("s", "it's")),
        ('"x"', ("s", "x")),
        ("7", ("i", 7)),
        ("-7", ("i", -7)),
        ("uint64 5", ("t", 5)),
        ("byte 0x10", ("y", 16)),
        ("1.5", ("d", 1.5)),
        ("@t 9", ("t", 9)),
        ("['a', 'b']", ("as", ["a", "b"])),
        ("[uint32 1, 2]", ("au", [1, 2])),
        ("@as []", ("as", [])),
        ("[byte 1, 2]", ("ay", b"\x01\x02")),
    ],
)
def test_variants(text: str, found: tuple[str, Any]) -> None:
    assert parse(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "'open", "[1, 'a']", "[]", "uint32 -1", "1 2", "[1 2]", "byte 256", "@(ss) 1", "maybe"],
)
def test_no_variants(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


def test_annotations() -> None:
    prefix = "org.systemd.property."
    given = {
        f"{prefix}TimeoutStopSec": "1.5",
        f"{prefix}After": "['a.service']",
        "org.example": "not read",
    }
    assert from_annotations(given) == [
        ("TimeoutStopUSec", "t", 1_500_000),
        ("After", "as", ["a.service"]),
    ]
    for name in ("Bad-Name", "", "a/b"):
        with pytest.raises(ConfigError, match="no name of a systemd property"):
            from_annotations({prefix + name: "1"})
    with pytest.raises(ConfigError, match="can't read"):
        from_annotations({f"{prefix}After": "nonsense"})


def test_addresses() -> None:
    text = "tcp:host=x;unix:path=/a%20b,guid=1;unix:abstract=c"
    assert unix_paths(text) == ["/a b", "\0c"]


def test_a_record_comes_back_as_it_was() -> None:
    inner = CgroupV2({"": "/sys/fs/cgroup/a.slice/b.scope"}, {"": "/sys/fs/cgroup"})
    inner.made = ["/sys/fs/cgroup/a.slice/b.scope"]
    cgroup = CgroupSystemd(inner, "b.scope", user=True)
    back = from_record(cgroup.record())
    assert isinstance(back, CgroupSystemd)
    assert back.record() == cgroup.record()
    assert back.made == inner.made
    assert back.members() == inner.path
