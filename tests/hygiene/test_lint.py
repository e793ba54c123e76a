# SPDX-License-Identifier: Apache-2.0
"""Formatters, linters and the type checker find nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from support import source
from support.runtime import REPO

PYTHON = ["pyruntime", "tools", "bench", "tests", "setup.py"]
TYPED = ["pyruntime", "tools", "bench", "tests/conftest.py", "tests/support", "tests/vm"]


def check(*command: str) -> None:
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_check() -> None:
    check(sys.executable, "-m", "ruff", "check", "--no-cache", *PYTHON)


def test_ruff_format() -> None:
    check(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", *PYTHON)


@pytest.mark.parametrize("part", TYPED)
def test_mypy(part: str) -> None:
    check(sys.executable, "-m", "mypy", "--strict", part)


def test_clang_format() -> None:
    if not shutil.which("clang-format"):
        pytest.skip("clang-format is not installed")
    native = [
        str(path)
        for path in source.tracked()
        if path.suffix in {".c", ".h"} and ".cdef." not in path.name
    ]
    assert native
    check("clang-format", "--dry-run", "-Werror", *native)


def test_shell_syntax() -> None:
    check("sh", "-n", "dev")
    for script in (
        ".ci/run",
        "tests/vm/guest/init",
        "tests/vm/guest/root/usr/local/sbin/pyruntime-job",
    ):
        check("bash", "-n", script)
