# SPDX-License-Identifier: Apache-2.0
"""What keeps an ordinary user from mapping ids, on hosts made of files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pyruntime.host import idrange

Files = Callable[..., str]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """files(name=text): a directory with these, its path."""

    def make(**texts: str) -> str:
        for name, text in texts.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(tmp_path)

    return make


@pytest.mark.parametrize(
    ("name", "forbids", "allows"),
    [
        ("kernel__unprivileged_userns_clone", "0", "1"),
        ("user__max_user_namespaces", "0", "15000"),
        ("kernel__apparmor_restrict_unprivileged_userns", "1", "0"),
    ],
)
def test_switches(name: str, forbids: str, allows: str, files: Files) -> None:
    assert idrange.forbidden(files()) == ("", "")
    assert idrange.forbidden(files(**{f"sys__{name}": f"{allows}\n"})) == ("", "")
    why, remedy = idrange.forbidden(files(**{f"sys__{name}": f"{forbids}\n"}))
    sysctl = name.replace("__", ".")
    assert why == f"{sysctl} is {forbids}"
    assert f"`sysctl -w {sysctl}=" in remedy


def test_a_profile_of_apparmor_may_allow_it(files: Files) -> None:
    name = "sys__kernel__apparmor_restrict_unprivileged_userns"
    for label, allowed in (("unconfined", False), ("pyruntime (enforce)", True)):
        proc = files(**{name: "1", "self__attr__apparmor__current": f"{label}\n"})
        assert (idrange.forbidden(proc) == ("", "")) is allowed


def test_ranges_by_number_and_by_name(files: Files) -> None:
    text = "root:5:6\n0:100:20\n1000:7:8\nrooted:1:1\n# 0:1:1\nroot:x:1\nroot\n"
    found = idrange.subordinate(0, files(subuid=text))
    assert found == {"uid": [(5, 6), (100, 20)], "gid": []}
    assert idrange.subordinate(4_000_000_000, files(subuid=text))["uid"] == []


def test_what_is_granted() -> None:
    granted = [(100, 10), (200, 5)]
    assert idrange.outside(((0, 100, 10), (10, 203, 2)), 1000, granted) is None
    assert idrange.outside(((0, 1000, 1), (1, 101, 9)), 1000, granted) is None
    assert idrange.outside(((0, 1000, 2),), 1000, granted) == (0, 1000, 2)
    assert idrange.outside(((0, 100, 1), (5, 99, 2)), 1000, granted) == (5, 99, 2)
    assert idrange.outside(((0, 200, 6),), 1000, granted) == (0, 200, 6)
    assert idrange.single(((0, 1000, 1),), 1000)
    assert not idrange.single(((0, 1000, 1), (1, 5, 1)), 1000)
    assert not idrange.single(((0, 1001, 1),), 1000)


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert idrange.mapper_faults()["newuidmap"] == "it is not installed"
    program = tmp_path / "newuidmap"
    program.touch(0o755)
    assert "neither setuid root nor" in idrange.mapper_faults()["newuidmap"]
    if os.geteuid() != 0:
        pytest.skip("not root")
    program.chmod(0o4755)
    assert idrange.mapper_faults() == {"newuidmap": "", "newgidmap": "it is not installed"}
    os.chown(program, 1000, 1000)
    program.chmod(0o4755)
    assert "neither setuid root nor" in idrange.mapper_faults()["newuidmap"]
    setcap = shutil.which("setcap", path="/sbin:/usr/sbin")
    if setcap:
        subprocess.run([setcap, "cap_setuid=ep", program], check=True)
        assert idrange.mapper_faults()["newuidmap"] == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_a_program_that_is_mounted_nosuid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = tmp_path / "bin"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid", "none", where], check=True)
    try:
        (where / "newuidmap").touch(0o755)
        (where / "newuidmap").chmod(0o4755)
        monkeypatch.setenv("PATH", str(where))
        assert "mounted nosuid" in idrange.mapper_faults()["newuidmap"]
    finally:
        subprocess.run(["/bin/umount", where], check=True)
