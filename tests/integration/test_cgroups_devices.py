# SPDX-License-Identifier: Apache-2.0
"""Which devices a member may open and make, as the kernel answers it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.members import joiner

from pyruntime.cgroups import driver
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.detect import detect
from pyruntime.errors import CgroupError
from pyruntime.plan.device_rules import compile_rules
from pyruntime.plan.facts import CgroupFacts

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm]

DENY_ALL = {"allow": False, "access": "rwm"}

# Prints what may be done: opening a device node made before joining, and making one.
PROBE = """
import os, sys
def may(action, *args):
    try:
        done = action(*args)
    except OSError as err:
        return err.strerror
    if isinstance(done, int):
        os.close(done)
    return "ok"
R, W, RW = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
for name in ("null", "full", "kmsg"):
    print(name, [may(os.open, "/dev/" + name, mode) for mode in (R, W, RW)])
node = sys.argv[1]
print("mknod", may(os.mknod, node, 0o20600, os.makedev(1, 7)))
"""
OK, NO = "ok", "Operation not permitted"


@pytest.fixture(params=["v1", "v2"])
def cgroup(request: pytest.FixtureRequest, prefix: str) -> Iterator[Cgroup]:
    host = detect()
    if request.param == "v1":
        if "devices" not in host.v1:
            pytest.skip("kernel: no v1 devices hierarchy is mounted")
        facts = CgroupFacts("v1", {"devices": host.v1["devices"]}, "", (), {})
    else:
        if not host.v2:
            pytest.skip("kernel: cgroup2 is not mounted")
        pytest.importorskip("pyruntime._shim", reason="not built: run ./dev build")
        facts = CgroupFacts("v2", {}, host.v2, host.v2_controllers, {"": "/"})
    made = driver.open_cgroup(facts, f"/{prefix}d", "unused")
    made.create()
    yield made
    made.delete()


def probe(cgroup: Cgroup, tmp_path: Path) -> dict[str, Any]:
    node = tmp_path / "node"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, str(node)],
        preexec_fn=joiner(cgroup),
        capture_output=True,
        text=True,
        check=True,
    )
    node.unlink(missing_ok=True)
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    return {name: eval(said) if said[0] == "[" else said for name, _, said in lines}


def test_the_default_rules(cgroup: Cgroup, tmp_path: Path) -> None:
    cgroup.apply([compile_rules([DENY_ALL], [])])
    assert probe(cgroup, tmp_path) == {
        "null": [OK, OK, OK],
        "full": [OK, OK, OK],
        "kmsg": [NO, NO, NO],
        "mknod": OK,
    }


def test_a_privileged_container(cgroup: Cgroup, tmp_path: Path) -> None:
    cgroup.apply([compile_rules([DENY_ALL, {"allow": True, "access": "rwm"}], [])])
    assert probe(cgroup, tmp_path)["kmsg"] == [OK, OK, OK]


def test_single_accesses(cgroup: Cgroup, tmp_path: Path) -> None:
    kmsg = {"allow": True, "type": "c", "major": 1, "minor": 11}
    cgroup.apply([compile_rules([DENY_ALL, {**kmsg, "access": "r"}], [])])
    assert probe(cgroup, tmp_path)["kmsg"] == [OK, NO, NO]
    cgroup.apply([compile_rules([DENY_ALL, {**kmsg, "access": "w"}], [])])
    assert probe(cgroup, tmp_path)["kmsg"] == [NO, OK, NO]


def test_rules_are_replaced_and_not_added(cgroup: Cgroup, tmp_path: Path) -> None:
    for _ in range(70):  # more than the 64 programs that the kernel lets one cgroup have
        cgroup.apply([compile_rules([DENY_ALL], [])])
    cgroup.apply([compile_rules([DENY_ALL, {"allow": True, "access": "rwm"}], [])])
    assert probe(cgroup, tmp_path)["kmsg"] == [OK, OK, OK]
    cgroup.apply([compile_rules([DENY_ALL], [])])
    assert probe(cgroup, tmp_path)["kmsg"] == [NO, NO, NO]


def test_a_hole_in_a_wildcard(cgroup: Cgroup, tmp_path: Path) -> None:
    """cgroup2 can; what v1 can't is refused instead of being left open."""
    rules = [
        {"allow": True, "type": "c", "major": 1, "access": "rw"},
        {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"},
    ]
    if "devices" not in cgroup.paths:
        cgroup.apply([compile_rules(rules, [])])
        assert probe(cgroup, tmp_path)["kmsg"] == [OK, NO, NO]
        return
    with pytest.raises(
        CgroupError, match=r"^/linux/resources/devices: .*v1 can't deny c 1:11 w within c 1:\* rw"
    ) as caught:
        cgroup.apply([compile_rules(rules, [])])
    assert caught.value.pointer == "/linux/resources/devices"


def test_many_rules(cgroup: Cgroup, tmp_path: Path) -> None:
    many = [{"allow": True, "type": "b", "major": 8, "minor": n, "access": "r"} for n in range(999)]
    cgroup.apply([compile_rules([DENY_ALL, *many], [])])
    assert probe(cgroup, tmp_path)["kmsg"] == [NO, NO, NO]


@pytest.fixture
def below(cgroup: Cgroup) -> Iterator[Cgroup]:
    """A cgroup in one with the default rules."""
    cgroup.apply([compile_rules([DENY_ALL], [])])
    paths = {name: path + "/below" for name, path in cgroup.paths.items()}
    made = driver.from_record({"driver": cgroup.driver, "paths": paths, "tops": cgroup.tops})
    made.create()
    yield made
    made.delete()


def test_none_gets_more_than_the_parent(cgroup: Cgroup, below: Cgroup, tmp_path: Path) -> None:
    everything = [compile_rules([{"allow": True, "access": "rwm"}], [])]
    if "devices" in below.paths:
        with pytest.raises(
            CgroupError, match=r"write 'a' to .*/devices.allow: Operation"
        ) as caught:
            below.apply(everything)
        assert "parent" in caught.value.hint
    else:
        below.apply(everything)
    assert probe(below, tmp_path)["kmsg"] == [NO, NO, NO]


def test_v1_rules_stand_once_there_are_sub_cgroups(cgroup: Cgroup, below: Cgroup) -> None:
    if "devices" in below.paths:
        with pytest.raises(CgroupError, match=r"devices.deny: Invalid argument") as caught:
            cgroup.apply([compile_rules([DENY_ALL], [])])
        assert "sub-cgroups" in caught.value.hint
    else:
        cgroup.apply([compile_rules([DENY_ALL], [])])


def test_no_way_to_limit_devices_is_an_error(prefix: str) -> None:
    host = detect()
    if "pids" not in host.v1:
        pytest.skip("kernel: cgroup v1 is not mounted")
    facts = CgroupFacts("v1", {"pids": host.v1["pids"]}, "", (), {})
    cgroup = driver.open_cgroup(facts, f"/{prefix}d", "unused")
    cgroup.create()
    try:
        with pytest.raises(CgroupError, match="limit devices: no hierarchy"):
            cgroup.apply([compile_rules([], [])])
    finally:
        cgroup.delete()
    assert not os.path.exists(cgroup.paths["pids"])
