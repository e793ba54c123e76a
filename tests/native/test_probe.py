# SPDX-License-Identifier: Apache-2.0
"""Trying a system call tells whether the kernel has it, and changes nothing."""

from __future__ import annotations

import errno
import os

import pytest

from pyruntime._shim import lib
from pyruntime.host.survey import CALLS


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_this_kernel(name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root")
    before = sorted(os.listdir("/proc/self/fd"))
    assert lib.pyr_call_exists(name.encode()) == 0
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", [b"", b"openat", b"openat22", b"reboot"])
def test_other_names(name: bytes) -> None:
    assert lib.pyr_call_exists(name) == -errno.ENODATA
