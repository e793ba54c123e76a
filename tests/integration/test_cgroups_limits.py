# SPDX-License-Identifier: Apache-2.0
"""linux.resources on this host, from the config to the kernel's files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyruntime.cgroups import driver
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.detect import detect
from pyruntime.errors import CgroupError
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.resources import compile_resources
from pyruntime.plan.setting import Setting

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm, pytest.mark.vm_legacy]

MIB = 1 << 20


@pytest.fixture(scope="module")
def facts() -> CgroupFacts:
    return detect()


@pytest.fixture
def cgroup(facts: CgroupFacts, prefix: str) -> Iterator[Cgroup]:
    if not facts.v1 and not facts.v2:
        pytest.skip("machine: no cgroup hierarchy is mounted")
    made = driver.open_cgroup(facts, f"/{prefix}l", "unused")
    made.create()
    yield made
    made.delete()


# (resources, controller, what the files hold in v1, and in cgroup2)
CASES: dict[str, tuple[dict[str, Any], str, dict[str, str], dict[str, str]]] = {
    "memory": (
        {"memory": {"limit": 64 * MIB, "reservation": 32 * MIB}},
        "memory",
        {"memory.limit_in_bytes": str(64 * MIB), "memory.soft_limit_in_bytes": str(32 * MIB)},
        {"memory.max": str(64 * MIB), "memory.low": str(32 * MIB)},
    ),
    "memory without an end": (
        {"memory": {"limit": -1}},
        "memory",
        {"memory.limit_in_bytes": str((1 << 63) - 4096)},
        {"memory.max": "max"},
    ),
    "pids": ({"pids": {"limit": 20}}, "pids", {"pids.max": "20"}, {"pids.max": "20"}),
    "no pids at all": ({"pids": {"limit": 0}}, "pids", {"pids.max": "0"}, {"pids.max": "0"}),
    "shares": ({"cpu": {"shares": 512}}, "cpu", {"cpu.shares": "512"}, {"cpu.weight": "59"}),
    "quota": (
        {"cpu": {"quota": 5000, "period": 10000}},
        "cpu",
        {"cpu.cfs_quota_us": "5000", "cpu.cfs_period_us": "10000"},
        {"cpu.max": "5000 10000"},
    ),
    "burst": (
        {"cpu": {"quota": 5000, "period": 10000, "burst": 1000}},
        "cpu",
        {"cpu.cfs_burst_us": "1000"},
        {"cpu.max.burst": "1000"},
    ),
    "cpus": (
        {"cpu": {"cpus": "0", "mems": "0"}},
        "cpuset",
        {"cpuset.cpus": "0", "cpuset.mems": "0"},
        {"cpuset.cpus": "0", "cpuset.mems": "0"},
    ),
}


@pytest.mark.parametrize(("resources", "controller", "v1", "v2"), CASES.values(), ids=CASES)
def test_limits_reach_the_kernel(
    facts: CgroupFacts,
    cgroup: Cgroup,
    resources: dict[str, Any],
    controller: str,
    v1: dict[str, str],
    v2: dict[str, str],
) -> None:
    if controller not in facts.v1 and controller not in facts.v2_controllers:
        pytest.skip(f"kernel: no {controller} controller")
    settings = compile_resources(resources, facts)
    cgroup.apply([each for each in settings if each.controller != "devices"])
    directory = Path(cgroup.paths.get(controller) or cgroup.paths[""])
    for file, value in (v1 if controller in facts.v1 else v2).items():
        assert (directory / file).read_text().strip() == value, file


@pytest.mark.parametrize(
    ("resources", "pointer"),
    [
        ({"cpu": {"cpus": "4000"}}, "/linux/resources/cpu/cpus"),
        ({"cpu": {"quota": 1, "period": 100000}}, "/linux/resources/cpu/quota"),
        ({"pids": {"limit": 1 << 40}}, "/linux/resources/pids/limit"),
    ],
)
def test_what_the_kernel_refuses(
    facts: CgroupFacts, cgroup: Cgroup, resources: dict[str, Any], pointer: str
) -> None:
    settings = [s for s in compile_resources(resources, facts) if s.controller != "devices"]
    with pytest.raises(CgroupError, match=rf"^{pointer}: write '[^']+' to /.+: \w") as caught:
        cgroup.apply(settings)
    assert caught.value.pointer == pointer
    assert caught.value.path.startswith(tuple(cgroup.paths.values()))
    assert caught.value.errno
    assert caught.value.hint


def some(cgroup: Cgroup) -> tuple[str, str]:
    """A controller of this cgroup and one of its files that takes a number."""
    for controller, file in (("pids", "pids.max"), ("memory", "memory.max")):
        directory = cgroup.paths.get(controller) or cgroup.paths.get("", "")
        if Path(directory, file).exists():
            return controller, file
    pytest.skip("kernel: neither a pids nor a cgroup2 memory controller")


def test_a_file_that_may_be_missing(cgroup: Cgroup) -> None:
    controller, file = some(cgroup)
    optional = Setting(controller, "pids.nonsense", "1", "/x", missing_ok=True)
    cgroup.apply([optional, Setting(controller, file, "11", "/x")])
    directory = cgroup.paths.get(controller) or cgroup.paths[""]
    assert Path(directory, file).read_text().strip() in ("11", "0")
    cgroup.delete()
    with pytest.raises(CgroupError, match="No such file"):
        cgroup.apply([optional])


def test_a_file_with_a_replacement(cgroup: Cgroup) -> None:
    controller, file = some(cgroup)
    cgroup.apply([Setting(controller, "pids.nonsense", "1", "/x", fallback=(file, "4096"))])
    directory = cgroup.paths.get(controller) or cgroup.paths[""]
    assert Path(directory, file).read_text().strip() == "4096"


def test_the_hint_of_the_setting_comes_first(cgroup: Cgroup) -> None:
    controller, file = some(cgroup)
    with pytest.raises(CgroupError) as caught:
        cgroup.apply([Setting(controller, file, "nonsense", "/x", "do otherwise")])
    assert caught.value.hint.startswith("do otherwise")


def test_lines_are_written_one_by_one(cgroup: Cgroup) -> None:
    controller, file = some(cgroup)
    cgroup.apply([Setting(controller, file, "4096\n\n8192\n", "/x")])
    directory = cgroup.paths.get(controller) or cgroup.paths[""]
    assert Path(directory, file).read_text().strip() == "8192"
