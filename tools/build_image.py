# SPDX-License-Identifier: Apache-2.0
"""Compile the package's modules into one .pyc that runs (see pyruntime/_boot.py).

    python3 tools/build_image.py PACKAGE-DIR TARGET-DIR

writes TARGET-DIR/pyruntime-3N.pyc for the running interpreter 3.N. The code is that of
python -OO: without docstrings and assertions. `from __future__ import annotations` is
compiled in, so that no run imports __future__.
"""

from __future__ import annotations
import __future__

import ast
import importlib.util
import marshal
import sys
from pathlib import Path
from types import CodeType

# What only people's commands and errors use is imported from its file.
COLD = (
    "pyruntime.spec.explain",
    "pyruntime.cli.help",
    "pyruntime.cli.plan",
    "pyruntime.cli.validate",
    "pyruntime.cli.spec",
    "pyruntime.plan.render",
    "pyruntime.plan.features",
)


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


def build(package: Path, target: Path) -> Path:
    """Write the image of a package directory; gives the file's path."""
    tree = ast.parse((package / "_boot.py").read_text())
    entries = modules(package)
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "MODULES":
            node.value = ast.Dict(
                [ast.Constant(name) for name in entries],
                [
                    ast.Tuple([ast.Constant(part) for part in entries[name]], ast.Load())
                    for name in entries
                ],
            )
            break
    else:
        raise SystemExit("_boot.py has no MODULES to fill in")
    ast.fix_missing_locations(tree)
    code = compile(tree, "pyruntime/_boot.py", "exec", dont_inherit=True, optimize=2)
    target.mkdir(parents=True, exist_ok=True)
    image = target / f"pyruntime-3{sys.version_info.minor}.pyc"
    # PEP 552: flags 0b01 is a hash-based .pyc that is not checked against a source
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + b"\0" * 8
    image.write_bytes(header + marshal.dumps(code))
    return image


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).resolve(), Path(sys.argv[2])))
