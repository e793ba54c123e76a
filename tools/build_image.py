# SPDX-License-Identifier: Apache-2.0
"""Compile the package's modules into one file to start from (see pyruntime/_boot.py).

    python3 -X no_debug_ranges tools/build_image.py PACKAGE-DIR TARGET-DIR

writes TARGET-DIR/pyruntime-3N.image for the running interpreter 3.N. The code is that of
python -OO: without docstrings and assertions. `from __future__ import annotations` is
compiled in, so that no run imports __future__, and columns, which take a third of the room,
are left to the sources.
"""

from __future__ import annotations
import __future__

import ast
import marshal
import sys
from collections.abc import Iterable
from pathlib import Path
from types import CodeType

# What only people's commands and errors use is imported from its file.
COLD = (
    "pyruntime.api",
    "pyruntime.cli.doctor",
    "pyruntime.cli.features",
    "pyruntime.cli.help",
    "pyruntime.cli.matching",
    "pyruntime.cli.plan",
    "pyruntime.cli.spec",
    "pyruntime.cli.trace",
    "pyruntime.cli.validate",
    "pyruntime.host.check",
    "pyruntime.host.doctor",
    "pyruntime.host.finding",
    "pyruntime.host.seccomp.compiler",
    "pyruntime.host.seccomp.flags",
    "pyruntime.host.seccomp.stub",
    "pyruntime.host.survey",
    "pyruntime.host.template",
    "pyruntime.jsonfault",
    "pyruntime.lifecycle.traced",
    "pyruntime.log_socket",
    "pyruntime.plan.codes",
    "pyruntime.plan.describe",
    "pyruntime.plan.features",
    "pyruntime.plan.hints",
    "pyruntime.plan.render",
    "pyruntime.plan.sentences",
    "pyruntime.spec.compiled.features",
    "pyruntime.spec.compiled.state",
    "pyruntime.spec.explain",
    "pyruntime.trace",
)

# Hot commands, and what each imports on every run though not at its modules' top level.
CHECKS = ("pyruntime.spec.rules", "pyruntime.spec.compiled.config")
HOT: dict[str, tuple[str, ...]] = {
    "create": CHECKS,
    "run": (*CHECKS, "pyruntime.host.foreground"),
    "start": (),
    "state": (),
    "exec": ("pyruntime.host.foreground",),
    "kill": (),
    "delete": (),
}


def compile_module(source: str, name: str, filled: dict[str, str] | None = None) -> CodeType:
    """The code of a module whose empty variables `filled` have their values filled in."""
    tree = ast.parse(source, name)
    kept = [node for node in tree.body if not _is_future(node)]
    flags = __future__.annotations.compiler_flag if len(kept) < len(tree.body) else 0
    tree.body = kept
    _fill(tree, filled or {}, name)
    ast.fix_missing_locations(_WithoutAnnotations().visit(tree))
    code: CodeType = compile(tree, name, "exec", flags=flags, dont_inherit=True, optimize=2)
    return code


def _fill(tree: ast.Module, filled: dict[str, str], name: str) -> None:
    left = set(filled)
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        target = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        if target in left:
            node.value = ast.parse(filled[target], mode="eval").body
            left.remove(target)
    if left:
        raise SystemExit(f"{name} has no {', '.join(left)} to fill in")


class _WithoutAnnotations(ast.NodeTransformer):
    """Nothing reads them in an installation, and every start would make their strings."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def modules(package: Path) -> dict[str, tuple[bool, CodeType]]:
    """name -> (is it a package, its code) of all that the image holds"""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        if parts[-1] in ("__main__", "_boot", "ffi_build") or name.startswith(COLD):
            continue
        shown = str(Path(*parts).with_suffix(".py"))
        found[name] = (is_package, compile_module(path.read_text(), shown))
    return found


def order(package: Path, entry: str, known: dict[str, tuple[bool, CodeType]]) -> tuple[str, ...]:
    """The modules that importing `entry` loads, each after those it imports itself."""
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done or name not in known:
            return
        parent = name.rpartition(".")[0]
        if parent:
            visit(parent)
        for other in _imported(package, name, known):
            visit(other)
        if name not in done:
            done.append(name)

    visit(entry)
    return tuple(done)


def _imported(package: Path, name: str, known: dict[str, tuple[bool, CodeType]]) -> list[str]:
    """What the module's own top level imports; functions import when they are called."""
    path = package.parent / name.replace(".", "/")
    source = (path / "__init__.py" if known[name][0] else path.with_suffix(".py")).read_text()
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


def build(package: Path, target: Path) -> Path:
    """Write the image of a package directory; gives the file's path."""
    entries = modules(package)
    always = hot_orders(package, entries)
    index: dict[str, tuple[bool, int, int]] = {}
    bodies = []
    for number, group in enumerate(groups(entries, always)):
        for place, name in enumerate(group):
            index[name] = (entries[name][0], number, place)
        bodies.append(marshal.dumps(tuple(entries[name][1] for name in group)))
    filled = {"MODULES": repr(index), "ALWAYS": repr(always), "GROUPS": repr(spans(bodies))}
    boot = compile_module((package / "_boot.py").read_text(), "pyruntime/_boot.py", filled)
    target.mkdir(parents=True, exist_ok=True)
    image = target / f"pyruntime-3{sys.version_info.minor}.image"
    image.write_bytes(marshal.dumps(boot) + b"".join(bodies))
    return image


def hot_modules(package: Path) -> dict[str, tuple[bool, CodeType]]:
    """Those that some hot command always needs."""
    entries = modules(package)
    wanted = {name for needed in hot_orders(package, entries).values() for name in needed}
    return {name: entry for name, entry in entries.items() if name in wanted}


def hot_orders(
    package: Path, entries: dict[str, tuple[bool, CodeType]]
) -> dict[str, tuple[str, ...]]:
    """Hot command -> the modules that it always needs, in the order of their imports."""
    always = {}
    for verb, more in HOT.items():
        names: list[str] = []
        for entry in ("pyruntime.cli.main", f"pyruntime.cli.{verb}", *more):
            names += [n for n in order(package, entry, entries) if n not in names]
        always[verb] = tuple(names)
    return always


def groups(names: Iterable[str], always: dict[str, tuple[str, ...]]) -> list[list[str]]:
    """The modules that the same commands always need, together; each other by itself."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        verbs = tuple(verb for verb, needed in always.items() if name in needed)
        found.setdefault(verbs or (name,), []).append(name)
    return list(found.values())


def spans(bodies: list[bytes]) -> tuple[tuple[int, int], ...]:
    """Start and end of each, counted from the end of all."""
    found = []
    start = sum(map(len, bodies))
    for body in bodies:
        found.append((start, start - len(body)))
        start -= len(body)
    return tuple(found)


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve(), Path(sys.argv[2])))
