# SPDX-License-Identifier: Apache-2.0
"""What users install, built in the guest: a program that holds an interpreter serves only beside
the very Python that it was built next to, and the host's may be another build.

The guest has no network: the host takes along, as wheels, what pip needs. What comes of it is
kept in .dev for one state of the sources and of the image.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support import source
from support.runtime import REPO

from vm.image import Image
from vm.lane import pack
from vm.machine import Machine

PREFIX = ".dev/installed"
WHEELS = ".dev/wheels"
KEPT = ".dev/guest/installed.tar"
KEY = REPO / ".dev/guest/key"
# What `./dev install` reads.
SOURCES = ("completions/", "dev", "docs/man/", "pyproject.toml", "pyruntime/", "schemas/", "setup")
LIMIT = 1500.0

BUILD = f"""set -e
export PIP_NO_INDEX=1 PIP_FIND_LINKS=$PWD/{WHEELS} PYRUNTIME_LAUNCHER=embedded
./dev install --prefix $PWD/{PREFIX}
strace -e openat {PREFIX}/bin/pyruntime --version 2>&1 | grep -q '"/proc/self/exe"' ||
  {{ echo 'vm: the program does not start from its snapshot'; exit 1; }}
tar -cf /out/installed.tar {PREFIX}
"""


class InstallationError(Exception):
    """There is no installation, with the reason."""


def install(where: Image, work: Path, line: Callable[[str], None]) -> None:
    """See to it that KEPT is a tar of PREFIX. work: a folder that isn't there yet.

    Raises InstallationError, MachineError.
    """
    key = _key(where)
    kept = REPO / KEPT
    if kept.exists() and KEY.exists() and KEY.read_text() == key:
        return
    line("vm: building and installing in the guest, some six minutes")
    _wheels(REPO / WHEELS)
    (work / "machine").mkdir(parents=True)
    pack(work / "source.tar", of_dev=("wheels",))
    machine = Machine(where, work / "source.tar", REPO, work / "machine", "new", "")
    if machine.run(BUILD, LIMIT, line):
        raise InstallationError("it said above why")
    shutil.rmtree(kept.parent, ignore_errors=True)
    kept.parent.mkdir()
    shutil.move(machine.work / "out/installed.tar", kept)
    KEY.write_text(key)


def _key(where: Image) -> str:
    digest = hashlib.sha256(f"{where.disk} {where.disk.stat().st_mtime_ns}".encode())
    for path in source.tracked():
        name = str(path.relative_to(REPO))
        if name.startswith((*SOURCES, "tools/")):
            digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _wheels(target: Path) -> None:
    """Fill target with what `pip install` of the tree asks for."""
    listed = [sys.executable, str(REPO / "tools/requirements.py"), "build", "run"]
    words = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    command = [sys.executable, "-m", "pip", "wheel", "-q", "-w", str(target), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallationError(f"get wheels with pip: {done.stderr[-2000:]}")
