# SPDX-License-Identifier: Apache-2.0
"""The source tree as data: which files belong to it, and what imports what."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from support.runtime import REPO

PACKAGE = REPO / "pyruntime"


def tracked() -> list[Path]:
    """Every file that git knows and that is there, absolute."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={REPO}", "ls-files", "-z"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    return [REPO / name for name in listed.stdout.split("\0") if name and (REPO / name).is_file()]


def module_name(path: Path) -> str:
    parts = list(path.relative_to(REPO).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def modules() -> dict[str, ast.Module]:
    """Every Python module of the package, parsed, by its dotted name.

    _native is no package: what lies there runs at build time.
    """
    paths = [path for path in PACKAGE.rglob("*.py") if PACKAGE / "_native" not in path.parents]
    return {module_name(path): ast.parse(path.read_text()) for path in paths}


def _type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def nodes(tree: ast.AST, *, inner: bool) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING`; inner: those within functions, too."""
    for node in ast.iter_child_nodes(tree):
        if _type_checking(node):
            continue
        yield node
        if inner or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from nodes(node, inner=inner)


def imports(tree: ast.Module, known: set[str], *, inner: bool = True) -> set[str]:
    """The modules that a module imports at run time, by dotted name.

    `from package import name` counts as package.name when that is a known module.
    """
    found: set[str] = set()
    for node in nodes(tree, inner=inner):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in known else node.module)
    return found - {"__future__"}
