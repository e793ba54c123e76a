# SPDX-License-Identifier: Apache-2.0
"""What Podman alone has: its users, pods, units; root's and an ordinary user's."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.daemon import PATIENCE
from engines.docker_podman import Engine
from engines.image import NAME
from engines.test_users import inspect, output, remove, shell
from integration.test_notify import sender

__all__ = ["sender"]

pytestmark = pytest.mark.parametrize("engine", ["podman", "podman-user"], indirect=True)

MAP = "cat /proc/self/uid_map"


def id_map(text: str) -> list[list[int]]:
    return [[int(word) for word in line.split()] for line in text.splitlines()]


@pytest.fixture
def pod(engine: Engine, prefix: str) -> Iterator[str]:
    """Its name; what it is made of is the test's."""
    name = f"{prefix}pod"
    yield name
    engine("pod", "rm", "-f", "-t", "0", name, check=False)


def pod_options(engine: Engine) -> list[str]:
    return ["--network", "none", "--infra-command", "/catatonit -P", *engine.place]


# ---- user namespaces -----------------------------------------------------------------------


def test_ids(engine: Engine) -> None:
    if not engine.uid:
        assert id_map(output(engine, NAME, *shell(MAP))) == [[0, 0, 4294967295]]
        return
    own, rest = id_map(output(engine, NAME, *shell(MAP)))
    assert own == [0, engine.uid, 1]
    assert rest[0] == 1 and rest[2] >= 65536


def test_keep_id(engine: Engine) -> None:
    if not engine.uid:
        pytest.skip("machine: keep-id is for an ordinary user")
    lines = output(engine, "--userns", "keep-id", NAME, *shell(f"id -u; id -g; {MAP}")).splitlines()
    assert lines[:2] == [str(engine.uid)] * 2
    assert [engine.uid, 0, 1] in id_map("\n".join(lines[2:]))


def test_nomap(engine: Engine) -> None:
    if not engine.uid:
        pytest.skip("machine: nomap is for an ordinary user")
    (first,) = id_map(output(engine, "--userns", "nomap", NAME, *shell(MAP)))
    assert first[:2] == [0, 1], "the user's own id is not in it"


def test_maps_that_are_chosen(engine: Engine, shared: Path) -> None:
    """Files of the image have the container's ids, those of a volume are given to it."""
    options = ["--uidmap", "0:100:500", "--gidmap", "0:200:500", "-v", f"{shared}:/v:U"]
    script = f"{MAP}; stat -c %u:%g /bin/busybox /v; touch /v/x && stat -c %u /v/x"
    first, *owners = output(engine, *options, NAME, *shell(script)).splitlines()
    assert first.split() == ["0", "100", "500"]
    assert owners == ["0:0", "0:0", "0"]


def test_auto(engine: Engine) -> None:
    """Ids that no other container has, out of the subordinate ones."""
    if not engine.uid and "containers:" not in Path("/etc/subuid").read_text():
        pytest.skip("machine: root has no subordinate ids for Podman")
    (first,) = id_map(output(engine, "--userns", "auto:size=3000", NAME, *shell(MAP)))
    assert (first[0], first[2]) == (0, 3000)


def test_keep_groups(engine: Engine) -> None:
    """A group of the user's stays, though it has no number in his namespace."""
    text = output(engine, "--group-add", "keep-groups", NAME, "grep", "Groups", "/proc/self/status")
    mine = {"65534"} if engine.uid else {str(group) for group in os.getgroups()}
    assert set(text.split()[1:]) == mine


# ---- pods ----------------------------------------------------------------------------------


def test_pod(engine: Engine, pod: str, prefix: str) -> None:
    engine("pod", "create", "--name", pod, "--share", "net,ipc,uts,pid", *pod_options(engine))
    one, two = f"{prefix}1", f"{prefix}2"
    engine("run", "-d", "--pod", pod, "--name", one, NAME, "sleep", "1000")
    engine("run", "-d", "--pod", pod, "--name", two, NAME, "sleep", "1001")
    script = "for kind in net ipc uts pid; do readlink /proc/self/ns/$kind; done"
    spaces = [engine("exec", name, *shell(script)).stdout for name in (one, two)]
    assert spaces[0] == spaces[1] and len(spaces[0].split()) == 4
    assert "sleep 1001" in engine("exec", one, "ps").stdout
    mounts = {engine("exec", name, "readlink", "/proc/self/ns/mnt").stdout for name in (one, two)}
    assert len(mounts) == 2
    engine("pod", "stop", "-t", "0", pod)
    assert engine("pod", "inspect", "-f", "{{.State}}", pod).stdout.strip() == "Exited"
    engine("pod", "start", pod)
    assert inspect(engine, two, "{{.State.Status}}") == "running"


KUBE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "spec": {
        "restartPolicy": "Never",
        "volumes": [{"name": "both", "emptyDir": {}}],
        "initContainers": [
            {"name": "before", "command": ["sh", "-c", "echo init > /v/init"]},
        ],
        "containers": [
            {"name": "writer", "command": ["sh", "-c", "echo hello > /v/x; exec sleep 1000"]},
            {"name": "reader", "command": ["sleep", "1000"]},
        ],
    },
}


