# SPDX-License-Identifier: Apache-2.0
"""What `./dev test-vm` runs in its machines, without booting one."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from support import guest, skips
from vm import bench, lane

MARKED = "tests/integration/test_cgroup_mounts.py"
ON_V1 = "tests/integration/test_cgroups_v1.py"
WITH_ENGINES = "tests/engines/test_systemd_driver.py"
USERS_WITH_ENGINES = "tests/engines/test_user_limits.py"
UNDER_SELINUX = "tests/integration/test_selinux.py"
OF_A_USER = "tests/integration/test_cgroups_delegated.py"


def started(*words: str) -> dict[str, list[str]]:
    """pytest's arguments by who runs it."""
    return {run.who: run.words for run in lane.runs(*lane.options(list(words)))}


def test_each_runs_what_is_marked_for_it() -> None:
    found = started()
    assert set(found) == {"root", "user", "legacy", "selinux"}
    assert ON_V1 in found["legacy"]
    assert ON_V1 not in found["root"]
    assert started("--engines")["engines"][-1] == WITH_ENGINES
    assert started("--user-engines")["user_engines"][-1] == USERS_WITH_ENGINES
    assert found["root"][:2] == ["-m", "vm"]
    assert found["user"][:2] == ["-m", "vm_user"]
    assert MARKED in found["root"]
    assert OF_A_USER not in found["root"]
    assert OF_A_USER in found["user"]
    assert MARKED not in found["user"]


def test_selinux_has_a_run_of_its_own() -> None:
    found = started()
    assert found["selinux"][:3] == ["-m", "vm_selinux", UNDER_SELINUX]
    assert UNDER_SELINUX not in found["root"] + found["user"]
    job = lane.script("selinux", ["tests/x.py"])
    assert "setpriv" not in job and "PYRUNTIME_VM=selinux" in job
    together = {run.who: run for run in lane.runs(*lane.options([]))}
    assert together["selinux"].after is together["user"]
    [alone] = lane.runs(*lane.options(["--selinux"]))
    assert alone.after is None


def test_paths_replace_what_is_marked() -> None:
    assert started("tests/x.py", "-x") == {"root": ["tests/x.py", "-x"]}
    assert started("--user", "tests/x.py") == {"user": ["tests/x.py"]}
    assert started("--root", "-k", "y")["root"][:4] == ["-m", "vm", "-k", "y"]


def test_the_user_s_job_leaves_root_and_gets_a_scope() -> None:
    job = lane.script("user", ["tests/x.py"])
    assert "--reuid=1000" in job
    assert "--scope" in job
    assert "PYRUNTIME_VM=user" in job
    assert "--reuid=1000" in lane.script("user_engines", ["tests/x.py"])
    assert "setpriv" not in lane.script("root", ["tests/x.py"])


def test_a_machine_of_cgroup_v1_is_told_so_by_its_kernel_s_words() -> None:
    assert "PYRUNTIME_VM=root" in lane.script("legacy", ["tests/x.py"])
    assert "unified_cgroup_hierarchy=0" in lane.KERNELS["legacy"][1]
    assert "root" not in lane.KERNELS


def test_the_tree_goes_with_what_was_built_and_without_what_is_big(tmp_path: Path) -> None:
    lane.pack(tmp_path / "tar")
    with tarfile.open(tmp_path / "tar") as tar:
        names = set(tar.getnames())
    packages = "./.dev/venv/lib/python3.11/site-packages/"
    assert {"./setup.cfg", f"./{MARKED}", "./pyruntime/__init__.py"} <= names
    assert not {"./.git", "./.dev/log", packages + "mypy", packages + "pip"} & names


def test_a_skip_for_the_machine_is_none_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "Skipped: virtual machine: no systemd"
    monkeypatch.delenv("PYRUNTIME_VM", raising=False)
    assert guest.user() == ""
    assert skips.allowed(reason)
    monkeypatch.setenv("PYRUNTIME_VM", "root")
    assert not skips.allowed(reason)
    assert skips.allowed("Skipped: kernel: cgroup v1 is not mounted")


def test_the_benchmark_s_job_measures_the_drivers_unless_told() -> None:
    assert "--only=drivers" in bench.script([])
    assert "--only=drivers" in bench.script(["--rounds", "3"])
    assert "drivers" not in bench.script(["--only", "run"])
    assert ".dev/installed/bin:$PATH" in bench.script([])
