# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from pyruntime.cgroups.absent import NullCgroup
from pyruntime.cgroups.driver import clean, from_record, open_cgroup
from pyruntime.cgroups.v1 import CgroupV1
from pyruntime.cgroups.v2 import CgroupV2
from pyruntime.errors import CgroupError
from pyruntime.plan.facts import CgroupFacts

pytestmark = pytest.mark.vm

V1 = {
    "cpu": "/nowhere/cpu,cpuacct",
    "cpuacct": "/nowhere/cpu,cpuacct",
    "memory": "/nowhere/memory",
    "name=systemd": "/nowhere/systemd",
}
HYBRID = CgroupFacts("hybrid", V1, "/nowhere/unified", ("hugetlb",), {"memory": "/own", "": "/"})
UNIFIED = CgroupFacts("v2", {}, "/nowhere", ("cpu", "memory"), {"": "/"})
NOTHING = CgroupFacts("v1", {}, "", (), {})


@pytest.mark.parametrize(
    ("given", "result"),
    [
        ("/a/b", "/a/b"),
        ("//a//b/", "/a/b"),
        ("/a/../../../b", "/b"),
        ("/./a/./b/..", "/a"),
        ("a/b", "a/b"),
        ("../../../etc", "etc"),
        ("a/../../b", "b"),
        ("system.slice:docker:x", "system.slice:docker:x"),
        ("/..a/...", "/..a/..."),
    ],
)
def test_clean_never_leads_out(given: str, result: str) -> None:
    assert clean(given) == result


@pytest.mark.parametrize("given", ["/", "..", "/a/..", ".", "a\0b", "/a\nb"])
def test_paths_that_name_no_cgroup(given: str) -> None:
    with pytest.raises(CgroupError) as caught:
        clean(given)
    assert caught.value.pointer == "/linux/cgroupsPath"


def test_hybrid_gets_a_directory_in_every_hierarchy() -> None:
    cgroup = open_cgroup(HYBRID, "", "c1")
    assert isinstance(cgroup, CgroupV1)
    assert cgroup.paths == {
        "cpu": "/nowhere/cpu,cpuacct/c1",
        "cpuacct": "/nowhere/cpu,cpuacct/c1",
        "memory": "/nowhere/memory/c1",
        "name=systemd": "/nowhere/systemd/c1",
        "": "/nowhere/unified/c1",
    }


def test_joint_controllers_are_joined_once_and_cgroup2_by_the_clone() -> None:
    assert open_cgroup(HYBRID, "/p/q", "c1").join_paths() == [
        "/nowhere/cpu,cpuacct/p/q/tasks",
        "/nowhere/memory/p/q/tasks",
        "/nowhere/systemd/p/q/tasks",
    ]
    assert open_cgroup(UNIFIED, "/p/q", "c1").join_paths() == []


def test_unified_alone() -> None:
    cgroup = open_cgroup(UNIFIED, "/p/../q", "c1")
    assert isinstance(cgroup, CgroupV2)
    assert cgroup.paths == {"": "/nowhere/q"}


def test_a_relative_path_never_leaves_the_mount() -> None:
    assert open_cgroup(UNIFIED, "../../q", "c1").paths == {"": "/nowhere/q"}
    assert open_cgroup(HYBRID, "../../q", "c1").paths["memory"] == "/nowhere/memory/q"


def test_no_hierarchy_no_cgroup() -> None:
    cgroup = open_cgroup(NOTHING, "", "c1")
    assert isinstance(cgroup, NullCgroup)
    cgroup.create()
    cgroup.apply([])
    assert (cgroup.pids(), cgroup.frozen(), cgroup.join_paths(), cgroup.v2_fd()) == (
        [],
        None,
        [],
        None,
    )
    cgroup.kill(9)
    cgroup.delete()
    with pytest.raises(CgroupError, match="no cgroup hierarchy is mounted"):
        cgroup.freeze()


@pytest.mark.parametrize("facts", [HYBRID, UNIFIED, NOTHING], ids=["hybrid", "v2", "none"])
@pytest.mark.parametrize("made", [None, [], ["/nowhere/x"]])
def test_a_record_survives_json(facts: CgroupFacts, made: list[str] | None) -> None:
    cgroup = open_cgroup(facts, "", "c1")
    if not isinstance(cgroup, NullCgroup):
        cgroup.made = made
    again = from_record(json.loads(json.dumps(cgroup.record())))
    assert type(again) is type(cgroup)
    assert (again.paths, again.tops, again.made) == (cgroup.paths, cgroup.tops, cgroup.made)


@pytest.mark.parametrize("record", [{}, {"driver": "v3"}, {"driver": "v1", "paths": []}])
def test_a_record_of_something_else(record: dict[str, object]) -> None:
    with pytest.raises(CgroupError, match="unknown driver"):
        from_record(record)
