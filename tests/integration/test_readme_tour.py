# SPDX-License-Identifier: Apache-2.0
"""The tour of the README works as it is printed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.leftovers import exited
from support.runtime import REPO, Runtime

TERMINAL = 'script -qec "{}" /dev/null'


def blocks() -> list[list[str]]:
    """The lines of each sh block of the tour."""
    tour = (REPO / "README.md").read_text().split("\n## A tour\n")[1].split("\n## ")[0]
    return [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```", tour, re.M | re.S)]


@pytest.fixture
def shell(
    runtime: Runtime, tmp_path: Path, prefix: str
) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Runs a line with `pyruntime` on the PATH, and the tour's id made ours."""
    program = tmp_path / "bin/pyruntime"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(runtime.command())} "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()

    def run(line: str, text: str = "") -> subprocess.CompletedProcess[str]:
        with (tmp_path / "out").open("w+") as out:
            done = subprocess.run(
                ["sh", "-c", line.replace("mybox", f"{prefix}mybox")],
                cwd=work,
                env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
                input=text,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
                check=False,
            )
            out.seek(0)
            done.stdout = out.read()
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done

    yield run
    runtime("delete", "--force", f"{prefix}mybox")


def test_the_tour(shell: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    first, second = blocks()
    for line in first:
        if "pyruntime run" in line:
            command = line.partition("#")[0].strip()
            assert (
                "hello from the box"
                in shell(TERMINAL.format(command), "echo hello from the box\nexit\n").stdout
            )
        else:
            shell(line)
    config_path = tmp_path / "work/box/config.json"
    config = json.loads(config_path.read_text())
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/sh", "-c", "while :; do /bin/busybox sleep 1; done"]
    config_path.write_text(json.dumps(config))
    said = {}
    for line in second:
        said[line.split()[1]] = shell(line).stdout
        if "pyruntime start" in line:
            pid = json.loads(shell("pyruntime state mybox").stdout)["pid"]
        if "pyruntime kill" in line:
            assert exited(pid)
    assert '"status": "created"' in said["state"]
    assert said["exec"].strip().isdigit()
    assert "running" in said["list"]
