# SPDX-License-Identifier: Apache-2.0
"""The programs of docs/python.md and of README.md print what stands below them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import REPO

EXAMPLE = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.M | re.S)
IDS = ("hello", "worker", "modest", "failing", "greedy")


def examples() -> list[tuple[str, str]]:
    """Program and output of each."""
    texts = [(REPO / name).read_text() for name in ("docs/python.md", "README.md")]
    return [found for text in texts for found in EXAMPLE.findall(text)]


def test_there_are_examples() -> None:
    assert len(examples()) >= 4
    assert all(f'"{name}"' in "".join(program for program, _ in examples()) for name in IDS)


@pytest.mark.parametrize("number", range(len(examples())))
def test_the_program_prints_this(
    number: int,
    leftovers: Snapshot,
    bundle: Callable[..., Bundle],
    prefix: str,
    state_root: Path,
    tmp_path: Path,
) -> None:
    """In developer's mode, so that a descriptor or file left open is a warning."""
    program, output = examples()[number]
    (tmp_path / "box").symlink_to(bundle().path)
    for name in IDS:
        program = program.replace(f'"{name}"', f'"{prefix}{name}"')
    program = program.replace("/run/myapp", str(state_root))
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-"],
        input=program,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.replace(prefix, "") == output
