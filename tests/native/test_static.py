# SPDX-License-Identifier: Apache-2.0
"""The init and the launcher need nothing at run time, and stay small."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from support.initproc import INIT

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_GNU_STACK = 1, 2, 3, 0x6474E551
WRITE, EXECUTE = 2, 1


def segments(program: Path) -> dict[int, list[int]]:
    """Flags of the program headers, by type."""
    data = program.read_bytes()
    offset, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
    found: dict[int, list[int]] = {}
    for index in range(count):
        kind, flags = struct.unpack_from("<II", data, offset + index * size)
        found.setdefault(kind, []).append(flags)
    return found


@pytest.fixture(params=["init", "launcher"])
def program(request: pytest.FixtureRequest, pyruntime: Path) -> Path:
    return INIT if request.param == "init" else pyruntime


def test_is_static(program: Path) -> None:
    found = segments(program)
    assert PT_LOAD in found
    assert PT_INTERP not in found
    assert PT_DYNAMIC not in found


def test_has_no_writable_code(program: Path) -> None:
    found = segments(program)
    assert not any(flags & WRITE and flags & EXECUTE for flags in found[PT_LOAD])
    assert not any(flags & EXECUTE for flags in found[PT_GNU_STACK])


def test_is_small_and_executable(program: Path) -> None:
    assert program.stat().st_size < 100_000
    assert program.stat().st_mode & 0o777 == 0o755
