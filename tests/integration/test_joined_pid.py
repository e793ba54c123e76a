# SPDX-License-Identifier: Apache-2.0
"""A container in another one's pid namespace, as the containers of a pod may be."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET, kill, pid, status
from support.bundle import Bundle
from support.runtime import Runtime

pytestmark = pytest.mark.usefixtures("leftovers")
Make = Callable[..., Bundle]


@pytest.fixture
def beside(runtime: Runtime, running: str, bundle: Make) -> Callable[..., Bundle]:
    """A factory of bundles that share the pid namespace of `running`."""

    def make(script: str, **changes: object) -> Bundle:
        made = bundle(["/bin/sh", "-c", script], **changes)
        for entry in made.config["linux"]["namespaces"]:
            if entry["type"] == "pid":
                entry["path"] = f"/proc/{pid(runtime, running)}/ns/pid"
        made.change(linux=made.config["linux"])
        return made

    return make


def test_sees_its_neighbours(runtime: Runtime, running: str, beside: Make) -> None:
    done = runtime.run(beside("echo $$; tr '\\0' ' ' < /proc/1/cmdline; exit 3"), check=False)
    number, first = done.stdout.split(maxsplit=1)
    assert int(number) > 1 and "sleep" in first
    assert done.returncode == 3


def test_the_whole_way(runtime: Runtime, running: str, beside: Make, tmp_path: Path) -> None:
    name, file = runtime.new_id(), tmp_path / "pid"
    own = os.readlink("/proc/self/ns/pid_for_children")
    made = beside("exec sleep 1000")
    runtime("create", "--bundle", made, "--pid-file", file, name, **QUIET)
    number = pid(runtime, name)
    assert file.read_text() == str(number)
    assert os.readlink("/proc/self/ns/pid_for_children") == own
    other = pid(runtime, running)
    assert os.readlink(f"/proc/{number}/ns/pid") == os.readlink(f"/proc/{other}/ns/pid")
    assert os.readlink(f"/proc/{number}/ns/mnt") != os.readlink(f"/proc/{other}/ns/mnt")
    runtime("start", name)
    assert "sleep" in runtime("exec", name, "ps", "-o", "comm").stdout
    kill(runtime, name, "KILL")
    runtime("delete", name)
    assert status(runtime, running) == "running"


def test_its_end_ends_nobody_else(runtime: Runtime, running: str, beside: Make) -> None:
    """What it leaves behind in the shared namespace goes with its cgroup."""
    runtime.run(beside("sleep 2000 & exit 0"))
    assert "sleep 2000" not in runtime("exec", running, "ps", "-o", "args").stdout
    assert status(runtime, running) == "running"
