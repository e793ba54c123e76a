# SPDX-License-Identifier: Apache-2.0
"""The image that an installation starts from (pyruntime/_boot.py, tools/build_image.py)."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.runtime import REPO

LOADED = """
import os, sys
leave = os._exit
def spy(status):
    for name, module in sorted(sys.modules.items()):
        print("loaded", name, type(module.__spec__ and module.__spec__.loader).__name__)
    sys.stdout.flush()
    leave(status)
os._exit = spy
image = sys.argv[1]
sys.argv = [image, *sys.argv[2:]]
import marshal
data = open(image, "rb").read()
exec(marshal.loads(data), {"__name__": "__main__", "__file__": image, "IMAGE": data})
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, pyruntime: Path) -> Path:
    """An image of this tree in a directory like site-packages, with the built extension."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(REPO / "pyruntime", site / "pyruntime")
    shutil.copytree(REPO / "schemas", site / "pyruntime/schemas")
    for found in Path(sysconfig.get_path("platlib")).glob("_cffi_backend.*"):
        shutil.copy(found, site)
    build = runpy.run_path(str(REPO / "tools/build_image.py"))["build"]
    made: Path = build(site / "pyruntime", site / "pyruntime/libexec")
    # What is in the image must not be taken from files without anybody noticing.
    (site / "pyruntime/cli/main.py").unlink()
    return made


def python(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-B", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def launcher_command() -> str:
    """The command that launcher.c gives the interpreter."""
    source = (REPO / "pyruntime/_native/launcher.c").read_text()
    macro = source.split("#define IMAGE_COMMAND")[1].split("\n\n")[0]
    return "".join(re.findall(r'"([^"]*)"', macro))


def test_the_launchers_command_runs_it(image: Path) -> None:
    found = python("-c", launcher_command(), str(image), "--version")
    assert found.stdout.startswith("pyruntime version "), found.stderr


def test_hot_modules_and_extensions_come_from_known_places(image: Path) -> None:
    missing = "/no/such/root"
    found = python("-c", LOADED, str(image), "--root", missing, "state", "c1")
    assert "container does not exist" in found.stderr
    loaders = dict(line.split()[1:] for line in found.stdout.splitlines() if line[:7] == "loaded ")
    ours = {name: kind for name, kind in loaders.items() if name.startswith("pyruntime")}
    assert ours.pop("pyruntime._shim", "ExtensionFileLoader") == "ExtensionFileLoader"
    assert set(ours.values()) <= {"Image", "NoneType"}  # the latter: made by Image.load
    assert "__future__" not in loaders


def test_cold_modules_are_found_beside_it(image: Path, tmp_path: Path) -> None:
    command = launcher_command()
    assert "usage: pyruntime" in python("-c", command, str(image), "--help").stdout
    (tmp_path / "config.json").write_text('{"ociVersion": "1.3.0", "process": {"cwd": "x"}}')
    found = python(
        "-c",
        command,
        str(image),
        "--root",
        str(tmp_path / "r"),
        "create",
        "-b",
        str(tmp_path),
        "c1",
    )
    assert found.returncode == 1
    assert "config.json" in found.stderr and "internal error" not in found.stderr
