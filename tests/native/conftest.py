# SPDX-License-Identifier: Apache-2.0
"""Directories that the steps of a root file system work on."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    made = tmp_path / "rootfs"
    made.mkdir()
    return made


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A directory of the host that no test may change."""
    made = tmp_path / "canary"
    made.mkdir()
    (made / "file").write_text("untouched")
    return made
