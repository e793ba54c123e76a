# SPDX-License-Identifier: Apache-2.0
"""cgroup v1 with the hierarchies of this kernel: create, limits, join, delete."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.members import ends, member, runs
from support.leftovers import cgroups

from pyruntime.cgroups import driver
from pyruntime.cgroups.detect import detect
from pyruntime.cgroups.v1 import CgroupV1
from pyruntime.errors import CgroupError
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.setting import Setting

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm_legacy]


@pytest.fixture(scope="module")
def facts() -> CgroupFacts:
    found = detect()
    if "memory" not in found.v1 or "freezer" not in found.v1:
        pytest.skip("kernel: cgroup v1 is not mounted")
    return found


@pytest.fixture
def cgroup(facts: CgroupFacts, prefix: str) -> Iterator[CgroupV1]:
    made = driver.open_cgroup(facts, f"/{prefix}a/b", "unused")
    assert isinstance(made, CgroupV1)
    made.create()
    yield made
    made.delete()


def text(cgroup: CgroupV1, controller: str, file: str) -> str:
    return Path(cgroup.paths[controller], file).read_text().strip()


def setting(file: str, value: str, pointer: str = "/linux/resources/x") -> Setting:
    return Setting(file.partition(".")[0], file, value, pointer, "")


def test_detect_finds_what_is_mounted(facts: CgroupFacts) -> None:
    for controller, directory in facts.v1.items():
        assert Path(directory, "tasks").exists(), controller
        assert Path(directory, "cgroup.sane_behavior").exists(), controller
    assert not facts.v2 or Path(facts.v2, "cgroup.controllers").exists()
    assert facts.mode == ("hybrid" if facts.v2 else "v1")


def test_the_init_makes_its_mounts_while_its_cgroups_are_made(
    facts: CgroupFacts, bundle: Any, runtime: Any, tmp_path: Path
) -> None:
    """Root's: nobody has to know whether it may have them before the clone."""
    made = bundle(["/bin/true"])
    trace = tmp_path / "trace"
    strace = ("strace", "-qq", "-o", trace, "-e", "trace=clone3,mkdir")
    done = subprocess.run(
        [*strace, *runtime.command("run", "--bundle", made.path, runtime.new_id())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().splitlines()
    (clone,) = [n for n, line in enumerate(lines) if line.startswith("clone3(")]
    (memory,) = [n for n, line in enumerate(lines) if f'"{facts.v1["memory"]}/' in line]
    assert clone < memory


def test_hierarchies_in_an_unusual_place_are_found(facts: CgroupFacts, tmp_path: Path) -> None:
    found = detect(str(tmp_path))
    assert facts.v1.items() <= found.v1.items()
    assert (found.mode, found.v2, found.v2_controllers) == (
        facts.mode,
        facts.v2,
        facts.v2_controllers,
    )


def test_a_directory_in_each_hierarchy_and_none_after(
    facts: CgroupFacts, cgroup: CgroupV1, prefix: str
) -> None:
    for controller, top in facts.v1.items():
        assert cgroup.paths[controller] == f"{top}/{prefix}a/b"
        assert Path(cgroup.paths[controller], "tasks").exists()
    assert ("" in cgroup.paths) is bool(facts.v2)
    cgroup.delete()
    assert cgroups(prefix) == []


def test_cpuset_is_the_parents_before_anyone_joins(facts: CgroupFacts, cgroup: CgroupV1) -> None:
    root = Path(facts.v1["cpuset"])
    for file in ("cpuset.cpus", "cpuset.mems"):
        value = (root / file).read_text()
        assert value.strip()
        assert text(cgroup, "cpuset", file) == value.strip()
        assert Path(cgroup.paths["cpuset"]).parent.joinpath(file).read_text() == value


def test_cpuset_fills_an_empty_parent_that_was_there(facts: CgroupFacts, prefix: str) -> None:
    parent = Path(facts.v1["cpuset"], f"{prefix}parent")
    parent.mkdir()
    assert not parent.joinpath("cpuset.mems").read_text().strip()
    cgroup = driver.open_cgroup(facts, f"/{prefix}parent/c", "unused")
    try:
        cgroup.create()
        assert parent.joinpath("cpuset.mems").read_text().strip()
        cgroup.delete()
        assert parent.exists(), "a parent that was there stays"
    finally:
        parent.rmdir()


def test_join_by_the_process_itself(cgroup: CgroupV1) -> None:
    with member(cgroup) as process:
        own = Path(f"/proc/{process.pid}/cgroup").read_text()
        for line in own.splitlines():
            _, names, path = line.split(":", 2)
            if any(name in cgroup.paths for name in names.split(",")):
                assert path.endswith("a/b"), line
        assert cgroup.pids() == [process.pid]


def test_attach_moves_a_process_that_exists(facts: CgroupFacts, cgroup: CgroupV1) -> None:
    process = subprocess.Popen(["/bin/sleep", "1000"])
    try:
        cgroup.attach(process.pid)
        assert cgroup.pids() == [process.pid]
        own = Path(f"/proc/{process.pid}/cgroup").read_text()
        assert own.count("a/b\n") >= len(set(cgroup.paths.values()))
    finally:
        process.kill()
        process.wait()
    with pytest.raises(CgroupError, match=f"write '{process.pid}' to .*: No such process"):
        cgroup.attach(process.pid)


def test_limits_are_written(cgroup: CgroupV1) -> None:
    cgroup.apply(
        [
            setting("memory.limit_in_bytes", "67108864"),
            setting("pids.max", "17"),
            setting("cpu.shares", "512"),
            setting("cpuset.cpus", "0"),
        ]
    )
    assert text(cgroup, "memory", "memory.limit_in_bytes") == "67108864"
    assert text(cgroup, "pids", "pids.max") == "17"
    assert text(cgroup, "cpu", "cpu.shares") == "512"
    assert text(cgroup, "cpuset", "cpuset.cpus") == "0"


def test_pairs_are_written_in_either_order(cgroup: CgroupV1) -> None:
    for megabytes in (64, 256, 32):
        limit = str(megabytes << 20)
        cgroup.apply(
            [
                setting("memory.limit_in_bytes", limit),
                setting("memory.memsw.limit_in_bytes", limit),
            ]
        )
        assert text(cgroup, "memory", "memory.limit_in_bytes") == limit
        assert text(cgroup, "memory", "memory.memsw.limit_in_bytes") == limit


@pytest.mark.parametrize(
    ("file", "value", "cause"),
    [
        ("pids.max", "many", "Invalid argument"),
        (
            "cpuset.cpus",
            "4096",
            "(Permission denied|Invalid argument|Numerical result out of range)",
        ),
        ("memory.nonsense", "1", "No such file or directory"),
    ],
)
def test_a_refused_limit_says_all(cgroup: CgroupV1, file: str, value: str, cause: str) -> None:
    pointer = "/linux/resources/some/limit"
    with pytest.raises(CgroupError, match=cause) as caught:
        cgroup.apply([setting(file, value, pointer)])
    path = f"{cgroup.paths[file.partition('.')[0]]}/{file}"
    error = caught.value
    assert str(error).startswith(f"{pointer}: write {value!r} to {path}: ")
    assert (error.pointer, error.path) == (pointer, path)
    assert error.errno
    assert error.hint


@pytest.mark.parametrize("file", ["../memory.limit_in_bytes", "x/y", "..", ""])
def test_a_file_is_a_name_and_no_path(cgroup: CgroupV1, file: str) -> None:
    with pytest.raises(CgroupError, match="not a file name"):
        cgroup.apply([Setting("memory", file, "1", "/linux/resources/unified", "")])


def test_a_controller_that_is_not_mounted(facts: CgroupFacts, prefix: str) -> None:
    pids_only = CgroupFacts("v1", {"pids": facts.v1["pids"]}, "", (), {})
    cgroup = driver.open_cgroup(pids_only, f"/{prefix}pids", "unused")
    cgroup.create()
    try:
        with pytest.raises(CgroupError, match="limit memory: no hierarchy"):
            cgroup.apply([setting("memory.limit_in_bytes", "1", "/linux/resources/memory/limit")])
    finally:
        cgroup.delete()


def test_a_used_cgroup_is_refused_and_left_alone(
    facts: CgroupFacts, cgroup: CgroupV1, prefix: str
) -> None:
    other = driver.open_cgroup(facts, f"/{prefix}a", "unused")
    with member(cgroup) as process:
        for path in (f"/{prefix}a/b", f"/{prefix}a"):
            other = driver.open_cgroup(facts, path, "unused")
            with pytest.raises(CgroupError, match=f"not empty: 1 processes .{process.pid}"):
                other.create()
            other.kill(9)
            other.delete()
            assert not ends(process.pid, 50)
            assert cgroup.pids() == [process.pid]


def test_an_empty_cgroup_is_taken_and_stays(facts: CgroupFacts, prefix: str) -> None:
    before = driver.open_cgroup(facts, f"/{prefix}x", "unused")
    before.create()
    again = driver.open_cgroup(facts, f"/{prefix}x", "unused")
    again.create()
    assert again.made == []
    Path(again.paths["memory"], "sub").mkdir()
    again.delete()
    for path in before.paths.values():
        assert Path(path).exists()
    assert not Path(again.paths["memory"], "sub").exists()
    before.delete()


def test_a_frozen_cgroup_is_refused(facts: CgroupFacts, cgroup: CgroupV1, prefix: str) -> None:
    cgroup.freeze()
    try:
        for path in (f"/{prefix}a/b", f"/{prefix}a/b/c"):
            with pytest.raises(CgroupError, match="it is frozen"):
                driver.open_cgroup(facts, path, "unused").create()
        for each in cgroup.paths.values():
            assert not Path(each, "c").exists()
    finally:
        cgroup.thaw()


def test_a_failed_create_leaves_nothing(facts: CgroupFacts, prefix: str) -> None:
    # the last one's parent is no cgroup but a file
    cgroup = driver.open_cgroup(facts, f"/{prefix}x/y/z", "unused")
    cgroup.paths = {**cgroup.paths, "late": facts.v1["pids"] + "/cgroup.procs/x"}
    cgroup.tops = {**cgroup.tops, "late": facts.v1["pids"]}
    with pytest.raises(CgroupError, match="create cgroup"):
        cgroup.create()
    assert cgroup.made is None
    assert cgroups(prefix) == []


def test_delete_takes_sub_cgroups_and_own_parents(cgroup: CgroupV1, prefix: str) -> None:
    for path in set(cgroup.paths.values()):
        Path(path, "sub/subsub").mkdir(parents=True)
    cgroup.delete()
    assert cgroups(prefix) == []


def test_delete_leaves_a_parent_in_which_another_lives(
    facts: CgroupFacts, cgroup: CgroupV1, prefix: str
) -> None:
    other = driver.open_cgroup(facts, f"/{prefix}a/other", "unused")
    other.create()
    cgroup.delete()
    for path in other.paths.values():
        assert Path(path).exists()
    other.delete()
    for path in set(other.paths.values()):
        Path(path).parent.rmdir()  # whoever made it went first, so it stayed


def test_delete_twice_and_after_someone_else(cgroup: CgroupV1) -> None:
    os.rmdir(cgroup.paths["memory"])
    cgroup.delete()
    cgroup.delete()


def test_delete_says_who_is_in_the_way(cgroup: CgroupV1) -> None:
    with member(cgroup) as process:
        with pytest.raises(CgroupError, match=f"processes {process.pid} still in it after 0.05 s"):
            cgroup.delete(timeout=0.05)
        assert runs(process.pid)


def test_delete_waits_for_the_end(cgroup: CgroupV1, prefix: str) -> None:
    with member(cgroup) as process:
        process.kill()  # not waited for: it may still be there
        cgroup.delete()
    assert cgroups(prefix) == []


def test_a_record_deletes_what_create_made(cgroup: CgroupV1, prefix: str) -> None:
    driver.from_record(cgroup.record()).delete()
    assert cgroups(prefix) == []


def test_a_record_from_before_create_takes_nothing_for_its_own(
    facts: CgroupFacts, prefix: str
) -> None:
    intent = driver.open_cgroup(facts, f"/{prefix}i", "unused").record()
    cgroup = driver.open_cgroup(facts, f"/{prefix}i", "unused")
    cgroup.create()
    with member(cgroup) as process:
        early = driver.from_record(intent)
        assert early.pids() == []
        early.kill(9)
        early.delete()
        assert not ends(process.pid, 50)
        assert cgroup.pids() == [process.pid]
    driver.from_record(intent).delete()
    assert cgroups(prefix) == []
