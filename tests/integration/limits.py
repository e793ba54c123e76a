# SPDX-License-Identifier: Apache-2.0
"""Containers that run into their limits, and what their cgroups say meanwhile."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, pid
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect

Make = Callable[..., Bundle]
MIB = 1 << 20
HOST = detect()
BUSY = "while :; do :; done"


def need(controller: str) -> None:
    if controller not in HOST.v1 and controller not in HOST.v2_controllers:
        pytest.skip(f"kernel: no {controller} controller")


def need_v1(controller: str) -> None:
    if controller not in HOST.v1:
        pytest.skip(f"kernel: {controller} is not a v1 hierarchy")


def limited(bundle: Make, script: str, **resources: Any) -> Bundle:
    return bundle(["/bin/sh", "-c", script], linux={"resources": resources})


def directory(runtime: Runtime, name: str, controller: str) -> Path:
    """The container's cgroup as the host sees it."""
    for line in Path(f"/proc/{pid(runtime, name)}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in HOST.v1:
            if controller in names.split(","):
                return Path(HOST.v1[controller] + path)
        elif not names:
            return Path(HOST.v2 + path)
    raise AssertionError(f"no cgroup of {controller}")


class Limited:
    """A container that runs detached. Its script's end is nobody's matter."""

    def __init__(self, runtime: Runtime, made: Bundle) -> None:
        self.runtime = runtime
        self.name = runtime.new_id()
        runtime("run", "--detach", "--bundle", made, self.name, **QUIET)

    def file(self, controller: str, v1: str, v2: str = "") -> Path:
        name = v1 if controller in HOST.v1 else v2 or v1
        return directory(self.runtime, self.name, controller) / name

    def cpu_seconds(self) -> float:
        """Used by the init alone."""
        fields = Path(f"/proc/{pid(self.runtime, self.name)}/schedstat").read_text().split()
        return int(fields[0]) / 1e9


def field(file: Path, key: str) -> int:
    """The number in a line "key number"; 0 without one."""
    found = re.search(rf"^{key} (\d+)", file.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def until(true: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Look until it is so; of what the kernel tells by no event."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not after {seconds} s: {what}"
        os.sched_yield()


def disk_of(path: Path) -> tuple[int, int]:
    """The whole disk that a directory's filesystem is on; skips where there is none."""
    device = path.stat().st_dev
    here = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if not here.exists():
        pytest.skip("machine: temporary files are on no disk")
    if (here / "partition").exists():
        here = here.parent
    major, minor = (here / "dev").read_text().split(":")
    return int(major), int(minor)
