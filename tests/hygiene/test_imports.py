# SPDX-License-Identifier: Apache-2.0
"""What the hot commands import, seen on a real run of each in a fresh interpreter.

Names, not the clock: a module that creeps in fails here on any machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bundle import Bundle
from support.leftovers import exited
from support.runtime import REPO, Runtime

DENIED = set(
    """argparse typing dataclasses enum re json logging subprocess pathlib tempfile socket
    signal shutil jsonschema pyroute2 contextlib functools collections inspect importlib.metadata
    traceback threading ctypes struct cffi random datetime""".split()  # noqa: SIM905
)
# What the standard library may bring; a newcomer needs a reason here.
ALLOWED = set(
    """__future__ os os.path posixpath genericpath stat _stat abc _abc _collections_abc errno fcntl gc
    select termios time _json _signal _socket _struct _cffi_backend""".split()  # noqa: SIM905
)
HOT = ["create", "start", "state", "exec", "kill", "delete", "run"]

# Runs the entry stub as the launcher does, and writes what is loaded when it leaves.
WRAPPER = """
import sys
before = set(sys.modules)
import os
record, main = sys.argv[1:3]
sys.argv = [main, *sys.argv[3:]]
leave = os._exit
def spy(status):
    with open(record, "w") as file:
        file.write("\\n".join(sorted(set(sys.modules) - before)))
    leave(status)
os._exit = spy
exec(compile(open(main).read(), main, "exec"), {"__name__": "__main__", "__file__": main})
"""


class Spy(Runtime):
    """The runtime run under the wrapper; each command leaves a file modules-COMMAND."""

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        record = self.root.parent / f"modules-{args[0]}"
        python = os.path.realpath(sys.executable)
        site = f"pyruntime_site={sysconfig.get_path('platlib')}"
        wrapper = [python, "-I", "-S", "-B", "-X", site, "-c", WRAPPER, str(record)]
        options = ["--root", str(self.root), *map(str, args)]
        return [*wrapper, str(REPO / "pyruntime/__main__.py"), *options]


def read_records(directory: Path) -> dict[str, set[str]]:
    return {
        path.name.removeprefix("modules-"): set(path.read_text().split())
        for path in directory.glob("modules-*")
    }


def walk_through_a_life(spy: Spy, make: Callable[..., Bundle]) -> dict[str, set[str]]:
    """Run every hot command once; give the modules that each loaded."""
    name = spy.create(make(["/bin/sleep", "600"]))
    spy("start", name)
    spy("exec", name, "/bin/true")
    state = spy("state", name).stdout
    spy("kill", name, "KILL")
    pid = int(state.split('"pid":')[1].split(",")[0].strip(" }\n"))
    assert exited(pid)
    spy("delete", name)
    spy.run(make(["/bin/true"]))
    return read_records(spy.root.parent)


@pytest.fixture
def loaded(runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path) -> dict[str, set[str]]:
    spy = Spy(runtime.program, runtime.root, runtime.prefix)
    try:
        return walk_through_a_life(spy, bundle)
    finally:
        runtime.ids = spy.ids


def test_hot_commands_import_little(loaded: dict[str, set[str]]) -> None:
    wrong = {}
    for verb in HOT:
        found = {name for name in loaded[verb] if name.split(".")[0] != "pyruntime"}
        print(f"{verb}: {' '.join(sorted(loaded[verb]))}")
        if found - ALLOWED or found & DENIED:
            wrong[verb] = sorted(found - ALLOWED)
    assert not wrong


def test_import_of_the_package_runs_nothing() -> None:
    """`import pyruntime` alone loads no other module."""
    code = (
        "import sys; before = set(sys.modules); import pyruntime; print(set(sys.modules) - before)"
    )
    done = subprocess.run(
        [
            os.path.realpath(sys.executable),
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(REPO)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "{'pyruntime'}\n"
