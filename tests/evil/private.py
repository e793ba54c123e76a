# SPDX-License-Identifier: Apache-2.0
"""A private build of the runtime with one defence taken out.

A defence is taken out by an edit of its source text, in a copy: what is released holds no
switch for it. The text must be there exactly once, so that a table of edits that has gone
stale fails. Objects of the init are compiled once a session; a private build compiles the
files that it edits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from support.runtime import REPO, Runtime

PACKAGE = REPO / "pyruntime"
INIT = "_native/init/"
SHIM = ("_native/spawn.c", "_native/memfd.c")
FLAGS = ["-std=gnu11", "-g0", "-Os", "-ffreestanding", "-fno-stack-protector", "-fno-pie"]
LINK = ["-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none,-z,noexecstack"]
BUILD_SHIM = "import runpy; runpy.run_path('pyruntime/_native/ffi_build.py')['ffibuilder'].compile(tmpdir='.')"


class Edit:
    """In `file`, below pyruntime/, the text `before` becomes `after`."""

    def __init__(self, file: str, before: str, after: str) -> None:
        self.file = file
        self.before = before
        self.after = after

    def apply(self, text: str) -> str:
        assert text.count(self.before) == 1, f"{self.file}: {self.before!r} is not there once"
        return text.replace(self.before, self.after)


def compile_c(*args: str | os.PathLike[str]) -> None:
    done = subprocess.run(["gcc", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Builder:
    """Makes private builds below `directory`, sharing the objects of what they don't edit."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.objects: dict[str, Path] = {}
        self.made = 0

    def _object(self, source: Path, target: Path) -> Path:
        native = PACKAGE / "_native"
        compile_c(*FLAGS, f"-I{native}", f"-I{native}/init", "-c", "-o", target, source)
        return target

    def _all_objects(self) -> dict[str, Path]:
        if not self.objects:
            for source in sorted((PACKAGE / INIT).glob("*.c")):
                target = self.directory / f"{source.stem}.o"
                self.objects[f"{INIT}{source.name}"] = self._object(source, target)
        return self.objects

    def build(self, edits: Sequence[Edit]) -> Path:
        """The directory of a tree like the source's, `pyruntime` and `schemas` in it."""
        self.made += 1
        tree = self.directory / f"build{self.made}"
        package = tree / "pyruntime"
        package.mkdir(parents=True)
        (tree / "schemas").symlink_to(REPO / "schemas")
        for entry in PACKAGE.iterdir():
            if entry.name not in ("libexec", "__pycache__"):
                (package / entry.name).symlink_to(entry)
        edited = self._edited(package, edits)
        self._link_init(package, edited)
        if any(file in SHIM for file in edited):
            (package / "_shim.abi3.so").unlink()  # a link to the released one
            subprocess.run(
                [sys.executable, "-c", BUILD_SHIM], cwd=tree, capture_output=True, check=True
            )
        return tree

    def _edited(self, package: Path, edits: Sequence[Edit]) -> dict[str, Path]:
        """Real files in the place of links, for what is edited."""
        changed: dict[str, Path] = {}
        for edit in edits:
            target = package / edit.file
            top = package / Path(edit.file).parts[0]
            if top.is_symlink():
                source = top.resolve()
                top.unlink()
                if source.is_dir():
                    shutil.copytree(source, top, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(source, top)
            target.write_text(edit.apply(target.read_text()))
            changed[edit.file] = target
        return changed

    def _link_init(self, package: Path, edited: dict[str, Path]) -> None:
        libexec = package / "libexec"
        libexec.mkdir()
        init = libexec / "pyruntime-init"
        objects = dict(self._all_objects())
        for file, source in edited.items():
            if file in objects:
                objects[file] = self._object(source, libexec / f"{source.stem}.o")
        compile_c(*LINK, "-o", init, *objects.values())
        init.chmod(0o755)


class Private(Runtime):
    """The runtime of a private tree, started as the launcher starts the released one."""

    def __init__(self, tree: Path, root: Path, prefix: str) -> None:
        super().__init__(tree / "pyruntime/__main__.py", root, prefix)
        self.flags = ["-I", "-S", "-B"]

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        python = os.path.realpath(sys.executable)
        site = f"pyruntime_site={sysconfig.get_path('platlib')}"
        start = [python, *self.flags, "-X", site, str(self.program)]
        return [*start, "--root", str(self.root), *self.options, *map(str, args)]
