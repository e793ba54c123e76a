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
from pathlib import Path
from types import CodeType

# What only people's commands and errors use is imported from its file.
COLD = (
    "pyruntime.cli.features",
    "pyruntime.cli.help",
    "pyruntime.cli.list",
    "pyruntime.cli.plan",
    "pyruntime.cli.spec",
    "pyruntime.cli.validate",
    "pyruntime.host.seccomp.compiler",
    "pyruntime.host.seccomp.flags",
    "pyruntime.host.seccomp.stub",
    "pyruntime.jsonfault",
    "pyruntime.plan.describe",
    "pyruntime.plan.features",
    "pyruntime.plan.hints",
    "pyruntime.plan.render",
    "pyruntime.plan.sentences",
    "pyruntime.spec.compiled.features",
    "pyruntime.spec.compiled.state",
    "pyruntime.spec.explain",
)

# Hot commands, and what each imports on every run though not at its modules' top level.
CHECKS = ("pyruntime.spec.rules", "pyruntime.spec.compiled.config")
HOT: dict[str, tuple[str, ...]] = {
    "create": CHECKS,
    "run": (*CHECKS, "pyruntime.host.foreground", "pyruntime.lifecycle.delete"),
    "start": (),
    "state": (),
    "exec": ("pyruntime.host.foreground",),
    "kill": (),
    "delete": (),
}


def compile_module(source: str, name: str) -> CodeType:
    tree = ast.parse(source, name)
    kept = [node for node in tree.body if not _is_future(node)]
    flags = __future__.annotations.compiler_flag if len(kept) < len(tree.body) else 0
    tree.body = kept
    code: CodeType = compile(tree, name, "exec", flags=flags, dont_inherit=True, optimize=2)
    return code


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def modules(package: Path) -> dict[str, tuple[bool, bytes]]:
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        if parts[-1] in ("__main__", "_boot", "ffi_build") or name.startswith(COLD):
            continue
        shown = str(Path(*parts).with_suffix(".py"))
        found[name] = (is_package, marshal.dumps(compile_module(path.read_text(), shown)))
    return found


def order(package: Path, entry: str, known: dict[str, tuple[bool, bytes]]) -> tuple[str, ...]:
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


def _imported(package: Path, name: str, known: dict[str, tuple[bool, bytes]]) -> list[str]:
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
    bodies = b"".join(code for _, code in entries.values())
    index: dict[str, tuple[bool, int, int]] = {}
    start = len(bodies)
    for name, (is_package, code) in entries.items():
        index[name] = (is_package, start, start - len(code))
        start -= len(code)
    always = {}
    for verb, more in HOT.items():
        names: list[str] = []
        for entry in ("pyruntime.cli.main", f"pyruntime.cli.{verb}", *more):
            names += [n for n in order(package, entry, entries) if n not in names]
        always[verb] = tuple(names)
    filled = {"MODULES": repr(index), "ALWAYS": repr(always)}
    boot = compile_boot((package / "_boot.py").read_text(), filled)
    target.mkdir(parents=True, exist_ok=True)
    image = target / f"pyruntime-3{sys.version_info.minor}.image"
    image.write_bytes(marshal.dumps(boot) + bodies)
    return image


def compile_boot(source: str, filled: dict[str, str]) -> CodeType:
    """_boot.py with its empty tables filled in."""
    tree = ast.parse(source)
    left = set(filled)
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and (name := ast.unparse(node.target)) in left:
            node.value = ast.parse(filled[name], mode="eval").body
            left.remove(name)
    if left:
        raise SystemExit(f"_boot.py has no {', '.join(left)} to fill in")
    ast.fix_missing_locations(tree)
    code: CodeType = compile(tree, "pyruntime/_boot.py", "exec", dont_inherit=True, optimize=2)
    return code


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve(), Path(sys.argv[2])))
