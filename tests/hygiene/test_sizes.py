# SPDX-License-Identifier: Apache-2.0
"""No file above 600 lines, no function above 80: what must be longer is two things."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support import source

MAX_FILE = 600
MAX_FUNCTION = 80
GENERATED = re.compile(r"Generated (from|by) ")
SOURCES = [path for path in source.tracked() if path.suffix in {".py", ".c", ".h", ".pyi"}]
HAND_WRITTEN = [path for path in SOURCES if not GENERATED.search(path.read_text()[:400])]


def relative(path: Path) -> str:
    return str(path.relative_to(source.REPO))


def c_functions(text: str) -> list[tuple[str, int]]:
    """(first line, length) of each function, told by its braces in column one."""
    found = []
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        if start is None and re.match(r"[a-z_].*\)?\s*\{$", line) and "(" in line:
            start = number
        elif line == "}" and start is not None:
            found.append((lines[start], number - start + 1))
            start = None
    return found


@pytest.mark.parametrize("path", HAND_WRITTEN, ids=relative)
def test_file_size(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE


@pytest.mark.parametrize("path", HAND_WRITTEN, ids=relative)
def test_function_size(path: Path) -> None:
    text = path.read_text()
    if path.suffix in {".c", ".h"}:
        sizes = c_functions(text)
    else:
        sizes = [
            (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    assert [(name, size) for name, size in sizes if size > MAX_FUNCTION] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.stat().st_size], ids=relative)
def test_first_line_names_the_licence(path: Path) -> None:
    first = path.read_text().split("\n", 2)[0]
    assert "SPDX-License-Identifier: Apache-2.0" in first
