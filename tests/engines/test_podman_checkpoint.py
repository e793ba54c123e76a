# SPDX-License-Identifier: Apache-2.0
"""Podman's checkpoints, where criu works with the kernel."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from engines.docker_podman import Engine
from engines.image import NAME
from engines.test_users import inspect, remove, shell

pytestmark = [
    pytest.mark.vm_engines,
    pytest.mark.parametrize("engine", ["podman"], indirect=True),
]
COUNT = "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done"


@pytest.fixture(autouse=True)
def criu() -> None:
    if not shutil.which("criu"):
        pytest.skip("machine: criu is not installed")
    found = subprocess.run(["criu", "check"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"kernel: criu can't work with it: {found.stderr.strip()[-200:]}")


def count(engine: Engine, name: str) -> int:
    """The last number that the container has said."""
    return int((["0", *engine("logs", name).stdout.split()])[-1])


def goes_on(engine: Engine, name: str, after: int) -> bool:
    return any(count(engine, name) > after for _ in range(50))


def test_checkpoint_and_restore(engine: Engine, prefix: str, tmp_path: Path) -> None:
    """Here, and as another container from an archive."""
    other = f"{prefix}other"
    engine.run("-d", "--name", prefix, NAME, *shell(COUNT))
    try:
        assert goes_on(engine, prefix, 2)
        engine("container", "checkpoint", prefix)
        assert inspect(engine, prefix, "{{.State.Status}} {{.State.Checkpointed}}") == "exited true"
        reached = count(engine, prefix)
        engine("container", "restore", prefix)
        assert inspect(engine, prefix, "{{.State.Status}}") == "running"
        assert goes_on(engine, prefix, reached), "it has counted from there"
        archive = str(tmp_path / "it.tar.gz")
        engine("container", "checkpoint", "--leave-running", "--export", archive, prefix)
        assert inspect(engine, prefix, "{{.State.Status}}") == "running"
        remove(engine, prefix)
        engine("container", "restore", "--import", archive, "--name", other)
        assert goes_on(engine, other, reached)
    finally:
        remove(engine, prefix)
        remove(engine, other)
