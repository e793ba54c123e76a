# SPDX-License-Identifier: Apache-2.0
"""The device filter's loading, on a cgroup2 group of the test's own."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.initproc import lib

V2 = next(
    (path for path in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
     if (path / "cgroup.controllers").exists()),
    None,
)  # fmt: skip
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or V2 is None, reason="not root, or no cgroup2 hierarchy"
)


def returns(value: int) -> bytes:
    """r0 = value; exit"""
    return struct.pack("<BBhi", 0xB7, 0, 0, value) + struct.pack("<BBhi", 0x95, 0, 0, 0)


@pytest.fixture
def group(prefix: str) -> Iterator[Path]:
    assert V2 is not None
    path = V2 / f"{prefix}bpf"
    path.mkdir()
    yield path
    path.rmdir()


def set_filter(group: Path, program: bytes) -> tuple[int, str]:
    log = os.memfd_create("log")
    fd = os.open(group, os.O_RDONLY | os.O_DIRECTORY)
    try:
        result = lib.pyr_bpf_device(fd, program, len(program) // 8, log)
        return result, os.pread(log, 4096, 0).decode()
    finally:
        os.close(fd)
        os.close(log)


def can_open_null(group: Path) -> bool:
    pid = os.fork()
    if pid == 0:
        (group / "cgroup.procs").write_text("0")
        try:
            os.open("/dev/null", os.O_RDWR)
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_last_filter_counts(group: Path) -> None:
    assert can_open_null(group)
    for allowed in (0, 1, 0, 1):
        assert set_filter(group, returns(allowed)) == (0, "")
        assert can_open_null(group) == bool(allowed)


def test_filters_do_not_pile_up(group: Path) -> None:
    """The kernel takes 64 on one group."""
    for _ in range(70):
        assert set_filter(group, returns(1))[0] == 0


def test_verifier_says_why(group: Path) -> None:
    result, log = set_filter(group, returns(1)[8:])  # exit without a value
    assert result in (-errno.EACCES, -errno.EINVAL)
    assert "R0" in log


def test_group_that_is_none(tmp_path: Path) -> None:
    assert set_filter(tmp_path, returns(1))[0] == -errno.EBADF
