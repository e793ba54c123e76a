# SPDX-License-Identifier: Apache-2.0
"""The state directory on a file system that is full or read-only."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, kill, status
from support.bundle import Bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]


class Disk:
    """A tmpfs as a state directory."""

    def __init__(self, runtime: Runtime) -> None:
        self.root = runtime.root
        self.runtime = runtime
        self.root.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", self.root], check=True)

    def fill(self) -> None:
        with (self.root / "filler").open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        (self.root / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["mount", "-o", "remount,rw", self.root], check=True)
        self.free()
        self.runtime.cleanup()
        subprocess.run(["umount", self.root], check=True)


@pytest.fixture
def disk(runtime: Runtime) -> Iterator[Disk]:
    made = Disk(runtime)
    yield made
    made.close()


@pytest.mark.parametrize("verb", ["create", "run"])
def test_nothing_is_made(verb: str, runtime: Runtime, bundle: Make, disk: Disk) -> None:
    disk.fill()
    done = runtime(verb, "--bundle", bundle(), runtime.new_id(), check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert [path.name for path in disk.root.iterdir()] == ["filler"]


def test_a_created_container_can_be_used_and_deleted(
    runtime: Runtime, bundle: Make, disk: Disk
) -> None:
    """`start` has let the program run before it writes: that it could not write is a warning."""
    made = bundle(["/bin/sleep", "1000"])
    name = runtime.create(made)
    disk.fill()
    started = runtime("start", name)
    assert "warning: write " in started.stderr
    assert status(runtime, name) == "running"
    assert runtime("exec", name, "/bin/echo", "here").stdout == "here\n"
    refused = runtime("update", "--memory", "100m", name, check=False)
    assert refused.returncode == 1
    limit = Path(f"/sys/fs/cgroup/memory/{name}/memory.limit_in_bytes")
    assert int(limit.read_text()) > 1 << 40, "all of an update or nothing"
    runtime("pause", name)
    runtime("resume", name)
    kill(runtime, name, "KILL")
    runtime("delete", name)


def test_read_only(runtime: Runtime, bundle: Make, disk: Disk, tmp_path: Path) -> None:
    name = runtime.create(bundle(["/bin/sleep", "1000"]))
    subprocess.run(["mount", "-o", "remount,ro", disk.root], check=True)
    done = runtime("run", "--bundle", bundle(), runtime.new_id(), check=False)
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert runtime("list", "--quiet").stdout == f"{name}\n"
    runtime("start", name, **QUIET)
    assert status(runtime, name) == "running"
