# SPDX-License-Identifier: Apache-2.0
"""What setup.cfg can't say: the cffi module, and two programs that need no C library.

pyruntime/libexec/pyruntime-init is package data, bin/pyruntime is installed as a script. In
place (`pip install -e .`, or `build_ext --inplace`, which puts the launcher into .dev/bin) the
init goes to the tree, and the launcher names this tree. CC chooses the compiler.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from distutils.command.build_scripts import build_scripts  # setuptools provides it
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

NATIVE = Path("pyruntime/_native")
FLAGS = [
    "-std=gnu11",
    "-g0",
    "-Os",
    "-ffreestanding",
    "-fno-stack-protector",
    "-fno-pie",
    "-nostdlib",
    "-static",
    "-no-pie",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wl,--gc-sections,--build-id=none,-z,noexecstack,-z,norelro,-s",
]


def link(target: Path, sources: list[Path], *defines: str) -> None:
    """A static program of mode 755; ends the build when that is impossible."""
    target.parent.mkdir(parents=True, exist_ok=True)
    compiler = shlex.split(os.environ.get("CC", "cc"))
    fresh = target.with_suffix(".new")
    command = [*compiler, *FLAGS, *defines, "-o", str(fresh), *map(str, sources)]
    print(shlex.join(command))
    subprocess.run(command, check=True)
    fresh.chmod(0o755)
    fresh.replace(target)  # one that is running stays whole


def link_launcher(target: Path, in_place: bool) -> None:
    defines = []
    if in_place:
        places = {
            "PYR_TREE": Path(__file__).resolve().parent,
            "PYR_PYTHON": Path(sys.executable).resolve(),
            "PYR_SITE": sysconfig.get_path("platlib"),
        }
        defines = [f'-D{name}="{place}"' for name, place in places.items()]
    link(target, [NATIVE / "launcher.c", NATIVE / "init/start.c"], *defines)


class BuildExt(build_ext):
    """The cffi module, then the init beside it."""

    def run(self) -> None:
        super().run()
        lib = Path() if self.inplace else Path(self.build_lib)
        link(lib / "pyruntime/libexec/pyruntime-init", sorted(NATIVE.glob("init/*.c")))
        if self.inplace and not self.editable_mode:
            link_launcher(Path(".dev/bin/pyruntime"), in_place=True)

    def get_outputs(self) -> list[str]:
        return [*super().get_outputs(), f"{self.build_lib}/pyruntime/libexec/pyruntime-init"]


class BuildPy(build_py):
    """The packages, the schemas that lie beside them in the tree, and the image of the
    modules for this interpreter (pyruntime/_boot.py).
    """

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib, "pyruntime")
            shutil.copytree("schemas", package / "schemas", dirs_exist_ok=True)
            build = [sys.executable, "-X", "no_debug_ranges", "tools/build_image.py"]
            subprocess.run([*build, str(package), str(package / "libexec")], check=True)


class BuildScripts(build_scripts):
    """In the place of a script: the program with the interpreter inside where it can be
    linked, else the launcher. $PYRUNTIME_LAUNCHER: "plain" or "embedded" insists.
    """

    def run(self) -> None:
        target = Path(self.build_dir, "pyruntime")
        target.parent.mkdir(parents=True, exist_ok=True)
        in_place = bool(self.get_finalized_command("build_ext").inplace)
        wanted = os.environ.get("PYRUNTIME_LAUNCHER", "")
        if wanted not in ("", "plain", "embedded"):
            raise SystemExit(f"PYRUNTIME_LAUNCHER: {wanted!r} is neither plain nor embedded")
        if in_place or wanted == "plain" or not self.link_embedded(target, wanted != ""):
            link_launcher(target, in_place)

    def link_embedded(self, target: Path, insist: bool) -> bool:
        sys.path.insert(0, "tools")
        import link_embedded

        if link_embedded.library() is None and not insist:
            print("no static library of this interpreter: the launcher will execute it")
            return False
        build = self.get_finalized_command("build")
        image = f"pyruntime/libexec/pyruntime-3{sys.version_info.minor}.image"
        work = Path(build.build_temp, "embedded")
        try:
            link_embedded.link(target, Path(build.build_lib, image), work)
        except subprocess.CalledProcessError as err:
            if insist:
                raise
            print(f"the interpreter can't be linked, the launcher will execute it: {err}")
            return False
        return True


setup(
    cffi_modules=[f"{NATIVE}/ffi_build.py:ffibuilder"],
    cmdclass={"build_ext": BuildExt, "build_py": BuildPy, "build_scripts": BuildScripts},
    scripts=[f"{NATIVE}/launcher.c"],  # its source: BuildScripts makes the program of it
)
