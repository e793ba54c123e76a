# SPDX-License-Identifier: Apache-2.0
"""The container's terminal, and the names in /dev that must not lead elsewhere."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from pathlib import Path

import pytest
from support import sandbox
from support.initproc import Init

from pyruntime.plan import ops

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")

DEV_CONSOLE = ops.CONSOLE_DEV_CONSOLE


def own_dev(top: Path, devpts: bool = True) -> None:
    """A /dev of the test's own, in the child's mount namespace."""
    (top / "pts").mkdir(exist_ok=True)
    sandbox.mount(str(top), "/dev", flags=sandbox.MS_BIND)
    if devpts:
        sandbox.mount("devpts", "/dev/pts", "devpts", data="newinstance,ptmxmode=0666")


def console(flags: int = 0) -> list[ops.Step]:
    return [ops.setsid(""), ops.console_open("", rows=33, columns=99, flags=flags)]


def test_terminal_of_the_size_asked_for_becomes_stdio(tmp_path: Path) -> None:
    def after() -> list[object]:
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
        name = os.ttyname(0)
        same = os.fstat(0).st_rdev == os.fstat(1).st_rdev == os.fstat(2).st_rdev
        return [*struct.unpack("HHHH", size)[:2], name, same, os.tcgetpgrp(0) == os.getpid()]

    found = sandbox.run(console(), after, before=lambda: own_dev(tmp_path))
    assert found.result == 0, found
    assert found.value == [33, 99, "/dev/pts/0", True, True]


def test_master_is_sent_with_its_name() -> None:
    with Init([*console(), ops.sync("", phase=ops.PHASE_READY)]) as init:
        message = init.receive()
        assert message and (message.kind, message.data) == (ops.MSG_FD, b"console")
        (master,) = message.fds
        size = fcntl.ioctl(master, termios.TIOCGWINSZ, b"\0" * 8)
        assert struct.unpack("HHHH", size)[:2] == (33, 99)
        os.close(master)


def test_dev_console_is_the_terminal(tmp_path: Path) -> None:
    def after() -> list[object]:
        return [
            os.stat("/dev/console").st_rdev == os.fstat(0).st_rdev,
            os.fstat(0).st_rdev == os.stat("/dev/pts/0").st_rdev,
        ]

    for _ in range(2):  # made, then found
        found = sandbox.run(console(DEV_CONSOLE), after, before=lambda: own_dev(tmp_path))
        assert found.value == [True, True], found
    assert (tmp_path / "console").stat().st_size == 0


@pytest.mark.parametrize("kind", ["file", "missing"])
def test_console_link_is_not_followed(tmp_path: Path, kind: str) -> None:
    dev, canary = tmp_path / "dev", tmp_path / "canary"
    dev.mkdir()
    if kind == "file":
        canary.write_text("untouched")
    (dev / "console").symlink_to(canary)
    found = sandbox.run(
        console(DEV_CONSOLE),
        lambda: [line for line in sandbox.mounts() if "canary" in line],
        before=lambda: own_dev(dev),
    )
    assert (found.errno, found.path) == (errno.ELOOP, "/dev/console")
    assert found.value == []
    assert canary.exists() == (kind == "file")


def test_console_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "console").mkdir()
    found = sandbox.run(console(DEV_CONSOLE), before=lambda: own_dev(tmp_path))
    assert (found.errno, found.path) == (errno.ELOOP, "/dev/console")


@pytest.mark.parametrize("what", ["link", "file", "null", "foreign"])
def test_false_multiplexers_are_refused(tmp_path: Path, what: str) -> None:
    dev = tmp_path / "dev"
    (dev / "pts/pts").mkdir(parents=True)
    ptmx = dev / "pts/ptmx"
    if what == "link":
        ptmx.symlink_to("/dev/ptmx")
    elif what == "file":
        ptmx.write_text("")
    else:
        os.mknod(ptmx, 0o20666, os.makedev(1, 3) if what == "null" else os.makedev(5, 2))

    def before() -> None:
        own_dev(dev, devpts=False)
        # The kernel lets a multiplexer of any file system use the devpts beside it.
        sandbox.mount("devpts", "/dev/pts/pts", "devpts", data="newinstance")

    found = sandbox.run(console(), before=before)
    assert found.path == "/dev/pts/ptmx"
    assert found.errno == (errno.ELOOP if what == "link" else errno.ENXIO)


def test_no_devpts_at_all(tmp_path: Path) -> None:
    found = sandbox.run(console(), before=lambda: own_dev(tmp_path, devpts=False))
    assert (found.errno, found.what, found.path) == (errno.ENOENT, "open", "/dev/pts/ptmx")
