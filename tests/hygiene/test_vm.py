# SPDX-License-Identifier: Apache-2.0
"""What `./dev test-vm` runs in its machines, without booting one."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from support import guest, skips
from vm import lane

MARKED = "tests/integration/test_cgroup_mounts.py"
OF_A_USER = "tests/integration/test_cgroups_delegated.py"


def started(*words: str) -> dict[str, list[str]]:
    """pytest's arguments by who runs it."""
    return {run.who: run.words for run in lane.runs(*lane.options(list(words)))}


def test_both_run_what_is_marked_for_them() -> None:
    found = started()
    assert found["root"][:2] == ["-m", "vm"]
    assert found["user"][:2] == ["-m", "vm_user"]
    assert MARKED in found["root"]
    assert OF_A_USER not in found["root"]
    assert OF_A_USER in found["user"]
    assert MARKED not in found["user"]


def test_paths_replace_what_is_marked() -> None:
    assert started("tests/x.py", "-x") == {"root": ["tests/x.py", "-x"]}
    assert started("--user", "tests/x.py") == {"user": ["tests/x.py"]}
    assert started("--root", "-k", "y")["root"][:4] == ["-m", "vm", "-k", "y"]


def test_the_user_s_job_leaves_root_and_gets_a_scope() -> None:
    job = lane.script("user", ["tests/x.py"])
    assert "--reuid=1000" in job
    assert "--scope" in job
    assert "PYRUNTIME_VM=user" in job
    assert "setpriv" not in lane.script("root", ["tests/x.py"])


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
