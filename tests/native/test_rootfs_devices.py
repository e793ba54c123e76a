# SPDX-License-Identifier: Apache-2.0
"""Device nodes and symbolic links in a rootfs that somebody hostile has made."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from support.sandbox import Outcome, container, mounts, run

from pyruntime.plan import ops
from pyruntime.plan.step import Step

pytestmark = pytest.mark.usefixtures("root_user")

CHAR, BLOCK, FIFO = stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO


def null(path: str = "/dev/null", **changes: int) -> Step:
    wanted = {"mode": CHAR | 0o666, "major": 1, "minor": 3} | changes
    return ops.device("", path=path, **wanted)


def look(path: Path) -> tuple[int, int, int, int]:
    st = path.lstat()
    return st.st_mode, st.st_rdev, st.st_uid, st.st_gid


def in_container(rootfs: Path, *steps: Step, umask: int = 0o22) -> Outcome:
    return run([*container(rootfs), *steps], before=lambda: os.umask(umask))


@pytest.mark.parametrize("umask", [0, 0o77])
def test_node_as_asked(rootfs: Path, umask: int) -> None:
    step = null("/dev/deep/node", mode=BLOCK | 0o4671, major=300, minor=70000, uid=11, gid=12)
    outcome = in_container(rootfs, step, umask=umask)
    assert outcome.result == 0, outcome
    mode, rdev, uid, gid = look(rootfs / "dev/deep/node")
    assert (mode, os.major(rdev), os.minor(rdev)) == (BLOCK | 0o4671, 300, 70000)
    assert (uid, gid) == (11, 12)


def test_fifo(rootfs: Path) -> None:
    outcome = in_container(rootfs, null("/run/pipe", mode=FIFO | 0o622), umask=0o77)
    assert outcome.result == 0, outcome
    assert look(rootfs / "run/pipe") == (FIFO | 0o622, 0, 0, 0)


def test_existing_node_is_left_alone(rootfs: Path) -> None:
    (rootfs / "dev").mkdir()
    node = rootfs / "dev/null"
    os.mknod(node, CHAR | 0o600, os.makedev(1, 3))
    os.chown(node, 5, 5)
    before = look(node)
    assert in_container(rootfs, null(uid=1)).result == 0
    assert look(node) == before


@pytest.mark.parametrize("kind", ["file", "dir", "fifo", "other", "block", "link", "dangling"])
def test_existing_something_else(rootfs: Path, canary: Path, kind: str) -> None:
    (rootfs / "dev").mkdir()
    node = rootfs / "dev/null"
    if kind == "file":
        node.write_text("")
    elif kind == "dir":
        node.mkdir()
    elif kind == "fifo":
        os.mkfifo(node)
    elif kind == "link":
        node.symlink_to("/dev/other")
        os.mknod(rootfs / "dev/other", CHAR, os.makedev(1, 3))
    elif kind == "dangling":
        node.symlink_to(canary / "new")
    else:
        os.mknod(node, BLOCK if kind == "block" else CHAR, os.makedev(1, 3 + (kind == "other")))
    outcome = in_container(rootfs, null())
    assert outcome.errno == errno.EEXIST
    assert outcome.what == "mknod: the path exists and is not this device"
    assert os.listdir(canary) == ["file"]


def test_dev_that_is_a_link(rootfs: Path, canary: Path) -> None:
    (rootfs / "dev").symlink_to(canary)
    steps = [
        null(),
        ops.symlink("", target="pts/ptmx", path="/dev/ptmx"),
        ops.symlink("", target="/nowhere", path="/dev/file"),
    ]
    outcome = in_container(rootfs, *steps)
    assert outcome.result == 0, outcome
    assert os.listdir(canary) == ["file"]
    inside = rootfs / str(canary).lstrip("/")
    assert sorted(os.listdir(inside)) == ["file", "null", "ptmx"]


def test_host_node_is_bound(rootfs: Path) -> None:
    def after() -> tuple[int, int]:
        node = rootfs / "dev/null"
        return os.lstat(node).st_rdev, os.lstat(node).st_ino

    outcome = run([*container(rootfs), null(flags=ops.DEVICE_BIND)], after)
    assert outcome.value == (os.makedev(1, 3), os.lstat("/dev/null").st_ino), outcome
    assert stat.S_ISREG((rootfs / "dev/null").lstat().st_mode)


def test_host_node_must_be_the_device(rootfs: Path) -> None:
    outcome = in_container(rootfs, null(minor=5, flags=ops.DEVICE_BIND))
    assert outcome.errno == errno.EEXIST
    assert outcome.what == "the host's file is not this device"
    assert not (rootfs / "dev/null").exists()


def test_host_node_is_not_bound_through_a_link(rootfs: Path, canary: Path) -> None:
    (rootfs / "dev").mkdir()
    (rootfs / "dev/null").symlink_to(canary / "file")
    outcome = run(
        [*container(rootfs), null(flags=ops.DEVICE_BIND)],
        lambda: [path for path in mounts() if path.startswith(str(canary))],
    )
    assert outcome.errno == errno.ELOOP
    assert outcome.value == []


@pytest.mark.parametrize("path", ["/", "", "/dev/.", "/dev/.."])
def test_no_name(rootfs: Path, path: str) -> None:
    for step in (null(path), ops.symlink("", target="x", path=path)):
        outcome = in_container(rootfs, step)
        assert outcome.errno == errno.EINVAL
        assert outcome.what == "resolve: no name at the end"


def link(*, optional: bool) -> Step:
    flags = ops.SYMLINK_OPTIONAL if optional else 0
    return ops.symlink("", flags=flags, target="/proc/self/fd", path="/dev/fd")


@pytest.mark.parametrize("optional", [True, False])
def test_symlink(rootfs: Path, optional: bool) -> None:
    step = link(optional=optional)
    outcome = in_container(rootfs, step, step)
    assert outcome.result == 0, outcome
    assert os.readlink(rootfs / "dev/fd") == "/proc/self/fd"


def test_optional_symlink_gives_way(rootfs: Path) -> None:
    (rootfs / "dev/fd").mkdir(parents=True)
    assert in_container(rootfs, link(optional=True)).result == 0
    assert (rootfs / "dev/fd").is_dir()


@pytest.mark.parametrize("existing", ["file", "link", "node"])
def test_symlink_replaces(rootfs: Path, canary: Path, existing: str) -> None:
    (rootfs / "dev").mkdir()
    entry = rootfs / "dev/fd"
    if existing == "file":
        entry.write_text("")
    elif existing == "link":
        entry.symlink_to(canary / "file")
    else:
        os.mknod(entry, CHAR, os.makedev(5, 2))
    outcome = in_container(rootfs, link(optional=False))
    assert outcome.result == 0, outcome
    assert os.readlink(entry) == "/proc/self/fd"
    assert os.listdir(canary) == ["file"]


def test_symlink_does_not_replace_a_directory(rootfs: Path) -> None:
    (rootfs / "dev/fd").mkdir(parents=True)
    outcome = in_container(rootfs, link(optional=False))
    assert outcome.errno == errno.EISDIR
