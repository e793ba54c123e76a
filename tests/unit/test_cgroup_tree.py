# SPDX-License-Identifier: Apache-2.0
"""Directories that are made are known to be, whenever a signal comes; plain ones serve here."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType

import pytest

from pyruntime.cgroups import tree


class Signalled(BaseException):
    pass


def interrupted_make(path: Path, made: list[str], *, nth: int) -> None:
    """make(), with the exception of a signal handler as the nth mkdir returns."""
    seen = 0

    def profile(_: FrameType, event: str, what: object) -> None:
        nonlocal seen
        if event in ("c_return", "c_exception") and what is os.mkdir:
            seen += 1
            if seen == nth and event == "c_return":
                raise Signalled

    sys.setprofile(profile)
    try:
        tree.make(str(path), str(path.parents[1]), made)
    finally:
        sys.setprofile(None)


# The first mkdir finds no parent, the second makes it, the third makes the directory.
@pytest.mark.parametrize("nth", [2, 3])
def test_what_was_made_as_a_signal_came_is_unmade(tmp_path: Path, nth: int) -> None:
    made: list[str] = []
    with pytest.raises(Signalled):
        interrupted_make(tmp_path / "parent/leaf", made, nth=nth)
    assert (tmp_path / "parent").is_dir()
    tree.unmake(made)
    assert list(tmp_path.iterdir()) == []


def test_only_what_was_not_there_counts_as_made(tmp_path: Path) -> None:
    (tmp_path / "parent").mkdir()
    made: list[str] = []
    assert tree.make(f"{tmp_path}/parent/leaf", str(tmp_path), made)
    assert not tree.make(f"{tmp_path}/parent/leaf", str(tmp_path), made)
    assert made == [f"{tmp_path}/parent/leaf"]
    tree.unmake(made)
    assert list(tmp_path.iterdir()) == [tmp_path / "parent"]
