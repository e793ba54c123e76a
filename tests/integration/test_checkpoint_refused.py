# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore that can't be: nothing is changed, nothing left. No criu is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import status
from support.bundle import Bundle
from support.runtime import Runtime

pytestmark = pytest.mark.usefixtures("leftovers", "only_ours")

Make = Callable[..., Bundle]


@pytest.fixture
def without_criu(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH leads nowhere."""
    return {**os.environ, "PATH": str(tmp_path / "nothing")}


def test_checkpoint_without_criu(
    running: str, runtime: Runtime, tmp_path: Path, without_criu: dict[str, str]
) -> None:
    log = tmp_path / "log"
    images = tmp_path / "images"
    command = ["--log", str(log), "--log-format", "json", "checkpoint", "--image-path", str(images)]
    done = runtime(*command, running, env=without_criu, check=False)
    assert done.returncode == 1
    assert "run criu: not found in $PATH" in done.stderr
    assert json.loads(log.read_text())["code"] == "criu-missing"
    assert status(runtime, running) == "running"
    assert not images.exists()
    assert sorted(os.listdir(runtime.root / running)) == ["config.json", "state.json"]


def test_restore_without_criu(
    runtime: Runtime, bundle: Make, tmp_path: Path, without_criu: dict[str, str]
) -> None:
    made = bundle(root={"readonly": False})
    made.config["mounts"].append(
        {"destination": "/new/point", "type": "tmpfs", "source": "tmpfs"},
    )
    made.save()
    name = runtime.new_id()
    command = ["restore", "--detach", "--bundle", str(made), "--image-path", str(tmp_path), name]
    done = runtime(*command, env=without_criu, check=False)
    assert done.returncode == 1
    assert "run criu: not found in $PATH" in done.stderr
    assert not (runtime.root / name).exists()
    # As far as it came: the mount points are those of a create.
    assert (made.rootfs / "new/point").is_dir()


@pytest.mark.parametrize("command", ["checkpoint", "restore"])
def test_id_of_nobody(command: str, runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    done = runtime(command, "--image-path", tmp_path / "none", "nobody", cwd=bundle(), check=False)
    assert done.returncode == 1
    words = {"checkpoint": "container does not exist", "restore": "open directory"}
    assert words[command] in done.stderr
    assert not (runtime.root / "nobody").exists()


def test_created(runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(bundle(["/bin/sleep", "1000"]))
    done = runtime("checkpoint", name, check=False)
    assert done.returncode == 1
    assert "container cannot be checkpointed in created state" in done.stderr
    assert status(runtime, name) == "created"


def test_id_in_use(running: str, runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    command = ["restore", "--detach", "--bundle", str(bundle()), "--image-path", str(tmp_path)]
    done = runtime(*command, running, check=False)
    assert "container with given ID already exists" in done.stderr
    assert status(runtime, running) == "running"


def test_terminal_without_a_receiver(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = bundle(process={"terminal": True})
    command = ["restore", "--detach", "--bundle", str(made), "--image-path", str(tmp_path)]
    done = runtime(*command, runtime.new_id(), check=False)
    assert done.returncode == 1
    assert "cannot allocate tty" in done.stderr


def test_engines_ask_for_the_help(runtime: Runtime) -> None:
    """Podman takes its exit status for whether checkpoints are there."""
    assert "--image-path" in runtime("checkpoint", "--help").stdout
