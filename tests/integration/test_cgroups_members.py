# SPDX-License-Identifier: Apache-2.0
"""Freezing, killing and listing the members of a cgroup, on every kind that is mounted."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from integration.members import FUGITIVE, LISTENER, ended_by, ends, member, ready

from pyruntime.cgroups import driver
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.detect import detect
from pyruntime.errors import CgroupError
from pyruntime.plan.facts import CgroupFacts

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm]


def facts_of(kind: str) -> CgroupFacts:
    """The host's hierarchies, or the part that makes up this kind."""
    host = detect()
    if kind == "v2":
        if not host.v2:
            pytest.skip("kernel: cgroup2 is not mounted")
        return CgroupFacts("v2", {}, host.v2, host.v2_controllers, {"": "/"})
    if "freezer" not in host.v1:
        pytest.skip("kernel: cgroup v1 is not mounted")
    if kind == "v1":
        return CgroupFacts("v1", host.v1, "", (), host.own)
    if not host.v2:
        pytest.skip("kernel: cgroup2 is not mounted beside v1")
    return host


@pytest.fixture(params=["v1", "hybrid", "v2"])
def cgroup(request: pytest.FixtureRequest, prefix: str) -> Iterator[Cgroup]:
    made = driver.open_cgroup(facts_of(request.param), f"/{prefix}m", "unused")
    made.create()
    yield made
    if made.frozen():
        made.thaw()
    made.delete()


def state(cgroup: Cgroup) -> str:
    """What the kernel says about everything in it."""
    if "freezer" in cgroup.paths:
        return Path(cgroup.paths["freezer"], "freezer.state").read_text().strip().lower()
    events = Path(cgroup.paths[""], "cgroup.events").read_text()
    return "frozen" if "frozen 1" in events else "other"


def test_freeze_reaches_the_state_and_thaw_leaves_it(cgroup: Cgroup) -> None:
    assert cgroup.frozen() is False
    with member(cgroup, LISTENER) as process:
        ready(process)
        cgroup.freeze()
        assert cgroup.frozen() is True
        process.send_signal(signal.SIGTERM)
        assert not ends(process.pid, 50)
        cgroup.thaw()
        assert cgroup.frozen() is False
        assert process.wait(10) == 7


def test_freezing_catches_a_process_that_forks_all_the_time(cgroup: Cgroup) -> None:
    with member(cgroup, FUGITIVE) as process:
        ready(process)
        cgroup.freeze()
        assert state(cgroup) == "frozen"
        first = cgroup.pids()
        assert first
        assert cgroup.pids() == first
        cgroup.kill(9)
    cgroup.delete()


def test_freeze_returns_when_all_are_frozen(cgroup: Cgroup) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            ready(stack.enter_context(member(cgroup, LISTENER)))
        for _ in range(20):
            cgroup.freeze()
            assert state(cgroup) == "frozen"
            cgroup.thaw()


def test_a_cgroup_that_is_gone_is_not_frozen(cgroup: Cgroup) -> None:
    cgroup.delete()
    assert cgroup.frozen() is None
    assert cgroup.pids() == []
    cgroup.kill(9)
    with pytest.raises(CgroupError, match="No such file or directory"):
        cgroup.freeze()


def test_pids_of_sub_cgroups(cgroup: Cgroup) -> None:
    below = cgroup.members() + "/sub"
    os.mkdir(below)
    with member(cgroup) as one, member(cgroup, path=below) as two:
        assert sorted(cgroup.pids()) == sorted([one.pid, two.pid])
        assert cgroup.pids(recursive=False) == [one.pid]
        cgroup.kill(9)
        assert ended_by(one) == ended_by(two) == "SIGKILL"


def test_kill_takes_a_process_that_forks_all_the_time(cgroup: Cgroup) -> None:
    with member(cgroup, FUGITIVE) as process:
        ready(process)
        cgroup.kill(9)
        cgroup.delete()  # waits until it is empty, and it would never be
    assert cgroup.frozen() is None


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGKILL"])
def test_each_gets_the_signal_and_none_stays_frozen(cgroup: Cgroup, name: str) -> None:
    with member(cgroup) as one, member(cgroup) as two:
        cgroup.kill(signal.Signals[name])
        assert cgroup.frozen() is False
        assert ended_by(one) == ended_by(two) == name


def test_kill_ends_a_frozen_cgroup(cgroup: Cgroup) -> None:
    with member(cgroup) as process:
        cgroup.freeze()
        cgroup.kill(9)
        assert ended_by(process) == "SIGKILL"


def test_another_signal_leaves_it_frozen(cgroup: Cgroup) -> None:
    with member(cgroup, LISTENER) as process:
        ready(process)
        cgroup.freeze()
        cgroup.kill(signal.SIGTERM)
        assert cgroup.frozen() is True
        assert not ends(process.pid, 50)
        cgroup.thaw()
        assert process.wait(10) == 7


def test_a_signal_that_does_not_exist(cgroup: Cgroup) -> None:
    with member(cgroup) as process:
        with pytest.raises(CgroupError, match=f"send signal 99 to process {process.pid}: Invalid"):
            cgroup.kill(99)
        assert cgroup.frozen() is False


def test_hybrid_kills_also_who_left_cgroup2(prefix: str) -> None:
    cgroup = driver.open_cgroup(facts_of("hybrid"), f"/{prefix}h", "unused")
    cgroup.create()
    try:
        with member(cgroup) as stays, member(cgroup) as left:
            Path(cgroup.tops[""], "cgroup.procs").write_text(str(left.pid))
            cgroup.kill(9)
            assert ended_by(stays) == ended_by(left) == "SIGKILL"
    finally:
        cgroup.delete()


def test_freezing_gives_up_and_lets_go(prefix: str) -> None:
    from pyruntime.cgroups import freezer

    cgroup = driver.open_cgroup(facts_of("v1"), f"/{prefix}g", "unused")
    cgroup.create()
    try:
        with pytest.raises(CgroupError, match="not frozen after 0 s"):
            freezer.freeze_v1(cgroup.paths["freezer"], timeout=0)
        assert cgroup.frozen() is False
    finally:
        cgroup.delete()


def unclaimed(cgroup: Cgroup) -> Cgroup:
    """As the record of a create that was killed before it was made."""
    return driver.from_record({**cgroup.record(), "made": None})


def test_what_nobody_claims_goes_when_its_last_process_ends(cgroup: Cgroup) -> None:
    with member(cgroup, ["/bin/sleep", "0.2"]):  # as long as the init takes to see its end
        unclaimed(cgroup).delete()
        assert [path for path in cgroup.paths.values() if os.path.exists(path)] == []


def test_what_nobody_claims_and_somebody_uses_stays(cgroup: Cgroup) -> None:
    with member(cgroup) as process:
        unclaimed(cgroup).delete(timeout=0.1)
        assert cgroup.pids() == [process.pid]
