# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that put the runtime under a container engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.containerd import Ctr, Daemon, remove_namespace
from engines.image import make_image
from support.leftovers import Snapshot, become_subreaper

NAMESPACE = f"pyruntime-test-{os.getpid()}"


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
