# SPDX-License-Identifier: Apache-2.0
"""What the tests of checkpoint and restore share: whether criu works here, and a container."""

from __future__ import annotations

import functools
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from integration.asking import QUIET
from support import guest
from support.bundle import Bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]

# Counts in a file that the host sees, too; of its tmpfs nothing but memory knows.
COUNT = """
echo kept > /dev/shm/kept
i=0
while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.05; done
"""
PATIENCE = 30.0


@functools.cache
def unusable() -> str:
    """Why criu can't work here, "" if it can. In the guest it has to."""
    if guest.user():
        return ""
    if not shutil.which("criu"):
        return "machine: criu is not installed"
    found = subprocess.run(["criu", "check"], capture_output=True, text=True, check=False)
    said = (found.stdout + found.stderr).strip().split("\n")[-1]
    return f"kernel: criu can't work with it: {said}" if found.returncode else ""


def has(feature: str) -> bool:
    command = ["criu", "check", "--feature", feature]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Cell:
    """A container of a test and the directory of its images."""

    def __init__(self, runtime: Runtime, made: Bundle, images: Path) -> None:
        self.runtime = runtime
        self.bundle = made
        self.images = images
        self.counter = images.parent / "counter/count"
        self.name = runtime.new_id()

    def run(self, *more: str) -> None:
        self.runtime("run", "--detach", "--bundle", self.bundle, *more, self.name, **QUIET)

    def checkpoint(self, *more: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self.runtime("checkpoint", "--image-path", self.images, *more, self.name, **how)

    def restore(self, *more: str, **how: Any) -> subprocess.CompletedProcess[str]:
        command = ["restore", "--detach", "--bundle", str(self.bundle), "--image-path"]
        err = self.images.parent / "restore.err"
        with err.open("w+") as stderr:
            done = self.runtime(
                *command,
                str(self.images),
                *more,
                self.name,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                **{**how, "check": False},
            )
        done.stderr = err.read_text()
        if how.get("check", True):
            assert done.returncode == 0, done.stderr
        return done

    def inside(self, *command: str) -> str:
        return self.runtime("exec", self.name, *command).stdout

    def count(self) -> int:
        """0 before it has begun."""
        while self.counter.exists():
            if text := self.counter.read_text():  # it may be about to write
                return int(text)
        return 0

    def await_count(self, least: int) -> None:
        """Until it has counted that far."""
        deadline = time.monotonic() + PATIENCE
        while self.count() < least:
            assert time.monotonic() < deadline, f"it stands at {self.count()}"
            time.sleep(0.01)  # it tells nobody

    def await_more(self) -> None:
        self.await_count(self.count() + 2)


def bind(made: Bundle, source: Path, target: str, *options: str) -> None:
    entry = {"destination": target, "type": "bind", "source": str(source)}
    made.config["mounts"].append({**entry, "options": ["bind", *options]})
    made.save()