def kube(name: str, **more: Any) -> str:
    document = json.loads(json.dumps(KUBE)) | {"metadata": {"name": name}}
    for container in (*document["spec"]["initContainers"], *document["spec"]["containers"]):
        container |= {"image": NAME, "imagePullPolicy": "Never"} | more
        container["volumeMounts"] = [{"name": "both", "mountPath": "/v"}]
    return json.dumps(document)


def test_play_kube(engine: Engine, pod: str, shared: Path) -> None:
    file = shared / "pod.yaml"
    file.write_text(kube(pod, securityContext={"runAsUser": 0, "readOnlyRootFilesystem": True}))
    engine("play", "kube", "--network", "none", str(file))
    try:
        for _ in range(20):  # the two start at the same time
            done = engine("exec", f"{pod}-reader", "cat", "/v/init", "/v/x", check=False)
            if done.returncode == 0:
                break
        assert done.stdout == "init\nhello\n"
        assert engine("exec", f"{pod}-writer", *shell("touch /x || echo ro")).stdout == "ro\n"
    finally:
        engine("play", "kube", "--down", str(file))
    assert pod not in engine("pod", "ps").stdout
    engine("volume", "rm", "-f", "both", check=False)


def test_play_kube_with_limits_that_cannot_be(engine: Engine, pod: str, shared: Path) -> None:
    """Podman leaves out an ordinary user's limits of version 1 with a warning, but not these."""
    if not engine.uid:
        pytest.skip("machine: root's limits can be")
    file = shared / "pod.yaml"
    file.write_text(kube(pod, resources={"limits": {"memory": "64Mi"}}))
    done = engine("play", "kube", "--network", "none", str(file), check=False)
    try:
        assert done.returncode != 0
        assert "cgroup" in done.stdout + done.stderr
    finally:
        engine("play", "kube", "--down", str(file))
        engine("volume", "rm", "-f", "both", check=False)


# ---- what watches a container ---------------------------------------------------------------


def test_healthcheck(engine: Engine, prefix: str) -> None:
    check = ["--health-cmd", "test -e /tmp/ok", "--health-interval", "0", "--health-retries", "1"]
    engine.run("-d", "--name", prefix, *check, NAME, "sleep", "1000")
    try:
        assert engine("healthcheck", "run", prefix, check=False).returncode == 1
        assert inspect(engine, prefix, "{{.State.Health.Status}}") == "unhealthy"
        engine("exec", prefix, "touch", "/tmp/ok")
        assert engine("healthcheck", "run", prefix).returncode == 0
        assert inspect(engine, prefix, "{{.State.Health.Status}}") == "healthy"
    finally:
        remove(engine, prefix)


@pytest.mark.parametrize("kind", ["conmon", "container"])
def test_sdnotify(engine: Engine, prefix: str, shared: Path, sender: Path, kind: str) -> None:
    """As in a unit with Type=notify: ready when the container runs, or when it says so."""
    program = shared / "notify"
    program.write_bytes(sender.read_bytes())
    program.chmod(0o755)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(shared / "manager"))
    os.chmod(shared / "manager", 0o777)
    manager.settimeout(PATIENCE)
    words = ["run", "-d", "--name", prefix, "--sdnotify", kind, "--network", "none", *engine.place]
    script = "/notify STATUS=word READY=1 < /dev/null; exec sleep 1000"
    words += ["-v", f"{program}:/notify:ro", NAME, *shell(script)]
    with manager, (shared / "said").open("w+") as said:
        started = subprocess.Popen(
            [*engine.words, *words],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={**engine.environment, "NOTIFY_SOCKET": str(shared / "manager")},
        )
        try:
            told = ""
            while "READY=1" not in told or "MAINPID=" not in told:
                told += manager.recv(4096).decode() + "\n"
            assert started.wait(PATIENCE) == 0, (shared / "said").read_text()
            assert f"MAINPID={inspect(engine, prefix, '{{.State.ConmonPid}}')}\n" in told
        finally:
            started.kill()
            started.wait()
            remove(engine, prefix)


def test_slirp4netns_and_ports(engine: Engine, prefix: str) -> None:
    """Without rights: a tap device and a forwarder of ports, in user space."""
    if not engine.uid:
        pytest.skip("machine: root's network is a bridge, which would be the host's")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = "echo ok > /tmp/index.html; ip -o link; exec httpd -f -p 80 -h /tmp"
    words = ["run", "-d", "--name", prefix, "--network", "slirp4netns"]
    engine(*words, "-p", f"127.0.0.1:{port}:80", NAME, *shell(server))
    try:
        url = f"http://127.0.0.1:{port}/index.html"
        for _ in range(100):
            done = subprocess.run(
                ["busybox", "wget", "-qO-", url], capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                break
        assert done.stdout == "ok\n", done.stderr
        assert ": tap0:" in engine("logs", prefix).stdout
    finally:
        remove(engine, prefix)
