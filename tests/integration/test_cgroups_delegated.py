# SPDX-License-Identifier: Apache-2.0
"""An ordinary user to whom systemd has given a part of the cgroup2 tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.members import LISTENER, ended_by, member, ready
from support.bundle import Bundle
from support.runtime import Runtime

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


KINDS = ("pid", "network", "ipc", "uts", "mount", "cgroup", "user")


@pytest.fixture
def rootless(pyruntime: Path, state_root: Path, prefix: str) -> Iterator[Runtime]:
    made = Runtime(pyruntime, state_root, prefix)
    yield made
    made.cleanup()
    assert list(state_root.iterdir()) == []


def limited(bundle: Callable[..., Bundle], name: str, script: str, **resources: Any) -> Bundle:
    """A container of this user alone, its cgroup below the user's."""
    ids = {"containerID": 0, "size": 1}
    return bundle(
        ["/bin/sh", "-c", script],
        linux={
            "namespaces": [{"type": kind} for kind in KINDS],
            "uidMappings": [ids | {"hostID": os.getuid()}],
            "gidMappings": [ids | {"hostID": os.getgid()}],
            "cgroupsPath": name,
            "resources": resources,
        },
    )


def test_a_container_of_a_user_has_limits(
    rootless: Runtime, bundle: Callable[..., Bundle], prefix: str
) -> None:
    script = "cat /proc/self/cgroup /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max; id -u"
    resources = {"pids": {"limit": 20}, "memory": {"limit": 64 << 20}}
    done = rootless.run(limited(bundle, f"{prefix}r", script, **resources))
    assert done.stdout.split() == ["0::/", "20", str(64 << 20), "0"]


def test_a_user_s_container_beyond_its_memory(
    rootless: Runtime, bundle: Callable[..., Bundle], prefix: str
) -> None:
    script = "exec dd if=/dev/zero of=/dev/null bs=128M count=1"
    made = limited(bundle, f"{prefix}r", script, memory={"limit": 32 << 20})
    assert rootless.run(made, check=False).returncode == 137


def test_a_user_s_limits_outside_of_the_users_part(
    rootless: Runtime, bundle: Callable[..., Bundle], prefix: str
) -> None:
    made = limited(bundle, f"/{prefix}r", "true", pids={"limit": 20})
    done = rootless.run(made, check=False)
    assert done.returncode == 1
    assert "create cgroup" in done.stderr
    assert "Permission denied" in done.stderr
