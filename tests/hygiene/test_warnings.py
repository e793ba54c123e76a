# SPDX-License-Identifier: Apache-2.0
"""The C sources convert no number without saying so: clean with -Wconversion and some more."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.runtime import REPO

NATIVE = REPO / "pyruntime/_native"
# These stand on CPython's headers, which are not free of these; their build has its own.
HOSTED = {"embed.c", "make.c"}
SOURCES = [
    *sorted(NATIVE.glob("init/*.c")),
    *(path for path in sorted(NATIVE.glob("*.c")) if path.name not in HOSTED),
]
FLAGS = [
    *("-std=gnu11", "-Os", "-ffreestanding", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"),
    *("-Wconversion", "-Wshadow", "-Wvla", "-Wstrict-prototypes", "-Wmissing-prototypes"),
]


def compiled(*files: Path) -> subprocess.CompletedProcess[str]:
    command = ["gcc", *FLAGS, f"-I{NATIVE}", f"-I{NATIVE}/init", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_no_warning() -> None:
    done = compiled(*SOURCES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "text", ["int f(long a);\nint f(long a) { return a; }", "int f(void) { return 0; }"]
)
def test_a_warning_would_be_seen(text: str, tmp_path: Path) -> None:
    source = tmp_path / "bad.c"
    source.write_text(text + "\n")
    assert compiled(source).returncode == 1
