# SPDX-License-Identifier: Apache-2.0
"""Write ops.gen.h and plan/ops.py from ops.def.

    python3 tools/gen_ops.py           write both files
    python3 tools/gen_ops.py --check   exit 1 when a file on disk differs

Both files are committed, so that a build needs no generator; a test runs --check.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEF = ROOT / "pyruntime/_native/ops.def"
HEADER = ROOT / "pyruntime/_native/ops.gen.h"
MODULE = ROOT / "pyruntime/plan/ops.py"
MAX_NUMS, MAX_STRS = 8, 6


class Op:
    def __init__(self, number: int, name: str, nums: str, strs: str) -> None:
        self.number = number
        self.name = name
        self.nums = nums.split()
        self.strs = strs.split()
        if len(self.nums) > MAX_NUMS or len(self.strs) > MAX_STRS:
            raise SystemExit(f"ops.def: {name} has too many arguments")


def bare(arg: str) -> str:
    return arg.removesuffix("[]").partition("<")[0]


def shape(op: Op) -> str:
    lists = sum(1 << i for i, arg in enumerate(op.strs) if arg.endswith("[]"))
    words = sum(1 << i for i, arg in enumerate(op.strs) if arg.endswith(">"))
    return f"{len(op.nums)}, {len(op.strs)}, {lists}, {words}"


def parse(text: str) -> tuple[list[Op], dict[str, list[tuple[str, str, int]]]]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    ops = [
        Op(number, *found)
        for number, found in enumerate(
            re.findall(r'^OP\((\w+),\s*"([^"]*)",\s*"([^"]*)"\)', text, re.M), start=1
        )
    ]
    consts: dict[str, list[tuple[str, str, int]]] = {"FLAG": [], "MSG": [], "PHASE": []}
    for group, name, value in re.findall(r"^FLAG\((\w+),\s*(\w+),\s*(\d+)\)", text, re.M):
        consts["FLAG"].append((group, name, int(value)))
    for kind in ("MSG", "PHASE"):
        for name, value in re.findall(rf"^{kind}\((\w+),\s*(\d+)\)", text, re.M):
            consts[kind].append((kind, name, int(value)))
    return ops, consts


def header(ops: list[Op], consts: dict[str, list[tuple[str, str, int]]]) -> str:
    out = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Generated from ops.def by tools/gen_ops.py; do not edit. */",
        "#ifndef PYR_OPS_GEN_H",
        "#define PYR_OPS_GEN_H",
        "",
        "/* clang-format off */",
        "enum pyr_op {",
        *(f"  OP_{op.name} = {op.number}," for op in ops),
        f"  OP_END = {len(ops) + 1}",
        "};",
        "",
    ]
    for op in ops:
        names = [f"N_{op.name}_{bare(a)} = {i}" for i, a in enumerate(op.nums)]
        names += [f"S_{op.name}_{bare(a)} = {i}" for i, a in enumerate(op.strs)]
        if names:
            out.append(f"enum {{ {', '.join(names)} }};")
    out.append("")
    for group in consts.values():
        out += [f"#define {g}_{name} {value}" for g, name, value in group]
    out += [
        "",
        "/* X(name) for every operation, in wire order */",
        "#define PYR_FOR_EACH_OP(X) \\",
        *(f"  X({op.name}) \\" for op in ops[:-1]),
        f"  X({ops[-1].name})",
        "",
        "/* X(name, numbers, strings, bits of the strings that are lists, bits of those of u32) */",
        "#define PYR_FOR_EACH_SHAPE(X) \\",
        *(f"  X({op.name}, {shape(op)}) \\" for op in ops[:-1]),
        f"  X({ops[-1].name}, {shape(ops[-1])})",
        "/* clang-format on */",
        "",
        "#endif",
        "",
    ]
    return "\n".join(out)


def module(ops: list[Op], consts: dict[str, list[tuple[str, str, int]]]) -> str:
    out = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# Generated from pyruntime/_native/ops.def by tools/gen_ops.py; do not edit.",
        '"""One constructor per operation of the init, and the constants of the wire format."""',
        "",
        "from __future__ import annotations",
        "",
        "from pyruntime.plan.step import Step",
        "",
        "TYPE_CHECKING = False",
        "if TYPE_CHECKING:",
        "    from collections.abc import Sequence",
        "",
        "# operation -> (wire number, names of the numbers, names of the strings)",
        "SIGNATURES: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {",
    ]
    for op in ops:
        nums, strs = tuple(map(bare, op.nums)), tuple(map(bare, op.strs))
        out.append(f"    {op.name!r}: ({op.number}, {nums!r}, {strs!r}),".replace("'", '"'))
    out += ["}", ""]
    for group in consts.values():
        out += [f"{g}_{name} = {value}" for g, name, value in group]
    for op in ops:
        params, args = [], []
        for arg in op.nums:
            params.append(f"{arg}: int = 0")
            args.append(f'"{arg}": {arg}')
        for arg in op.strs:
            name = bare(arg)
            if arg.endswith("[]"):
                params.append(f"{name}: Sequence[str] = ()")
            elif arg.endswith("<u32>"):
                params.append(f"{name}: Sequence[int] = ()")
            elif arg.endswith("<bytes>"):
                params.append(f'{name}: bytes = b""')
            else:
                params.append(f'{name}: str = ""')
            args.append(f'"{name}": {name}')
        star = ", *, " + ", ".join(params) if params else ""
        out += [
            "",
            "",
            f"def {op.name}(pointer: str{star}) -> Step:",
            f'    return Step("{op.name}", pointer, {{{", ".join(args)}}})',
        ]
    out.append("")
    return "\n".join(out)


def main() -> int:
    ops, consts = parse(DEF.read_text())
    status = 0
    for path, text in ((HEADER, header(ops, consts)), (MODULE, module(ops, consts))):
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(ROOT)}: stale; run python3 tools/gen_ops.py")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
