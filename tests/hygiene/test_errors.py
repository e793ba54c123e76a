# SPDX-License-Identifier: Apache-2.0
"""docs/errors.md lists the codes that the sources have, each once, and no others."""

from __future__ import annotations

import ast
import re

import pytest
from support import source
from support.runtime import REPO

ROW = re.compile(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$")
WORD = re.compile(r"[a-z]+(-[a-z]+)*")
# Modules whose module-level tables hold codes: their dictionaries' values are all codes.
TABLES = ("pyruntime.plan.codes", "pyruntime.cgroups.files")
TABLE_NAMES = {"OPS", "PROGRAM", "CODES"}


def strings(node: ast.expr) -> set[str]:
    """The constants that an expression may give: of both branches of a condition, too."""
    return {
        child.value
        for child in ast.walk(node)
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and child.value
    }


def branches(node: ast.expr) -> set[str]:
    """As strings, without those of a condition's test."""
    if isinstance(node, ast.IfExp):
        return branches(node.body) | branches(node.orelse)
    return strings(node) if isinstance(node, ast.Constant) else set()


def of_module(name: str, tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found.update(*[branches(word.value) for word in node.keywords if word.arg == "code"])
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "code":
                    found |= strings(item.value)
    for item in tree.body:
        if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "CODE":
            found |= strings(item.value)
    if name in TABLES:
        for item in tree.body:
            if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) in TABLE_NAMES:
                assert isinstance(item.value, ast.Dict)
                found.update(*[strings(value) for value in item.value.values])
    return found


def codes() -> set[str]:
    modules = source.modules()
    found: set[str] = set()
    for name, tree in modules.items():
        found |= of_module(name, tree)
    from pyruntime.plan import codes as steps

    return found | {
        steps.code("hook", 5, "execve"),
        steps.code("hook", 110, "hook"),
        steps.code("hook", 5, "hook"),
        steps.code("execve", 5, "execve"),
    }


def rows() -> list[tuple[str, str, str]]:
    """Code, cause and cure of each row of a table of codes."""
    text = (REPO / "docs/errors.md").read_text()
    found = []
    for part in text.split("\n## ")[1:]:
        if "| code | cause | cure |" in part:
            for line in part.splitlines():
                if row := ROW.match(line):
                    found.append(row.groups())
    return found  # type: ignore[return-value]


def test_the_page_has_every_code_and_no_other() -> None:
    listed = [code for code, _, _ in rows()]
    assert sorted(listed) == sorted(codes())


@pytest.mark.parametrize("code", sorted(codes()))
def test_codes_are_words(code: str) -> None:
    assert WORD.fullmatch(code)


def test_every_code_has_its_cause() -> None:
    assert all(cause for _, cause, _ in rows())
