# SPDX-License-Identifier: Apache-2.0
"""Memory files that nobody can change: the plan's and the init's."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from support.initproc import INIT, Init, checked, lib

from pyruntime.plan import ops

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def assert_sealed(fd: int) -> None:
    assert fcntl.fcntl(fd, fcntl.F_GET_SEALS) & SEALS == SEALS
    with pytest.raises(PermissionError):
        os.pwrite(fd, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(fd, 0)
    with pytest.raises(PermissionError):
        os.ftruncate(fd, 1 << 20)


@pytest.mark.parametrize("size", [1, 100_000])
def test_plan_is_what_was_given(size: int) -> None:
    data = os.urandom(size)
    fd = checked(lib.pyr_memfd(b"name", data, size, 0))
    assert os.pread(fd, size + 1, 0) == data
    assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    assert_sealed(fd)
    assert os.fstat(fd).st_mode & 0o111 == 0
    os.close(fd)


def test_image_is_the_init() -> None:
    fd = checked(lib.pyr_init_image(os.fsencode(INIT)))
    assert os.pread(fd, 1 << 20, 0) == INIT.read_bytes()
    assert_sealed(fd)
    os.close(fd)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/nonexistent", errno.ENOENT), ("/tmp", errno.EINVAL), ("/dev/zero", errno.EINVAL)],
)
def test_image_of_what_is_no_file(path: str, expected: int) -> None:
    before = os.listdir("/proc/self/fd")
    assert lib.pyr_init_image(path.encode()) == -expected
    assert os.listdir("/proc/self/fd") == before


def test_running_init_cannot_be_overwritten() -> None:
    """Whoever reaches /proc/PID/exe of a container's init finds a file that keeps its bytes."""
    with Init([ops.sync("", phase=ops.PHASE_READY)]) as init:
        assert init.receive() is not None
        exe = Path(f"/proc/{init.pid}/exe")
        with pytest.raises(OSError, match=r"Text file busy|Operation not permitted"):
            exe.open("wb").write(b"x")
        assert exe.read_bytes() == INIT.read_bytes()
