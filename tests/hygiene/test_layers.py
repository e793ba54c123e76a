# SPDX-License-Identifier: Apache-2.0
"""Imports point down, as docs/internals.md draws them; there are no cycles."""

from __future__ import annotations

import ast

import pytest
from support import source

LAYERS = (
    {"errors", "_version"},
    {"jsonfault"},
    {"jsontext"},
    {"output_file"},
    {"log_socket", "trace", "schemas"},
    {"log"},
    {"spec"},
    {"plan"},
    {"cgroups", "state"},
    {"host"},
    {"launch"},
    {"lifecycle"},
    {"api", "cli", "containerd"},
    {"_snapshot"},
    {"__main__", "_boot"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
SHIM_USERS = {"launch", "host", "cgroups"}
# What a module without I/O has no use for.
IO_MODULES = {"ctypes", "fcntl", "io", "mmap", "pathlib", "posix", "select", "shutil"}
IO_MODULES |= {"signal", "socket", "subprocess", "tempfile", "time", "_socket", "pyruntime._shim"}
PURE_OF_OS = {"strerror"}

MODULES = source.modules()
IMPORTS = {name: source.imports(tree, set(MODULES)) for name, tree in MODULES.items()}


def part(module: str) -> str:
    """The layer's word: "plan" of "pyruntime.plan.mounts"; "" for the package itself."""
    return [*module.split("."), ""][1]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module: str) -> None:
    mine = part(module)
    wrong = []
    for other in IMPORTS[module]:
        theirs = part(other)
        if not other.startswith("pyruntime.") or theirs == mine:
            continue
        if theirs == "_shim":
            if mine not in SHIM_USERS:
                wrong.append(f"{other}: only {sorted(SHIM_USERS)} import it")
        elif mine and RANK[theirs] >= RANK[mine]:
            wrong.append(f"{other}: not below {mine}")
    assert not wrong


def test_every_part_has_a_layer() -> None:
    assert {part(module) for module in MODULES} - {"", "_shim"} <= set(RANK)


def test_no_cycles() -> None:
    """Depth first; the first way back to a module on the path is the cycle."""
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module in done:
            return
        for other in IMPORTS[module] & set(MODULES):
            if other != module:
                visit(other, (*path, module))
        done.add(module)

    for module in MODULES:
        visit(module, ())


PURE = sorted(name for name in MODULES if part(name) in {"plan", "spec"})


@pytest.mark.parametrize("module", [name for name in PURE if name != "pyruntime.spec.load"])
def test_plan_and_spec_do_no_io(module: str) -> None:
    opens = [
        node.lineno
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert not opens
    assert not IMPORTS[module] & IO_MODULES
    of_os = {
        node.attr
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert of_os <= PURE_OF_OS


def test_package_init_files_import_nothing() -> None:
    """Parents are executed before their modules: what they import, every command pays for."""
    heavy = {
        name: IMPORTS[name]
        for name in MODULES
        if (source.PACKAGE.parent / name.replace(".", "/") / "__init__.py").exists()
        and IMPORTS[name]
    }
    assert not heavy
