# SPDX-License-Identifier: Apache-2.0
"""The examples of the man pages work as they are printed, in a directory with a bundle `box`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET
from support.bundle import Bundle
from support.runtime import REPO, Runtime

PAGES = REPO / "docs/man"
# What state the container `web` is in before the page's examples; "" without one.
BEFORE = {
    "start": "created",
    "resume": "paused",
    **dict.fromkeys(
        ("delete", "events", "exec", "kill", "list", "mounts", "pause", "ps"), "running"
    ),
    **dict.fromkeys(("state", "top", "update"), "running"),
}
# Their examples take a program that the machine of the tests may not have.
ELSEWHERE = ("pyruntime-checkpoint", "pyruntime-restore")
# Their program ends by itself.
FOREGROUND = ("", "run", "trace")


def examples(page: Path) -> list[str]:
    """The command lines of a page, as a reader sees them."""
    section = page.read_text().partition(".Sh EXAMPLES\n")[2].partition("\n.Sh ")[0]
    lines = re.findall(r"^\.Dl (.+)$", section, re.M)
    return [line.replace(r"\(aq", "'").replace(r"\(dq", '"') for line in lines]


def prepare(runtime: Runtime, bundle: Bundle, name: str, state: str) -> None:
    runtime.ids.append(name)
    if not state:
        return
    runtime("create", "--bundle", bundle, name, **QUIET)
    if state != "created":
        runtime("start", name)
    if state == "paused":
        runtime("pause", name)


@pytest.mark.parametrize("page", sorted({path.stem for path in PAGES.iterdir()} - {*ELSEWHERE}))
def test_examples(
    page: str, runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path, prefix: str
) -> None:
    verb = page.removeprefix("pyruntime").removeprefix("-")
    if verb != "spec":
        made = bundle(["/bin/true"] if verb in FOREGROUND else ["/bin/sleep", "1000"])
        made.path.rename(tmp_path / "box")
        prepare(
            runtime, Bundle(tmp_path / "box", made.config), f"{prefix}web", BEFORE.get(verb, "")
        )
    program = tmp_path / "bin/pyruntime"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(runtime.command())} "$@"\n')
    program.chmod(0o755)
    lines = examples(PAGES / f"{page}.8")
    assert lines
    for line in lines:
        done = subprocess.run(
            ["sh", "-c", re.sub(r"\b(?:web|mybox)\b(?!\.)", f"{prefix}web", line)],
            cwd=tmp_path,
            env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            # a pipe would stay open in a container that is left running
            stdout=(tmp_path / "out").open("a"),
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{(tmp_path / 'out').read_text()}"
