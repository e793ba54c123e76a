# SPDX-License-Identifier: Apache-2.0
"""The image that an installation starts from (pyruntime/_boot.py, tools/build_image.py)."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support import source
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


def hot_modules() -> dict[str, ast.Module]:
    """The modules of the image: what a hot command may run before the interpreter is whole."""
    build = runpy.run_path(str(REPO / "tools/build_image.py"))
    names = build["modules"](REPO / "pyruntime")
    return {name: tree for name, tree in source.modules().items() if name in names}


def test_hot_modules_do_without_streams() -> None:
    """The embedding program makes them when something is imported that is in no image."""
    wrong = {"print", "input"}
    streams = {"stdin", "stdout", "stderr", "executable", "prefix"}
    found = []
    for name, tree in hot_modules().items():
        for node in ast.walk(tree):
            of_sys = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "sys"
            called = isinstance(node, ast.Call) and ast.unparse(node.func) in wrong
            if called or (of_sys and node.attr in streams):  # type: ignore[attr-defined]
                found.append(f"{name}:{node.lineno}")  # type: ignore[attr-defined]
    assert not found


SAME = """
import codecs, sys
whole = __import__(sys.argv[1])
names = [name for name in dir(whole) if not name.startswith("__")]
part = type(sys)(sys.argv[1])
sys.modules[sys.argv[1]] = part
exec(compile(open(sys.argv[2]).read().replace('STDLIB = ""', f"STDLIB = {sys.argv[3]!r}"),
             sys.argv[2], "exec"), part.__dict__)
late = "__getattr__" in part.__dict__
"""


def stand_in(name: str, check: str) -> str:
    """Output of Python code after pyruntime/_native's part of a module took its place."""
    path = REPO / f"pyruntime/_native/{'codecs' if name == 'encodings' else name}_start.py"
    code = SAME + check
    found = python("-c", code, name, str(path), sysconfig.get_path("stdlib"))
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_part_of_os_becomes_the_whole() -> None:
    check = r"""
for text in ("a\u00e9\udcff", b"a\xc3\xff"):
    assert part.fsencode(text) == whole.fsencode(text)
    assert part.fsdecode(text) == whole.fsdecode(text)
assert part.environ == dict(whole.environ) and part.path is whole.path
assert "__getattr__" in part.__dict__
assert [name for name in names if not hasattr(part, name)] == []
print(late, "__getattr__" in part.__dict__, isinstance(part.environ, part.PathLike))
"""
    assert stand_in("os", check) == "True False False\n"


def test_part_of_the_codecs_becomes_the_whole() -> None:
    check = r"""
assert part._search("utf-8").name == "utf-8" and "__getattr__" in part.__dict__
import encodings.idna
assert part._search("cp1252").name == "cp1252"
print(late, "__getattr__" in part.__dict__, part.normalize_encoding("a b"), "\u20ac".encode("cp1252"))
"""
    assert stand_in("encodings", check) == "True False a_b b'\\x80'\n"


def test_part_of_os_has_what_hot_modules_use() -> None:
    used = {
        node.attr
        for tree in hot_modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os"
    }
    assert len(used) > 30
    rare = {"makedirs"}  # once per boot of the host
    check = f"print(sorted(name for name in {used - rare!r} if name not in part.__dict__))"
    assert stand_in("os", check) == "[]\n"
