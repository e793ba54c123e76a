# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every kind of test shares; the work is in tests/support."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support import bundle as bundles
from support import guest, skips
from support import leftovers as left
from support.runtime import REPO, Runtime, find_launcher

COUNTER = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--must-work",
        action="store_true",
        help="fail on a skip without a known reason (as CI=true)",
    )
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; runs with --slow")
    config.addinivalue_line("markers", "racer: hundreds of rounds against another process")
    config.addinivalue_line("markers", "vm: runs in the virtual machine, too")
    config.addinivalue_line(
        "markers", "vm_legacy: runs in the virtual machine with cgroup v1 alone, too"
    )
    config.addinivalue_line(
        "markers", "vm_engines: runs in the virtual machine with the engines, too"
    )
    config.addinivalue_line("markers", "vm_user_engines: the same, with the engines")
    config.addinivalue_line(
        "markers", "vm_user: runs in the virtual machine only, as a user with a delegated scope"
    )
    config.addinivalue_line(
        "markers", "vm_selinux: runs in the virtual machine only, with SELinux and its policy"
    )


# Markers of tests that run in one of the machine's runs alone -> what that is for.
ALONE = {
    "vm_user": "a user with a delegated scope",
    "vm_user_engines": "a user with a delegated scope",
    "vm_selinux": "a kernel with SELinux and its policy",
}


def alone(item: pytest.Item) -> str:
    """What it is for, "" when it runs elsewhere, too."""
    return next((ALONE[name] for name in ALONE if item.get_closest_marker(name)), "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))
    if guest.user() == "root":
        items[:] = [item for item in items if not alone(item)]
    elif guest.user() == "":
        for item in items:
            if what := alone(item):
                item.add_marker(pytest.mark.skip(reason=f"virtual machine: for {what}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if skips.must_work(item.config):
        skips.judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    report = yield
    if skips.must_work(collector.config):
        skips.judge(report)
    return report


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the source tree."""
    return REPO


@pytest.fixture(scope="session")
def pyruntime() -> Path:
    """The built launcher: $PYRUNTIME, or that of the in-place build."""
    found = find_launcher()
    if found is None:
        pytest.skip("not built: run ./dev build, or set PYRUNTIME to a launcher")
    return found


@pytest.fixture
def root_user() -> None:
    """For tests that make containers as root."""
    if os.geteuid() != 0:
        pytest.skip("not root")


@pytest.fixture
def prefix() -> str:
    """What the ids, cgroups and files of this test start with."""
    return f"pyrt{os.getpid()}-{next(COUNTER)}-"


@pytest.fixture
def state_root(tmp_path: Path) -> Path:
    """The state directory of this test (not made yet)."""
    return tmp_path / "state"


@pytest.fixture
def bundle(tmp_path: Path, prefix: str) -> Callable[..., bundles.Bundle]:
    """A factory: bundle(["/bin/sh", "-c", "..."], hostname="x", linux={...}, process={...}).

    The changes are laid over a configuration like that of `spec` with a read-only busybox
    rootfs: objects merge, None removes, everything else replaces. The cgroup's name starts
    with the test's prefix.
    """
    number = itertools.count()

    def make(args: list[str] | None = None, **changes: Any) -> bundles.Bundle:
        path = tmp_path / f"bundle{next(number)}"
        return bundles.make_bundle(path, args or ["/bin/true"], changes)

    return make


@pytest.fixture
def leftovers(
    request: pytest.FixtureRequest, root_user: None, prefix: str, state_root: Path, tmp_path: Path
) -> Iterator[left.Snapshot]:
    """Fails the test when it leaves a mount, a cgroup, a process or a container's state."""
    left.become_subreaper()
    roots = [state_root]
    snapshot = left.Snapshot(prefix, roots, [tmp_path], skips.must_work(request.config))
    yield snapshot
    found = snapshot.compare()
    assert not found, "left behind:\n" + "\n".join(found)


@pytest.fixture
def runtime(
    leftovers: left.Snapshot, pyruntime: Path, state_root: Path, prefix: str
) -> Iterator[Runtime]:
    """The runtime with a state root of its own; what it leaves fails the test."""
    made = Runtime(pyruntime, state_root, prefix)
    yield made
    made.cleanup()
