# SPDX-License-Identifier: Apache-2.0
"""Generated files are committed; each generator says whether its own are fresh."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.runtime import REPO

GENERATORS = sorted((REPO / "tools").glob("gen_*.py"))


def test_there_are_generators() -> None:
    assert GENERATORS


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda path: path.stem)
def test_generated_files_are_fresh(generator: Path) -> None:
    done = subprocess.run(
        [sys.executable, generator, "--check"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
