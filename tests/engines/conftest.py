# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that put the runtime under a container engine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.containerd import Ctr, Daemon, remove_namespace
from engines.docker_podman import Dockerd, Engine, docker, podman
from engines.image import NAME, make_image
from engines.user_podman import leave, user_podman
from support import guest
from support.leftovers import Snapshot, become_subreaper

NAMESPACE = PARENT = f"pyruntime-test-{os.getpid()}"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a busybox image."""
    return make_image(tmp_path_factory.mktemp("image") / "busybox.tar")


@pytest.fixture(scope="session")
def containerd(tmp_path_factory: pytest.TempPathFactory, image: Path) -> Iterator[Daemon]:
    """A private containerd that has the test image."""
    if os.geteuid() != 0:
        pytest.skip("not root")
    if not (shutil.which("containerd") and shutil.which("ctr")):
        pytest.skip("containerd is not installed")
    become_subreaper()
    daemon = Daemon(tmp_path_factory.mktemp("containerd"))
    Ctr(daemon, NAMESPACE, Path(), "")("image", "import", str(image))
    yield daemon
    daemon.stop()
    remove_namespace(NAMESPACE)


@pytest.fixture
def ctr(containerd: Daemon, pyruntime: Path, leftovers: Snapshot, prefix: str) -> Iterator[Ctr]:
    """ctr with the runtime under test. What is left after the test fails it."""
    leftovers.roots.append(Path("/run/containerd/runc", NAMESPACE))
    leftovers.marks.append(prefix)
    made = Ctr(containerd, NAMESPACE, pyruntime, prefix)
    yield made
    made.cleanup()


@pytest.fixture(scope="session", params=["docker", "podman"])
def engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    pyruntime: Path,
    image: Path,
) -> Iterator[Engine]:
    """The engine with the test image. Its cgroups and mounts must be gone in the end."""
    name = request.param
    if os.geteuid() != 0 and not guest.user():
        pytest.skip("not root")
    if not shutil.which({"docker": "dockerd"}.get(name, "podman")):
        pytest.skip(f"{name} is not installed")
    become_subreaper()
    if name == "podman-user":
        yield from users_engine(pyruntime, image)
        return
    here = tmp_path_factory.mktemp(name)
    daemon = Dockerd(here, pyruntime) if name == "docker" else None
    made = docker(daemon, PARENT) if daemon else podman(here, pyruntime, PARENT)
    made("load", "-i", str(image))
    yield made
    made("rmi", "-f", NAME)
    if daemon:
        daemon.stop()
    remove_parent()
    assert str(here) not in Path("/proc/self/mountinfo").read_text()


def users_engine(pyruntime: Path, image: Path) -> Iterator[Engine]:
    """Where the user can reach it, as he cannot what pytest makes for root."""
    here = Path(tempfile.mkdtemp(prefix=PARENT))
    here.chmod(0o755)
    shutil.copy(image, here / "image.tar")
    made = user_podman(here, pyruntime)
    try:
        if made("run", "--help", check=False).returncode in (126, 127):
            pytest.skip("machine: the build is in a directory of root's alone")
        made("load", "-i", str(here / "image.tar"))
        yield made
    finally:
        leave(made, here)


def remove_parent() -> None:
    """The engines leave the parent, and Podman its monitors' cgroup in it; both are empty. So is
    the parent that `podman play kube` can't be told to leave alone."""
    for hierarchy in Path("/sys/fs/cgroup").iterdir():
        for parent in (PARENT, "libpod_parent"):
            for path, _, _ in os.walk(hierarchy / parent, topdown=False):
                os.rmdir(path)


@pytest.fixture
def shared(engine: Engine, tmp_path: Path) -> Iterator[Path]:
    """A directory of the one who runs the engine."""
    if not engine.uid:
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix=PARENT))
    os.chown(made, engine.uid, engine.uid)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def detached(engine: Engine, prefix: str) -> Iterator[str]:
    """A running container, removed afterwards."""
    engine.run("-d", "--name", prefix, NAME, "sleep", "1000")
    yield prefix
    engine("kill", prefix, check=False)
    engine("rm", "-f", prefix)
