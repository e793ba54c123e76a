# SPDX-License-Identifier: Apache-2.0
"""Engines that leave cgroups to systemd: each container is a scope, where the engine looks."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.containerd import Ctr, Daemon
from engines.cri import PAUSE, Cri, Pod, configure
from engines.docker_podman import Dockerd, Engine, docker, podman
from engines.image import NAME, make_image
from support.leftovers import become_subreaper

from pyruntime.cgroups.detect import detect

pytestmark = [
    pytest.mark.vm_engines,
    pytest.mark.skipif(
        not os.path.isdir("/run/systemd/system"),
        reason="virtual machine: systemd is not the init of this host",
    ),
]
MIB = 1 << 20
LIMITS = ("--memory", "48m", "--pids-limit", "40", "--cpus", "0.5")


class Scope:
    """A container's scope and its cgroup, by the pid of its init."""

    def __init__(self, process: int) -> None:
        lines = Path(f"/proc/{process}/cgroup").read_text().splitlines()
        (self.path,) = [line[3:] for line in lines if line.startswith("0::")]
        self.unit = self.path.rpartition("/")[2]
        self.slice = self.path.split("/")[-2]

    def file(self, name: str) -> str:
        return Path(detect().v2 + self.path, name).read_text().strip()

    def show(self, *names: str) -> list[str]:
        command = ["systemctl", "show", "--value", f"--property={','.join(names)}", self.unit]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if line]

    def gone(self) -> bool:
        return self.show("LoadState") == ["not-found"] and not os.path.exists(
            detect().v2 + self.path
        )


@pytest.fixture(params=["docker", "podman"])
def engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    pyruntime: Path,
    image: Path,
) -> Iterator[Engine]:
    become_subreaper()
    here = tmp_path_factory.mktemp(request.param)  # with a short name, as Podman wants it
    daemon = Dockerd(here, pyruntime, "systemd") if request.param == "docker" else None
    made = docker(daemon, "") if daemon else podman(here, pyruntime, "", "systemd")
    made("load", "-i", str(image))
    yield made
    if daemon:
        daemon.stop()


def test_a_container_of_docker_or_podman(engine: Engine) -> None:
    name = "scoped"
    engine("run", "-d", "--network=none", "--name", name, *LIMITS, NAME, "sleep", "1000")
    found = engine("inspect", "-f", "{{.State.Pid}} {{.Id}}", name).stdout.split()
    scope = Scope(int(found[0]))
    of_docker = engine.words[0] == "docker"
    assert scope.unit == f"{'docker' if of_docker else 'libpod'}-{found[1]}.scope"
    assert scope.slice == ("system.slice" if of_docker else "machine.slice")
    assert scope.file("memory.max") == str(48 * MIB)
    assert scope.file("pids.max") == "40"
    assert scope.file("cpu.max") == "50000 100000"
    assert scope.show("MemoryMax", "TasksMax") == [str(48 * MIB), "40"]
    seen = engine("exec", name, "cat", "/proc/self/cgroup").stdout
    assert seen.strip().endswith(("0::/", f"/{scope.unit}"))
    memory = ["--memory", "64m"] + (["--memory-swap", "128m"] if of_docker else [])
    engine("update", *memory, name)
    assert scope.file("memory.max") == str(64 * MIB)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    assert scope.file("memory.max") == str(64 * MIB)
    stats = engine("stats", "--no-stream", "--format", "{{.MemUsage}}", name).stdout
    used = stats.partition(" / ")[0]
    assert used and not used.startswith("0")  # the limit is the engine's own notion of it
    engine("pause", name)
    assert scope.file("cgroup.freeze") == "1"
    engine("unpause", name)
    engine("stop", "-t", "0", name)
    assert scope.gone()
    engine("rm", name)


@pytest.fixture
def cri(tmp_path: Path, pyruntime: Path, image: Path) -> Iterator[Cri]:
    become_subreaper()
    daemon = Daemon(tmp_path, configure(tmp_path, pyruntime, systemd=True))
    ctr = Ctr(daemon, "k8s.io", Path(), "")
    ctr("image", "import", str(image))
    pause = make_image(tmp_path / "pause.tar", ["sleep", "100000"], name=PAUSE)
    ctr("image", "import", str(pause))
    client = Cri(daemon)
    yield client
    client.close()
    daemon.stop()


def process_of(cri: Cri, container: str) -> int:
    found = cri("ContainerStatus", container_id=container, verbose=True)
    return int(json.loads(found["info"]["info"])["pid"])


def test_a_container_of_kubernetes(cri: Cri, tmp_path: Path) -> None:
    host = {"namespace_options": {"network": "NODE"}}
    pod = Pod(cri, "pod", tmp_path, "test-pods.slice", **host)
    resources = {"memory_limit_in_bytes": 48 * MIB, "cpu_shares": 512, "cpu_quota": 20_000}
    linux = {"resources": resources | {"cpu_period": 100_000}, "security_context": host}
    container = pod.start("sleep", "1000", linux=linux)
    scope = Scope(process_of(cri, container))
    assert scope.unit == f"cri-containerd-{container}.scope"
    assert scope.path == f"/test.slice/test-pods.slice/{scope.unit}"
    assert scope.file("memory.max") == str(48 * MIB)
    assert scope.file("cpu.max") == "20000 100000"
    assert scope.file("cpu.weight") == "59"
    answer = cri("ExecSync", container_id=container, cmd=["cat", "/proc/self/cgroup"], timeout=20)
    assert base64.b64decode(answer["stdout"]).decode().strip().endswith(("0::/", scope.unit))
    cri(
        "UpdateContainerResources",
        container_id=container,
        linux={"memory_limit_in_bytes": 64 * MIB},
    )
    assert scope.file("memory.max") == str(64 * MIB)
    assert scope.show("MemoryMax") == [str(64 * MIB)]
    stats = cri("ContainerStats", container_id=container)["stats"]
    assert int(stats["memory"]["working_set_bytes"]["value"]) > 0
    cri("StopContainer", container_id=container, timeout=0)
    assert scope.gone()
    cri("RemoveContainer", container_id=container)
    pod.remove()
    assert not list(Path(detect().v2, "test.slice/test-pods.slice").glob("*.scope"))
