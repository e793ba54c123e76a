# SPDX-License-Identifier: Apache-2.0
"""Docker and Podman with the runtime in place of runc, as the README says."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.docker_podman import Engine, everybody
from engines.image import NAME


def test_output_and_exit_code(engine: Engine) -> None:
    done = engine.run("--rm", NAME, "sh", "-c", "echo out; id -u; exit 7", check=False)
    assert (done.returncode, done.stdout) == (7, "out\n0\n")


def test_limits_and_user(engine: Engine) -> None:
    script = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes; id -u; id -g; pwd"
    options = ["--rm", "-m", "32m", "-u", "7:8", "-w", "/tmp"]
    if not Path("/sys/fs/cgroup/memory").is_dir():
        pytest.skip("kernel: memory is not a v1 hierarchy")
    assert engine.run(*options, NAME, "sh", "-c", script).stdout == "33554432\n7\n8\n/tmp\n"


@everybody
def test_missing_program(engine: Engine) -> None:
    done = engine.run("--rm", NAME, "nosuch", check=False)
    assert done.returncode == 127
    assert "nosuch" in done.stderr and "not found in $PATH" in done.stderr


@pytest.mark.parametrize("options", [(), ("--security-opt", "no-new-privileges")])
def test_the_engine_s_filter(engine: Engine, options: tuple[str, ...]) -> None:
    done = engine.run("--rm", *options, NAME, "grep", "Seccomp", "/proc/self/status")
    assert done.stdout.split() == ["Seccomp:", "2", "Seccomp_filters:", "1"]


@everybody
def test_exec(engine: Engine, detached: str) -> None:
    assert engine("exec", detached, "echo", "in exec").stdout == "in exec\n"
    assert engine("exec", detached, "sh", "-c", "exit 3", check=False).returncode == 3


def test_pause_and_stop(engine: Engine, detached: str) -> None:
    engine("pause", detached)
    state = engine("inspect", "-f", "{{.State.Status}}", detached).stdout
    assert state == "paused\n"
    engine("unpause", detached)
    engine("kill", detached)
    assert engine("wait", detached).stdout == "137\n"
