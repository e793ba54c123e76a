# SPDX-License-Identifier: Apache-2.0
"""An ordinary user to whom systemd has given a part of the cgroup2 tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.members import LISTENER, ended_by, member, ready

from pyruntime.cgroups import driver
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.detect import detect
from pyruntime.errors import CgroupError
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.resources import compile_resources

pytestmark = pytest.mark.vm_user


@pytest.fixture(scope="module")
def facts() -> CgroupFacts:
    return detect()


@pytest.fixture
def cgroup(facts: CgroupFacts, prefix: str) -> Iterator[Cgroup]:
    made = driver.open_cgroup(facts, f"{prefix}u", "unused")
    made.create()
    yield made
    made.delete()


def test_a_relative_path_lies_in_the_users_part(facts: CgroupFacts, cgroup: Cgroup) -> None:
    assert os.geteuid() != 0
    assert facts.mode == "v2"
    assert f"user@{os.geteuid()}.service/" in cgroup.paths[""]
    assert os.stat(cgroup.paths[""]).st_uid == os.geteuid()
    cgroup.delete()
    assert not Path(cgroup.paths[""]).exists()


def test_limits(facts: CgroupFacts, cgroup: Cgroup) -> None:
    resources = {"pids": {"limit": 20}, "memory": {"limit": 64 << 20}, "cpu": {"shares": 512}}
    cgroup.apply(compile_resources(resources, facts))
    read = {
        file: Path(cgroup.paths[""], file).read_text().strip()
        for file in ("pids.max", "memory.max", "cpu.weight")
    }
    assert read == {"pids.max": "20", "memory.max": str(64 << 20), "cpu.weight": "59"}


def test_freezing_and_killing(cgroup: Cgroup) -> None:
    with member(cgroup, LISTENER) as process:
        ready(process)
        cgroup.freeze()
        assert cgroup.frozen() is True
        assert cgroup.pids() == [process.pid]
        cgroup.kill(9)
        assert ended_by(process) == "SIGKILL"


def test_outside_of_the_users_part(facts: CgroupFacts, prefix: str) -> None:
    settings = compile_resources({"pids": {"limit": 10}}, facts)
    cgroup = driver.open_cgroup(facts, f"/{prefix}o", "unused")
    with pytest.raises(CgroupError, match=r"create cgroup .*: Permission denied"):
        driver.create_or_absent(cgroup, settings)
    assert not Path(cgroup.paths[""]).exists()
