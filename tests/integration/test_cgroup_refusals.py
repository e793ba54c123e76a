# SPDX-License-Identifier: Apache-2.0
"""What is said when the kernel refuses a limit: field, file, value, its answer, the cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from pyruntime.cgroups import driver
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.detect import detect
from pyruntime.errors import CgroupError, Unsupported
from pyruntime.plan.resources import compile_resources

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm]

NO_DISK = {"major": 77, "minor": 9}


@pytest.fixture
def cgroup(prefix: str) -> Iterator[Cgroup]:
    made = driver.open_cgroup(detect(), f"/{prefix}r", "unused")
    made.create()
    yield made
    made.delete()


# field -> (resources, the kernel's answer, what the hint says)
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "cpu/cpus": ({"cpu": {"cpus": "4000"}}, "Numerical result|Invalid", "CPUs of the parent: 0"),
    "cpu/mems": ({"cpu": {"mems": "900"}}, "Invalid|Numerical", "memory nodes of the parent: 0"),
    "cpu/quota": ({"cpu": {"quota": 1 << 60}}, "Invalid", "a quota at least 1000"),
    "pids/limit": ({"pids": {"limit": 1 << 40}}, "Invalid", "from 0 to 4194304, or max"),
    "blockIO/throttleReadBpsDevice/0": (
        {"blockIO": {"throttleReadBpsDevice": [{**NO_DISK, "rate": 1}]}},
        "No such device",
        "no disk has the number 77:9",
    ),
    "blockIO/weightDevice/0": (
        {"blockIO": {"weightDevice": [{**NO_DISK, "weight": 100}]}},
        "No such device",
        "no disk has the number 77:9",
    ),
    "hugepageLimits/0": (
        {"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]},
        "No such file",
        "sizes of huge pages: ",
    ),
    "network/priorities/0": (
        {"network": {"priorities": [{"name": "nowhere", "priority": 3}]}},
        "No such device",
        "no network interface of the host is called nowhere",
    ),
    "rdma/none": ({"rdma": {"none": {"hcaHandles": 1}}}, "No such|Invalid", "no RDMA device"),
    "unified/cgroup.stat": ({"unified": {"cgroup.stat": "1"}}, "Invalid", "for reading only"),
    "unified/cgroup.nonsense": ({"unified": {"cgroup.nonsense": "1"}}, "No such file", "lacks"),
    "unified/cgroup.max.depth": (
        {"unified": {"cgroup.max.depth": "deep"}},
        "Invalid",
        "does not accept this value",
    ),
}


@pytest.mark.parametrize(("field", "case"), REFUSED.items(), ids=REFUSED)
def test_a_refusal_says_what_and_why(
    cgroup: Cgroup, field: str, case: tuple[dict[str, Any], str, str]
) -> None:
    resources, answer, cause = case
    pointer = f"/linux/resources/{field}"
    try:
        settings = [s for s in compile_resources(resources, detect()) if s.controller != "devices"]
    except Unsupported as err:
        assert str(err).startswith(f"{pointer}: ")
        pytest.skip(f"kernel: {str(err).partition(': ')[2]}")
    with pytest.raises(CgroupError) as caught:
        cgroup.apply(settings)
    said = str(caught.value)
    directories = "|".join(map(re.escape, set(cgroup.paths.values())))
    assert re.match(rf"{pointer}: write '[^']+' to ({directories})/[\w.]+: ({answer})", said)
    assert cause in caught.value.hint


def test_memory_that_is_in_use(cgroup: Cgroup) -> None:
    """v1 refuses what can't be reclaimed; cgroup2 would kill, and the update asks first."""
    from integration.members import member

    if "memory" not in cgroup.paths:
        pytest.skip("kernel: memory is not a v1 hierarchy")
    with member(cgroup):
        settings = compile_resources({"memory": {"limit": 4096}}, detect())
        with pytest.raises(CgroupError, match="Device or resource busy") as caught:
            cgroup.apply([s for s in settings if s.controller == "memory"])
    assert re.search(r"^\d+ bytes are in use", caught.value.hint)


def test_shares_of_an_idle_group(cgroup: Cgroup) -> None:
    def apply(cpu: dict[str, int]) -> None:
        settings = compile_resources({"cpu": cpu}, detect())
        cgroup.apply([s for s in settings if s.controller == "cpu"])

    apply({"idle": 1})
    with pytest.raises(CgroupError, match="/linux/resources/cpu/shares: ") as caught:
        apply({"shares": 200})
    assert "an idle cgroup" in caught.value.hint


def test_swap_below_memory(cgroup: Cgroup) -> None:
    """Of one update that names only the swap."""
    if "memory" not in cgroup.paths:
        pytest.skip("kernel: memory is not a v1 hierarchy")

    def apply(**memory: int) -> None:
        settings = compile_resources({"memory": memory}, detect())
        cgroup.apply([s for s in settings if s.controller == "memory"])

    apply(limit=64 << 20, swap=64 << 20)
    with pytest.raises(CgroupError, match="memory/swap: ") as caught:
        apply(swap=32 << 20)
    assert f"the limit of memory is {64 << 20}" in caught.value.hint
    with pytest.raises(CgroupError, match="memory/limit: ") as caught:
        apply(limit=128 << 20)
    assert f"memory and swap together is {64 << 20}" in caught.value.hint
