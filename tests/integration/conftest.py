# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that run the built runtime on this kernel.

$PYRUNTIME may name another OCI runtime, to see that a test expects what the field expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.account import account as account
from integration.asking import QUIET
from integration.gate import Gate
from support.bundle import Bundle
from support.runtime import Runtime


@pytest.fixture
def ours(pyruntime: Path) -> bool:
    """Whether the runtime under test is this project's, and not a peer."""
    return pyruntime.name == "pyruntime"


@pytest.fixture
def only_ours(ours: bool) -> None:
    """For what no peer does, or does otherwise."""
    if not ours:
        pytest.skip("another runtime: this behaviour is pyruntime's alone")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "gate")
    yield made
    made.close()


@pytest.fixture
def running(runtime: Runtime, bundle: Callable[..., Bundle]) -> str:
    """The id of a container that runs and waits for its end."""
    made = bundle(["/bin/sleep", "1000"])
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    return name
