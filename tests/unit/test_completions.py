# SPDX-License-Identifier: Apache-2.0
"""The completions, asked as the shells ask them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.runtime import REPO

FILES = REPO / "completions"
# Prints what is offered for the words given, the last of which is being typed.
BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_pyruntime
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with a pyruntime that has two containers, in one root."""
    program = tmp_path / "pyruntime"
    program.write_text('#!/bin/sh\n[ "$*" = "--root /r list --quiet" ] && echo "c1\nc2"\nexit 0\n')
    program.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


def offered(path: str, *words: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", BASH, "bash", str(FILES / "pyruntime.bash"), "pyruntime", *words],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options(path: str) -> None:
    assert {"run", "create", "doctor"} < set(offered(path, ""))
    assert offered(path, "valid") == ["validate"]
    assert offered(path, "--log-f") == ["--log-format"]
    assert offered(path, "--debug", "list", "--q") == ["--quiet"]


def test_values(path: str) -> None:
    assert offered(path, "--log-format", "j") == ["json"]
    assert offered(path, "list", "--format", "") == ["table", "json"]
    assert offered(path, "exec", "-e", "") == []


def test_ids_of_the_root_that_is_meant(path: str) -> None:
    assert offered(path, "--root", "/r", "kill", "") == ["c1", "c2"]
    assert offered(path, "kill", "") == []
    assert offered(path, "--root", "/r", "create", "") == []


@pytest.mark.parametrize(("shell", "name"), [("zsh", "_pyruntime"), ("fish", "pyruntime.fish")])
def test_other_shells_can_read_theirs(shell: str, name: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", FILES / name], check=True)


def test_fish_offers_what_bash_does(path: str, tmp_path: Path) -> None:
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    script = f"source {FILES}/pyruntime.fish; complete -C 'pyruntime list --format '"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(line.split("\t")[0] for line in done.stdout.splitlines()) == ["json", "table"]
