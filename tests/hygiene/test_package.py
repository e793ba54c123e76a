# SPDX-License-Identifier: Apache-2.0
"""What users get: a wheel built from the sdist holds everything and works when installed."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

import jeepney
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


SECRET = "variable of the build"


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", ".", sdist]
    run("env", f"BUILD_SECRET={SECRET}", *command, cwd=sdist.parent)
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


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The program in a virtual environment's bin."""
    venv = wheel.parent / "venv"
    run(sys.executable, "-m", "venv", venv, cwd=wheel.parent)
    run(venv / "bin/python", "-m", "pip", "install", "-q", wheel, cwd=wheel.parent)
    return venv / "bin/pyruntime"


def test_installed_wheel_works(installed: Path, tmp_path: Path) -> None:
    assert installed.read_bytes()[:4] == b"\x7fELF"
    link = tmp_path / "elsewhere"
    link.symlink_to(installed)
    for program in (installed, link):
        assert run(program, "--version", cwd=Path("/")).startswith("pyruntime version ")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    run(installed, "spec", "--bundle", bundle, cwd=Path("/"))
    assert os.path.getsize(bundle / "config.json")
    assert "valid" in run(installed, "validate", bundle, cwd=Path("/"))


def test_a_users_program_has_types(installed: Path, tmp_path: Path) -> None:
    """Read by mypy where the package is installed, without the tree's settings."""
    program = shutil.copy(REPO / "tests/data/library_user.py", tmp_path)
    python = installed.with_name("python")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python]
    run(*mypy, "--cache-dir", tmp_path / "cache", program, cwd=tmp_path)


def test_the_installed_package_is_a_library(installed: Path, tmp_path: Path) -> None:
    code = """
import sys, pyruntime
runtime = pyruntime.Runtime(sys.argv[1])
bundle = pyruntime.Bundle(sys.argv[1], pyruntime.default_config())
print(runtime.list(), runtime.validate(bundle), len(runtime.plan(bundle).steps) > 50)
"""
    said = run(installed.with_name("python"), "-I", "-c", code, tmp_path, cwd=tmp_path)
    assert said == "[] [] True\n"


# What needs the interpreter inside: see pyruntime/_native/embed.c.


def strace(calls: str, *command: str | Path, before: tuple[str, ...] = ()) -> list[str]:
    """The calls of these names that the command makes, and its exit status line."""
    trace = ["strace", "-f", "-qq", "-e", f"trace={calls}", "-e", "signal=none"]
    done = subprocess.run(
        [*before, *trace, *command], capture_output=True, text=True, check=False, cwd="/"
    )
    return done.stderr.splitlines()


def executed(*command: str | Path, before: tuple[str, ...] = ()) -> list[str]:
    lines = strace("execve", *command, before=before)
    return [line.split('"')[1] for line in lines if "execve(" in line]


def test_is_one_program_with_the_interpreter_inside(installed: Path) -> None:
    assert executed(installed, "--version") == [str(installed)]


@pytest.mark.parametrize("words", [("--version",), ("-v",), ("--debug", "--version", "list")])
def test_is_runc_by_a_link_of_that_name(
    words: tuple[str, ...], installed: Path, tmp_path: Path
) -> None:
    """Also the one that a script finds on its PATH, where argv[0] is the bare name."""
    (tmp_path / "runc").symlink_to(installed)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for program in (str(tmp_path / "runc"), "runc"):
        said = subprocess.run(
            [program, *words], env=env, capture_output=True, text=True, check=True
        ).stdout
        assert re.match(r"runc version 1\.\d+\.\d+\+pyruntime\.", said)
    own = subprocess.run([installed, *words], capture_output=True, text=True, check=True).stdout
    assert own.startswith("pyruntime version ")


def test_a_hot_command_reads_nothing_of_the_standard_library(installed: Path) -> None:
    """Half of the interpreter is not even started then: _boot.py's Rest starts it."""
    lines = strace("openat,execve,write", installed, "--root", "/no/such/root", "state", "c1")
    opened = [line.split('"')[1] for line in lines if "openat(" in line]
    assert any("container does not exist" in line for line in lines)
    library = sysconfig.get_path("stdlib")
    assert [path for path in opened if path.startswith(library)] == [
        path for path in opened if "/lib-dynload/_json." in path
    ]


