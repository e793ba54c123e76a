# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that use the runtime as a library, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bundle import Bundle
from support.leftovers import Snapshot

import pyruntime

Make = Callable[..., Bundle]

__all__ = ["KNOWS_OTHERS", "Make", "library", "new_id", "sleeper"]

# The kernel tells the exit status of another's child, too.
KNOWS_OTHERS = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 15)


@pytest.fixture
def library(leftovers: Snapshot, state_root: Path) -> pyruntime.Runtime:
    return pyruntime.Runtime(state_root)


@pytest.fixture
def new_id(prefix: str) -> Callable[[], str]:
    count = iter(range(1000))
    return lambda: f"{prefix}api{next(count)}"


@pytest.fixture
def sleeper(
    library: pyruntime.Runtime, bundle: Make, new_id: Callable[[], str]
) -> Iterator[pyruntime.Container]:
    """A container that runs."""
    with library.launch(new_id(), bundle(["/bin/sleep", "600"])) as box:
        yield box
