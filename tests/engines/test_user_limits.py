# SPDX-License-Identifier: Apache-2.0
"""Podman of an ordinary user whose systemd gives him cgroups: limits, and all that needs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.docker_podman import Engine
from engines.image import NAME
from engines.test_podman import kube
from engines.test_users import inspect, remove

pytestmark = [
    pytest.mark.vm_user_engines,
    pytest.mark.parametrize("engine", ["podman-user"], indirect=True),
]


def cgroup(engine: Engine, name: str) -> Path:
    pid = inspect(engine, name, "{{.State.Pid}}")
    return Path("/sys/fs/cgroup" + Path(f"/proc/{pid}/cgroup").read_text().strip()[3:])


def test_limits(engine: Engine, prefix: str) -> None:
    limits = ["--memory", "48m", "--cpus", "0.5", "--pids-limit", "64"]
    engine.run("-d", "--name", prefix, *limits, NAME, "sleep", "1000")
    try:
        where = cgroup(engine, prefix)
        name = inspect(engine, prefix, "{{.Id}}")
        assert where.name == f"libpod-{name}.scope"
        assert f"/user@{engine.uid}.service/" in str(where)
        assert (where / "memory.max").read_text() == f"{48 << 20}\n"
        assert (where / "cpu.max").read_text() == "50000 100000\n"
        assert (where / "pids.max").read_text() == "64\n"
        assert engine("exec", prefix, "cat", "/proc/self/cgroup").stdout == "0::/\n"
        engine("update", "--memory", "64m", prefix)
        assert (where / "memory.max").read_text() == f"{64 << 20}\n"
        engine("pause", prefix)
        assert (where / "cgroup.freeze").read_text() == "1\n"
        engine("unpause", prefix)
        stats = engine("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", prefix).stdout
        assert stats.split() == [prefix, "1"]
        engine("stop", "-t", "0", prefix)
        assert not where.exists()
    finally:
        remove(engine, prefix)


def test_kube_with_limits(engine: Engine, prefix: str, shared: Path) -> None:
    file = shared / "pod.yaml"
    file.write_text(kube(prefix, resources={"limits": {"memory": "64Mi"}}))
    engine("play", "kube", "--network", "none", str(file))
    try:
        where = cgroup(engine, f"{prefix}-reader")
        assert (where / "memory.max").read_text() == f"{64 << 20}\n"
    finally:
        engine("play", "kube", "--down", str(file))
