# SPDX-License-Identifier: Apache-2.0
"""The launcher on the PATH: which interpreter and package it takes, and what it ignores."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.initproc import REPO

NATIVE = REPO / "pyruntime/_native"
SHOW = """
import sys
flags = sys.flags
print(sys.version_info[1], flags.isolated, flags.no_site, flags.utf8_mode, sys.argv)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher as it is installed."""
    target = tmp_path_factory.mktemp("launcher") / "pyruntime"
    flags = "-std=gnu11 -Os -ffreestanding -fno-stack-protector -fno-pie -nostdlib -static -no-pie"
    sources = [NATIVE / "launcher.c", NATIVE / "init/start.c"]
    subprocess.run(["gcc", *flags.split(), "-Wall", "-o", target, *sources], check=True)
    return target


@pytest.fixture
def prefix_dir(tmp_path: Path, built: Path) -> Path:
    """An installation whose package only shows how it was called."""
    (tmp_path / "bin").mkdir()
    shutil.copy(built, tmp_path / "bin/pyruntime")
    package(tmp_path, sys.version_info[1])
    (tmp_path / "bin/python3").symlink_to(os.path.realpath(sys.executable))
    return tmp_path


def package(top: Path, minor: int, kind: str = "site", text: str = SHOW) -> None:
    path = top / f"lib/python3.{minor}/{kind}-packages/pyruntime"
    path.mkdir(parents=True)
    (path / "__main__.py").write_text(text)


def run(program: Path, *args: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *args], capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload, no-any-return]


def test_runs_the_package_isolated(prefix_dir: Path) -> None:
    done = run(prefix_dir / "bin/pyruntime", "state", "", "a b", cwd="/")
    main = prefix_dir / f"lib/python3.{sys.version_info[1]}/site-packages/pyruntime/__main__.py"
    assert done.stdout == f"{sys.version_info[1]} 1 1 1 {[str(main), 'state', '', 'a b']}\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_found_through_links_and_path(prefix_dir: Path) -> None:
    link = prefix_dir / "elsewhere"
    link.symlink_to("bin/pyruntime")
    assert run(link).returncode == 0
    env = {"PATH": f"{prefix_dir}/bin"}
    assert subprocess.run(["pyruntime"], env=env, capture_output=True, check=False).returncode == 0


def test_environment_and_directory_do_not_choose_the_code(prefix_dir: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    (evil / "pyruntime").mkdir(parents=True)
    for name in ("sys.py", "os.py", "sitecustomize.py", "pyruntime/__main__.py"):
        (evil / name).write_text("print('evil')\n")
    env = {"PYTHONPATH": str(evil), "PYTHONHOME": str(evil), "PYTHONSTARTUP": str(evil / "os.py")}
    done = run(prefix_dir / "bin/pyruntime", cwd=evil, env=env)
    assert "evil" not in done.stdout.replace(str(tmp_path), "")
    assert done.returncode == 0


def test_a_directory_above_is_not_searched(tmp_path: Path, built: Path) -> None:
    """What lies beside an installation, perhaps in a directory all may write to, is not ours."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    shutil.copy(built, tmp_path / "venv/bin/pyruntime")
    (tmp_path / "pyruntime").mkdir()
    (tmp_path / "pyruntime/__main__.py").write_text("print('evil')\n")
    done = run(tmp_path / "venv/bin/pyruntime")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.startswith("pyruntime: find the package pyruntime in ")


def test_highest_version_and_distribution_packages(prefix_dir: Path) -> None:
    shutil.rmtree(prefix_dir / "lib")
    package(prefix_dir, 11, text="print('old')\n")
    package(prefix_dir, 30, "dist", "print('new')\n")
    (prefix_dir / "lib/python3.31").mkdir()
    assert run(prefix_dir / "bin/pyruntime").stdout == "new\n"


def test_interpreter_of_the_version_comes_first(prefix_dir: Path) -> None:
    (prefix_dir / f"bin/python3.{sys.version_info[1]}").symlink_to("/bin/echo")
    done = run(prefix_dir / "bin/pyruntime", "x")
    assert done.stdout.startswith("-I -S -B ")


def test_no_interpreter(prefix_dir: Path) -> None:
    shutil.rmtree(prefix_dir / "lib")
    package(prefix_dir, 39)
    (prefix_dir / "bin/python3").unlink()
    done = run(prefix_dir / "bin/pyruntime")
    assert done.returncode == 127
    assert done.stderr == "pyruntime: find the interpreter python3.39\n"


def test_interpreter_that_does_not_execute(prefix_dir: Path) -> None:
    (prefix_dir / "bin/python3").unlink()
    (prefix_dir / "bin/python3").write_text("")
    done = run(prefix_dir / "bin/pyruntime")
    assert done.returncode == 127
    assert done.stderr == f"pyruntime: execute {prefix_dir}/bin/python3\n"


def test_closed_streams_are_opened_on_null(prefix_dir: Path) -> None:
    shutil.rmtree(prefix_dir / "lib")
    text = "import os\nopen(os.environ['OUT'], 'w').write(repr(list(map(os.readlink, ["
    text += "f'/proc/self/fd/{n}' for n in range(3)]))))\n"
    package(prefix_dir, sys.version_info[1], text=text)
    out = prefix_dir / "out"
    script = f"{prefix_dir}/bin/pyruntime <&- >&- 2>&-"
    subprocess.run(["sh", "-c", script], env={"OUT": str(out)}, check=True)
    assert out.read_text() == repr(["/dev/null"] * 3)
