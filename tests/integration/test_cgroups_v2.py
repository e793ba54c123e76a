# SPDX-License-Identifier: Apache-2.0
"""cgroup2: on the mount beside v1, or on the host's only one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.members import member, runs
from support.leftovers import cgroups

from pyruntime.cgroups import driver, v2
from pyruntime.cgroups.detect import detect
from pyruntime.cgroups.v2 import CgroupV2
from pyruntime.errors import CgroupError
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.setting import Setting

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm]


@pytest.fixture(scope="module")
def facts() -> CgroupFacts:
    host = detect()
    if not host.v2:
        pytest.skip("kernel: cgroup2 is not mounted")
    return CgroupFacts("v2", {}, host.v2, host.v2_controllers, {"": "/"})


def opened(facts: CgroupFacts, path: str) -> CgroupV2:
    cgroup = driver.open_cgroup(facts, path, "unused")
    assert isinstance(cgroup, CgroupV2)
    return cgroup


@pytest.fixture
def cgroup(facts: CgroupFacts, prefix: str) -> Iterator[CgroupV2]:
    made = opened(facts, f"/{prefix}a/b")
    made.create()
    yield made
    made.delete()


def controller_of(facts: CgroupFacts) -> str:
    if not facts.v2_controllers:
        pytest.skip("kernel: cgroup2 has no controller, v1 has taken all")
    return facts.v2_controllers[0]


def test_created_and_gone_with_its_parent(cgroup: CgroupV2, prefix: str) -> None:
    assert Path(cgroup.path, "cgroup.procs").exists()
    cgroup.delete()
    assert cgroups(prefix) == []


def test_controllers_are_enabled_down_the_path(facts: CgroupFacts, cgroup: CgroupV2) -> None:
    controller_of(facts)
    offered = set(Path(facts.v2, "cgroup.controllers").read_text().split())
    assert set(Path(cgroup.path, "cgroup.controllers").read_text().split()) == offered


def test_a_controller_that_was_not_enabled_is_when_a_limit_needs_it(
    facts: CgroupFacts, prefix: str
) -> None:
    """Beside v1 nothing is enabled before it is needed."""
    if "hugetlb" not in facts.v2_controllers:
        pytest.skip("kernel: cgroup2 has no hugetlb controller here")
    host = detect()
    hybrid = CgroupFacts("hybrid", {}, host.v2, host.v2_controllers, host.own)
    cgroup = driver.open_cgroup(hybrid, f"/{prefix}a/b", "unused")
    cgroup.create()
    try:
        assert not Path(cgroup.paths[""], "hugetlb.2MB.max").exists()
        cgroup.apply([Setting("hugetlb", "hugetlb.2MB.max", "4194304", "/x", "")])
        assert Path(cgroup.paths[""], "hugetlb.2MB.max").read_text().strip() == "4194304"
    finally:
        cgroup.delete()


def test_a_limit_without_its_controller_says_so(cgroup: CgroupV2) -> None:
    with pytest.raises(CgroupError, match="No such file") as caught:
        cgroup.apply([Setting("nonsense", "nonsense.max", "1", "/linux/resources/x", "")])
    assert "controller is not enabled" in caught.value.hint
    assert caught.value.pointer == "/linux/resources/x"


def test_a_used_one_is_refused(facts: CgroupFacts, cgroup: CgroupV2, prefix: str) -> None:
    with member(cgroup) as process:
        with pytest.raises(CgroupError, match="not empty"):
            opened(facts, f"/{prefix}a/b").create()
        assert runs(process.pid)


def test_a_frozen_one_is_refused(facts: CgroupFacts, cgroup: CgroupV2, prefix: str) -> None:
    cgroup.freeze()
    with pytest.raises(CgroupError, match="it is frozen"):
        opened(facts, f"/{prefix}a/b").create()
    cgroup.thaw()
    parent = Path(cgroup.path).parent
    parent.joinpath("cgroup.freeze").write_text("1")
    try:
        with pytest.raises(CgroupError, match="it is frozen"):
            opened(facts, f"/{prefix}a/c").create()
        assert not Path(parent, "c").exists()
    finally:
        parent.joinpath("cgroup.freeze").write_text("0")


def test_below_one_with_processes(facts: CgroupFacts, cgroup: CgroupV2) -> None:
    """With a controller enabled there, its children could take no process."""
    below = opened(facts, f"{cgroup.path[len(facts.v2) :]}/below")
    with member(cgroup):
        below.create()
        with member(below) as process:
            assert below.pids() == [process.pid]
        below.delete()


def test_the_descriptor_is_the_directory_and_closes_on_exec(cgroup: CgroupV2) -> None:
    fd = cgroup.v2_fd()
    assert fd is not None
    try:
        assert os.path.samestat(os.fstat(fd), os.stat(cgroup.path))
        assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    finally:
        os.close(fd)
    cgroup.delete()
    with pytest.raises(CgroupError, match=r"open cgroup .*: No such file"):
        cgroup.v2_fd()


def test_the_sub_cgroup_of_a_member(cgroup: CgroupV2) -> None:
    below = cgroup.path + "/init.scope"
    os.mkdir(below)
    for path in (cgroup.path, below):
        with member(cgroup, path=path) as process:
            fd = cgroup.v2_fd_of(process.pid)
            assert os.path.samestat(os.fstat(fd), os.stat(path))
            os.close(fd)
    with pytest.raises(CgroupError, match="has left"):
        cgroup.v2_fd_of(1)


def test_below_a_threaded_cgroup(facts: CgroupFacts, prefix: str) -> None:
    parent = Path(facts.v2, f"{prefix}t")
    parent.joinpath("thread").mkdir(parents=True)
    try:
        parent.joinpath("thread/cgroup.type").write_text("threaded")
        assert parent.joinpath("cgroup.type").read_text() == "domain threaded\n"
        cgroup = opened(facts, f"/{prefix}t/c")
        cgroup.create()
        try:
            assert Path(cgroup.path, "cgroup.type").read_text() == "threaded\n"
            setting = Setting("memory", "memory.max", "1", "/linux/resources/memory/limit", "")
            with pytest.raises(CgroupError, match=r"limit memory .* is threaded") as caught:
                cgroup.apply([setting])
            assert caught.value.pointer == setting.pointer
            cgroup.apply([])
            with member(cgroup, path=str(parent / "thread")) as process:
                pass
            with member(cgroup) as process:
                assert cgroup.pids() == [process.pid]
                cgroup.kill(9)
                process.wait(10)
        finally:
            cgroup.delete()
    finally:
        parent.joinpath("thread").rmdir()
        parent.rmdir()


def test_delegation_gives_only_what_the_kernel_names(cgroup: CgroupV2) -> None:
    cgroup.delegate(1234)
    names = Path(v2.DELEGATE).read_text().split()
    theirs = {path.name for path in Path(cgroup.path).iterdir() if path.stat().st_uid == 1234}
    assert theirs == {name for name in names if Path(cgroup.path, name).exists()}
    assert os.stat(cgroup.path).st_uid == 1234
    assert "cgroup.procs" in theirs
    assert "cgroup.freeze" not in theirs


def test_a_failed_create_leaves_nothing(facts: CgroupFacts, prefix: str) -> None:
    cgroup = opened(facts, f"/{prefix}x/y/z")
    parent = Path(facts.v2, f"{prefix}x")
    parent.mkdir()
    parent.joinpath("cgroup.max.descendants").write_text("1")
    try:
        with pytest.raises(CgroupError, match="create cgroup"):
            cgroup.create()
        assert cgroup.made is None
        assert list(parent.glob("y")) == []
    finally:
        parent.rmdir()