def test_environment_and_directory_do_not_choose_the_code(installed: Path, tmp_path: Path) -> None:
    for name in ("os", "codecs", "encodings", "jsonschema", "traceback", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('evil')\n")
    names = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONPLATLIBDIR")
    env = {name: str(tmp_path) for name in names}
    (tmp_path / "config.json").write_text("{}")
    command = [installed, "validate", "."]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ociVersion" in done.stdout + done.stderr
    assert "evil" not in done.stdout + done.stderr


def test_closed_streams_are_opened_on_null(installed: Path) -> None:
    lines = strace("openat", "sh", "-c", f"exec {installed} --version <&- >&- 2>/dev/full")
    opened = [line for line in lines if '"/dev/null", O_RDWR' in line]
    assert [line.rpartition("= ")[2] for line in opened] == ["0", "1"]


def test_another_interpreter_than_that_of_the_build_is_executed(
    installed: Path, tmp_path: Path
) -> None:
    """As after an update of the system's Python: the new one runs, not a copy of the old."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    python = Path(sys.executable).resolve()
    shutil.copy(python, tmp_path / "python")  # of another time
    mount = f'mount --bind {tmp_path}/python {python} && exec "$@"'
    apart = ("unshare", "-m", "sh", "-c", mount, "sh")
    assert executed(installed, "--version", before=apart) == [str(installed), str(python)]


def test_away_from_its_package_it_looks_for_one_as_the_launcher(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    shutil.copy(installed, tmp_path / "bin")
    command = tmp_path / "bin/pyruntime"
    done = subprocess.run([command], capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert done.stderr.startswith("pyruntime: find the package pyruntime in ")
    package = tmp_path / "lib/python3.39/site-packages/pyruntime"
    package.mkdir(parents=True)
    (package / "__main__.py").touch()
    (tmp_path / "bin/python3.39").symlink_to("/bin/echo")
    said = run(command, "x", cwd=Path("/"))
    assert said == f"-I -S -B -Xutf8 {package}/__main__.py x\n"


# Of the snapshot, which is there for one version: see pyruntime/_native/snapshot.c.

snapshots = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="python: snapshots are CPython 3.11's"
)


def from_snapshot(*command: str | Path) -> bool:
    return any('"/proc/self/exe"' in line for line in strace("openat", *command))


@snapshots
def test_starts_from_its_snapshot(installed: Path) -> None:
    assert from_snapshot(installed, "--version")
    assert SECRET.encode() not in installed.read_bytes()


@snapshots
def test_starts_without_a_snapshot_that_was_cut_off(installed: Path) -> None:
    """As by strip."""
    cut = installed.with_name("pyruntime-cut")
    shutil.copy(installed, cut)
    os.truncate(cut, installed.stat().st_size - (4 << 20))
    try:
        assert run(cut, "--version", cwd=Path("/")).startswith("pyruntime version ")
    finally:
        cut.unlink()


@snapshots
def test_starts_where_the_snapshot_has_no_room(installed: Path) -> None:
    command = f"ulimit -v 110000 && exec {installed} --version"
    assert run("sh", "-c", command, cwd=Path("/")).startswith("pyruntime version ")


@snapshots
def test_a_snapshot_takes_over_what_the_process_is(installed: Path) -> None:
    """Its arguments, its streams, and the environment, which an ordinary user's root is from."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    environment = ("env", "-i", "XDG_RUNTIME_DIR=/var/empty-of-a-user")
    copy = Path(tempfile.mkdtemp())
    try:
        copy.chmod(0o755)
        shutil.copytree(installed.parents[1], copy / "venv", symlinks=True)
        program = copy / "venv/bin/pyruntime"
        lines = strace("openat", *environment, program, "state", "none", before=user)
    finally:
        shutil.rmtree(copy)
    assert any('"/var/empty-of-a-user/pyruntime/none"' in line for line in lines), lines
    assert "pyruntime: container does not exist" in lines


PLACE = struct.Struct("<16s5Q")  # snapshot.c: magic, page, data, hot, cold, end


def place(program: Path) -> tuple[int, ...]:
    content = program.read_bytes()
    return PLACE.unpack_from(content, content.index(b"pyruntime place\0"))[1:]


@snapshots
def test_a_snapshot_was_rehearsed(installed: Path) -> None:
    """What a run touches lies together, with room beside it for an arena of the interpreter's."""
    page, data, hot, cold, end = place(installed)
    assert page == os.sysconf("SC_PAGESIZE")
    assert 0 < data < hot < cold < end == installed.stat().st_size
    assert 500_000 < cold - hot < 1_040_000


@pytest.fixture
def unsaved(installed: Path, tmp_path: Path) -> Path:
    """The program as it was before it got its snapshot."""
    content = bytearray(installed.read_bytes())
    at = content.index(b"pyruntime place\0")
    content[at + 16 : at + PLACE.size] = bytes(PLACE.size - 16)
    (tmp_path / "unsaved").write_bytes(content)
    (tmp_path / "unsaved").chmod(0o755)
    return tmp_path / "unsaved"


@snapshots
def test_a_rehearsal_of_less_is_of_use(unsaved: Path, installed: Path) -> None:
    """What is asked for in between, here by one more library, does not lose the thread."""
    top = unsaved.parent
    few = sysconfig.get_path("stdlib")
    more = f"{few}:{Path(str(jeepney.__file__)).parents[1]}"
    site = next(installed.parents[1].glob("lib/python3*/site-packages"))
    line = ("--", "--root", top / "v1/state", "delete", "--force", "none")
    run(unsaved, "--rehearse", top / "log", few, "1", site, *line, cwd=top)
    hot = {}
    for places in (few, more):
        command = [unsaved, "--write-snapshot", top / "saved", places, "1", top / "log"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert bool(done.stderr) == (places == more), done.stderr
        hot[places] = struct.unpack("<2Q", (top / "saved").read_bytes()[-16:])[0]
    assert 100_000 < hot[few] * 0.9 < hot[more] <= hot[few]


@snapshots
def test_a_rehearsal_sees_what_its_caller_blocks(unsaved: Path, installed: Path) -> None:
    top = unsaved.parent
    site = next(installed.parents[1].glob("lib/python3*/site-packages"))
    line = ("--", "--root", top / "v1/state", "delete", "--force", "none")
    command = (unsaved, "--rehearse", top / "log", sysconfig.get_path("stdlib"), "1", site, *line)
    run("env", "--block-signal=SEGV", *command, cwd=top)


BUILD_SCRIPTS = """
import runpy, sys, sysconfig
sysconfig.get_config_vars()["LIBPL"] = sys.argv[1]
sys.argv = ["setup.py", "build_py", "build_scripts", "-d", sys.argv[2]]
runpy.run_path("setup.py", run_name="__main__")
"""


def build_scripts(
    sdist: Path, top: Path, library: Path, choice: str
) -> subprocess.CompletedProcess[str]:
    """Build top/to/pyruntime where the interpreter's static library is in `library`."""
    with tarfile.open(sdist) as archive:
        archive.extractall(top / "tree")
    (tree,) = (top / "tree").iterdir()
    env = {**os.environ, "PYRUNTIME_LAUNCHER": choice}
    command = [sys.executable, "-c", BUILD_SCRIPTS, library, top / "to"]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("choice", ["", "plain", "embedded", "other"])
def test_build_without_the_static_library(sdist: Path, tmp_path: Path, choice: str) -> None:
    done = build_scripts(sdist, tmp_path, tmp_path / "missing", choice)
    if choice in ("", "plain"):
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "to/pyruntime").stat().st_size < 40_000
    elif choice == "embedded":
        assert "find the interpreter's static library: install python3-dev" in done.stderr
    else:
        assert "'other' is neither plain nor embedded" in done.stderr
    assert bool(done.returncode) == (choice in ("embedded", "other"))


@pytest.mark.parametrize("choice", ["", "embedded"])
def test_build_with_a_static_library_that_does_not_link(
    sdist: Path, tmp_path: Path, choice: str
) -> None:
    (tmp_path / f"libpython3.{sys.version_info[1]}.a").write_bytes(b"!<arch>\n")
    done = build_scripts(sdist, tmp_path, tmp_path, choice)
    if choice:
        assert done.returncode != 0
    else:
        assert done.returncode == 0, done.stderr
        assert "the launcher will execute it" in done.stdout
        assert (tmp_path / "to/pyruntime").stat().st_size < 40_000
