# SPDX-License-Identifier: Apache-2.0
"""No file above 600 lines, no function above 80: what must be longer is two things."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from support import source

MAX_FILE = 600
MAX_FUNCTION = 80
LICENCE = "Apache-2.0"
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


def function_sizes(path: Path) -> list[tuple[str, int]]:
    text = path.read_text()
    if path.suffix in {".c", ".h"}:
        return c_functions(text)
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_long_file() -> None:
    sizes = {relative(path): len(path.read_text().splitlines()) for path in HAND_WRITTEN}
    assert {name: size for name, size in sizes.items() if size > MAX_FILE} == {}


def test_no_long_function() -> None:
    found = [(relative(path), *each) for path in HAND_WRITTEN for each in function_sizes(path)]
    assert len(found) > 100
    assert [each for each in found if each[2] > MAX_FUNCTION] == []


def test_first_line_names_the_licence() -> None:
    """Empty files (package markers) have none."""
    first = {relative(path): path.read_text().split("\n", 1)[0] for path in SOURCES}
    sized = {relative(path) for path in SOURCES if path.stat().st_size}
    assert [
        name for name in sized if f"SPDX-License-Identifier: {LICENCE}" not in first[name]
    ] == []
