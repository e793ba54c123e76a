# SPDX-License-Identifier: Apache-2.0
"""Kubernetes' way to containers: pods by containerd's CRI plugin, with the runtime below."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.conftest import PARENT, remove_parent
from engines.containerd import Ctr, Daemon, remove_namespace
from engines.cri import PAUSE, Cri, Pod, configure
from engines.image import make_image
from support.leftovers import become_subreaper

SLEEP = ("sleep", "1000")


@pytest.fixture(scope="module")
def cri(tmp_path_factory: pytest.TempPathFactory, pyruntime: Path, image: Path) -> Iterator[Cri]:
    if os.geteuid() != 0:
        pytest.skip("not root")
    if not (shutil.which("containerd") and Path("/usr/lib/cni/ptp").exists()):
        pytest.skip("containerd and its network plugins are not installed")
    if importlib.util.find_spec("cri_api") is None:
        pytest.skip("container-runtime-interface-api is not installed")
    become_subreaper()
    here = tmp_path_factory.mktemp("cri")
    daemon = Daemon(here, configure(here, pyruntime), own_network=True)
    ctr = Ctr(daemon, "k8s.io", Path(), "")
    ctr("image", "import", str(image))
    pause = make_image(here / "pause.tar", ["sleep", "100000"], name=PAUSE)
    ctr("image", "import", str(pause))
    client = Cri(daemon)
    yield client
    client.close()
    daemon.stop()
    remove_parent()
    remove_namespace("k8s.io")
    left = [
        line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(here) in line
    ]
    assert not left


@pytest.fixture
def pod(cri: Cri, prefix: str, tmp_path: Path) -> Iterator[Callable[..., Pod]]:
    """Makes pods, which are gone afterwards."""
    made: list[Pod] = []

    def make(**security: Any) -> Pod:
        made.append(Pod(cri, f"{prefix}{len(made)}", tmp_path, PARENT, **security))
        return made[-1]

    yield make
    for each in made:
        each.remove()


def run_in(cri: Cri, container: str, *command: str) -> tuple[int, str]:
    """Exit code and output."""
    found = cri("ExecSync", container_id=container, cmd=list(command), timeout=20)
    return found.get("exit_code", 0), base64.b64decode(found.get("stdout", "")).decode()


def status(cri: Cri, container: str) -> dict[str, Any]:
    found: dict[str, Any] = cri("ContainerStatus", container_id=container)["status"]
    return found


def ended(cri: Cri, container: str) -> dict[str, Any]:
    """The status once it has; a look takes time enough."""
    for _ in range(2000):
        found = status(cri, container)
        if found["state"] == "CONTAINER_EXITED":
            return found
    raise AssertionError(found)


def test_version_and_status(cri: Cri) -> None:
    assert cri("Version")["runtime_name"] == "containerd"
    conditions = {entry["type"]: entry["status"] for entry in cri("Status")["status"]["conditions"]}
    assert conditions == {"RuntimeReady": True, "NetworkReady": True}


def test_life_of_a_container(cri: Cri, pod: Callable[..., Pod]) -> None:
    here = pod()
    container = here.create(*SLEEP, envs=[{"key": "WORD", "value": "a b"}], working_dir="/tmp")
    assert status(cri, container)["state"] == "CONTAINER_CREATED"
    cri("StartContainer", container_id=container)
    assert status(cri, container)["state"] == "CONTAINER_RUNNING"
    assert run_in(cri, container, "sh", "-c", "echo $WORD; pwd; exit 4") == (4, "a b\n/tmp\n")
    cri("StopContainer", container_id=container, timeout=0)
    assert status(cri, container)["exit_code"] == 137
    cri("RemoveContainer", container_id=container)
    with pytest.raises(RuntimeError, match="not found"):
        status(cri, container)


def test_exit_code_and_log(cri: Cri, pod: Callable[..., Pod], tmp_path: Path) -> None:
    container = pod().start("sh", "-c", "echo out; echo err >&2; exit 3")
    assert ended(cri, container)["exit_code"] == 3
    lines = [line.split(" ", 1)[1] for line in (tmp_path / "0.log").read_text().splitlines()]
    assert sorted(lines) == ["stderr F err", "stdout F out"]


def test_missing_program(cri: Cri, pod: Callable[..., Pod]) -> None:
    here = pod()
    container = here.create("/no/such")
    with pytest.raises(RuntimeError, match="/no/such: no such file or directory"):
        cri("StartContainer", container_id=container)


def test_containers_of_a_pod_share_its_network(cri: Cri, pod: Callable[..., Pod]) -> None:
    here = pod()
    address = cri("PodSandboxStatus", pod_sandbox_id=here.id)["status"]["network"]["ip"]
    assert address.startswith("10.99.79.")
    server = "echo ok > /tmp/index.html; exec httpd -f -p 80 -h /tmp"
    here.start("sh", "-c", server)
    client = here.start(*SLEEP)
    for host in ("127.0.0.1", address):
        script = f"until wget -qO- http://{host}/index.html 2>/dev/null; do :; done"
        assert run_in(cri, client, "sh", "-c", script) == (0, "ok\n")


def test_host_namespaces(cri: Cri, pod: Callable[..., Pod]) -> None:
    options = {"network": "NODE", "pid": "NODE", "ipc": "NODE"}
    context = {"namespace_options": options}
    container = pod(**context).start(*SLEEP, linux={"security_context": context})
    for kind in ("pid", "ipc"):
        found = run_in(cri, container, "readlink", f"/proc/self/ns/{kind}")
        assert found == (0, f"{os.readlink(f'/proc/self/ns/{kind}')}\n")


def test_security_context(cri: Cri, pod: Callable[..., Pod]) -> None:
    context = {
        "run_as_user": {"value": 1000},
        "run_as_group": {"value": 1000},
        "supplemental_groups": [77],
        "readonly_rootfs": True,
        "no_new_privs": True,
        "capabilities": {"drop_capabilities": ["ALL"]},
        "seccomp": {"profile_type": "RuntimeDefault"},
    }
    container = pod().start(*SLEEP, linux={"security_context": context})
    script = (
        "id -u; id -g; id -G; touch /x 2>/dev/null || echo refused; "
        "grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status"
    )
    _, text = run_in(cri, container, "sh", "-c", script)
    assert text.split("\n")[:4] == ["1000", "1000", "1000 77", "refused"]
    assert text.split()[5:] == ["CapEff:", "0" * 16, "NoNewPrivs:", "1", "Seccomp:", "2"]


def test_mounts(cri: Cri, pod: Callable[..., Pod], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    mounts = [
        {"container_path": "/rw", "host_path": str(tmp_path / "data")},
        {"container_path": "/ro", "host_path": str(tmp_path / "data"), "readonly": True},
    ]
    container = pod().start(*SLEEP, mounts=mounts)
    script = "echo kept > /rw/x; cat /ro/x; touch /ro/y 2>/dev/null || echo refused"
    assert run_in(cri, container, "sh", "-c", script) == (0, "kept\nrefused\n")


def test_limits_stats_and_update(cri: Cri, pod: Callable[..., Pod]) -> None:
    resources = {"memory_limit_in_bytes": 48 << 20, "cpu_shares": 512}
    container = pod().start(*SLEEP, linux={"resources": resources})
    if not Path("/sys/fs/cgroup/memory").is_dir():
        pytest.skip("kernel: memory is not a v1 hierarchy")
    limit = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
    assert run_in(cri, container, "cat", limit) == (0, f"{48 << 20}\n")
    cri(
        "UpdateContainerResources",
        container_id=container,
        linux={"memory_limit_in_bytes": 64 << 20},
    )
    assert run_in(cri, container, "cat", limit) == (0, f"{64 << 20}\n")
    stats = cri("ContainerStats", container_id=container)["stats"]
    assert int(stats["memory"]["working_set_bytes"]["value"]) > 0


def test_exec_by_stream(cri: Cri, pod: Callable[..., Pod]) -> None:
    """As `kubectl exec -it` has it."""
    container = pod().start(*SLEEP)
    words = ["sh", "-c", "tty; read x; echo got $x; exit 6"]
    stream = cri.stream(
        "Exec", container_id=container, cmd=words, stdin=True, stdout=True, tty=True
    )
    try:
        stream.until(1, b"/dev/pts/")
        stream.send(0, b"words\n")
        stream.until(1, b"got words")
        ended = json.loads(stream.until(3, b"}").decode())
        assert ended["reason"] == "NonZeroExitCode"
        assert ended["details"]["causes"][0]["message"] == "6"
    finally:
        stream.close()


@pytest.mark.parametrize("tty", [False, True], ids=["pipes", "terminal"])
def test_attach(cri: Cri, pod: Callable[..., Pod], tty: bool) -> None:
    script = "while read x; do echo got $x; done"
    container = pod().start("sh", "-c", script, stdin=True, tty=tty)
    wanted = {"stdin": True, "stdout": True, "stderr": not tty, "tty": tty}
    for word in ("one", "two"):  # it goes on after the first has left
        stream = cri.stream("Attach", container_id=container, **wanted)
        try:
            stream.send(0, f"{word}\n".encode())
            stream.until(1, f"got {word}".encode())
        finally:
            stream.close()
    assert status(cri, container)["state"] == "CONTAINER_RUNNING"


def test_port_forward(cri: Cri, pod: Callable[..., Pod]) -> None:
    here = pod()
    server = here.start("sh", "-c", "echo ok > /tmp/index.html; exec httpd -f -p 80 -h /tmp")
    script = "until wget -qO- http://127.0.0.1/index.html 2>/dev/null; do :; done"
    assert run_in(cri, server, "sh", "-c", script) == (0, "ok\n")
    stream = cri.stream("PortForward", pod_sandbox_id=here.id, port=[80])
    try:
        stream.send(0, b"GET /index.html HTTP/1.0\r\n\r\n")
        assert b"200 OK" in stream.until(0, b"ok\n")
    finally:
        stream.close()


def test_the_daemon_restarts(cri: Cri, pod: Callable[..., Pod]) -> None:
    """Pods and containers go on, and the new daemon can do everything with them."""
    here = pod()
    container = here.start(*SLEEP)
    pid = run_in(cri, container, "cat", "/proc/1/stat")
    cri.daemon.restart()
    for _ in range(1000):  # its client finds the new socket
        try:
            assert status(cri, container)["state"] == "CONTAINER_RUNNING"
            break
        except RuntimeError as err:
            assert "onnect" in str(err) or "not initialized" in str(err), err
    assert run_in(cri, container, "cat", "/proc/1/stat")[1].split()[21] == pid[1].split()[21]
    cri("StopContainer", container_id=container, timeout=0)
    assert status(cri, container)["exit_code"] == 137
    other = here.start("sh", "-c", "exit 3")
    assert ended(cri, other)["exit_code"] == 3
