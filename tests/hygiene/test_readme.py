# SPDX-License-Identifier: Apache-2.0
"""The commands that the documents show are there, with the options they show."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from support.runtime import REPO

from pyruntime.cli.options import GLOBAL_OPTIONS, find_verb

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]


def command_lines() -> list[str]:
    """The lines of the documents' sh blocks, continued ones joined, comments left out."""
    lines = []
    for document in DOCUMENTS:
        text = (REPO / document).read_text()
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
            lines += block.replace("\\\n", " ").splitlines()
    return [line for line in lines if shlex.split(line, comments=True)]


LINES = command_lines()
DEV = [line for line in LINES if "./dev " in line]
PYRUNTIME = [line for line in LINES if re.match(r"(sudo )?pyruntime ", line)]


def test_documents_show_commands() -> None:
    assert DEV
    assert PYRUNTIME


@pytest.mark.parametrize("line", DEV)
def test_dev_command_exists(line: str) -> None:
    word = line.split("./dev ", 1)[1].split()[0]
    usage = subprocess.run(
        ["sh", REPO / "dev", "help"], capture_output=True, text=True, check=True
    ).stdout
    assert re.search(rf"^  {re.escape(word)}\b", usage, re.M)


@pytest.mark.parametrize("line", PYRUNTIME)
def test_pyruntime_command_exists(line: str) -> None:
    words = shlex.split(line.split("|")[0].split(">")[0], comments=True)
    words = words[words.index("pyruntime") + 1 :]
    known = {f"--{option.name}" for option in GLOBAL_OPTIONS}
    known |= {f"-{option.short}" for option in GLOBAL_OPTIONS if option.short}
    verb = next((find_verb(word) for word in words if find_verb(word)), None)
    if verb:
        known |= {f"--{option.name}" for option in verb.options}
        known |= {f"-{option.short}" for option in verb.options if option.short}
    else:
        assert "--version" in words
    for word in words:
        if word == "--":
            break
        if word.startswith("-"):
            assert word.partition("=")[0] in known
