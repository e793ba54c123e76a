# SPDX-License-Identifier: Apache-2.0
"""What users get: a wheel built from the sdist holds everything and works when installed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support import source
from support.runtime import REPO

BUILD_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the tracked files, so that nothing else can get into it."""
    top = tmp_path_factory.mktemp("sdist")
    for path in source.tracked():
        copy = top / "tree" / path.relative_to(REPO)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    run(sys.executable, "-c", BUILD_SDIST, top, cwd=top / "tree")
    (found,) = top.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", ".", sdist, cwd=sdist.parent)
    (found,) = sdist.parent.glob("*.whl")
    return found


def test_sdist_holds_the_sources(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = {str(path.relative_to(REPO)) for path in source.tracked()}
    wanted = {name for name in tracked if name.startswith(("pyruntime/_native/", "schemas/"))}
    assert wanted | {"LICENSE", "README.md", "setup.py"} <= names


def test_wheel_holds_the_binaries_and_schemas(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        elf = {name for name in infos if archive.read(name)[:4] == b"\x7fELF"}
    (launcher,) = [name for name in elf if name.endswith(".data/scripts/pyruntime")]
    assert {"pyruntime/_shim.abi3.so", "pyruntime/libexec/pyruntime-init"} <= elf
    assert infos[launcher].external_attr >> 16 & stat.S_IXUSR
    schemas = {Path(name).name for name in infos if name.endswith(".json")}
    assert {path.name for path in (REPO / "schemas").glob("*.json")} <= schemas


def test_wheel_is_for_every_python_from_3_11(wheel: Path) -> None:
    assert "-cp311-abi3-linux_" in wheel.name


def test_wheel_holds_no_sources_of_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.startswith("pyruntime-")} == {"pyruntime"}


def test_installed_wheel_works(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    run(tmp_path / "venv/bin/python", "-m", "pip", "install", "-q", wheel, cwd=tmp_path)
    launcher = tmp_path / "venv/bin/pyruntime"
    assert launcher.read_bytes()[:4] == b"\x7fELF"
    link = tmp_path / "elsewhere"
    link.symlink_to(launcher)
    for program in (launcher, link):
        assert run(program, "--version", cwd=Path("/")).startswith("pyruntime version ")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    run(launcher, "spec", "--bundle", bundle, cwd=Path("/"))
    assert os.path.getsize(bundle / "config.json")
