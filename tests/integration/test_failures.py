# SPDX-License-Identifier: Apache-2.0
"""Every induced failure is named clearly and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.failures import FAILURES, Failure
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime


def created(runtime: Runtime, bundle: Bundle, log: Path) -> tuple[str, int, str]:
    """`create` with stdio that a container may keep: its id, exit code and errors."""
    name = runtime.new_id()
    with log.open("w+") as errors:
        done = runtime(
            "create", "--bundle", bundle, name,
            stdout=subprocess.DEVNULL, stderr=errors, check=False,
        )  # fmt: skip
    return name, done.returncode, log.read_text()


def check_said(failure: Failure, said: str, *, ours: bool) -> None:
    for wanted in (*failure.says, *(failure.ours if ours else ())):
        assert re.search(wanted, said, re.IGNORECASE), f"{wanted!r} is not in: {said}"
    assert "Traceback" not in said
    assert "internal error" not in said


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_create_and_start(
    failure: Failure,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    leftovers: Snapshot,
    tmp_path: Path,
    ours: bool,
) -> None:
    # Peers notice a failed startContainer hook too late for `start` to fail, and some run
    # poststart hooks before `create` ends.
    if not ours and not (failure.peers and failure.verb == "create"):
        pytest.skip("another runtime: this behaviour is pyruntime's alone")
    made = bundle()
    failure.spoil(made)
    name, code, said = created(runtime, made, tmp_path / "create.err")
    if failure.verb == "start":
        assert code == 0, said
        done = runtime("start", name, check=False)
        code, said = done.returncode, done.stderr + (tmp_path / "create.err").read_text()
    assert code == 1
    check_said(failure, said, ours=ours)
    assert leftovers.compare() == []


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_run(
    failure: Failure,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    leftovers: Snapshot,
    ours: bool,
) -> None:
    if not (ours or failure.peers):
        pytest.skip("another runtime: this behaviour is pyruntime's alone")
    made = bundle()
    failure.spoil(made)
    done = runtime.run(made, check=False)
    # A peer's `run` may take a late failure for the program's own end.
    assert done.returncode == 1 or (not ours and failure.verb == "start")
    assert done.stdout == ""
    check_said(failure, done.stderr, ours=ours)
    assert leftovers.compare() == []
