# SPDX-License-Identifier: Apache-2.0
"""tools/freeze_modules.py: code objects as C data are what the compiler made."""

from __future__ import annotations

import importlib.util
import runpy
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from support.runtime import REPO

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="python: the frozen layout is CPython 3.11's"
)

# As an extension of this interpreter, though the program has it linked in.
MODULE = """
#include "frozen.h"
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "frozen_check"};
PyMODINIT_FUNC PyInit_frozen_check(void) {
  PyObject *module = PyModule_Create(&definition);
  if (module == NULL || pyr_frozen_fix() < 0) return NULL;
  for (const struct pyr_frozen *at = pyr_frozen; at->name != NULL; at++)
    if (PyObject_SetAttrString(module, at->name, at->code) < 0) return NULL;
  return module;
}
"""
FIELDS = [name for name in dir(CodeType) if name.startswith("co_") and name != "co_lnotab"]


def tool(name: str) -> dict[str, Any]:
    sys.path.insert(0, str(REPO / "tools"))
    try:
        return runpy.run_path(str(REPO / "tools" / name))
    finally:
        sys.path.remove(str(REPO / "tools"))


def load(entries: dict[str, tuple[bool, CodeType]], where: Path) -> ModuleType:
    (where / "frozen.c").write_text(tool("freeze_modules.py")["freeze"](entries))
    (where / "check.c").write_text(MODULE)
    target = where / "frozen_check.so"
    include = sysconfig.get_path("include")
    flags = ["-shared", "-fPIC", "-g0", f"-I{include}", f"-I{REPO / 'pyruntime/_native'}"]
    sources = [str(where / "frozen.c"), str(where / "check.c")]
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[:1]
    subprocess.run([*compiler, *flags, *sources, "-o", str(target)], check=True)
    spec = importlib.util.spec_from_file_location("frozen_check", target)
    assert spec is not None
    return importlib.util.module_from_spec(spec)


def differences(found: Any, wanted: Any, place: str) -> list[str]:
    if type(found) is not type(wanted):
        return [f"{place}: {found!r} is not {wanted!r}"]
    if isinstance(wanted, CodeType):
        return [
            line
            for field in FIELDS
            for line in differences(
                getattr(found, field), getattr(wanted, field), f"{place}.{field}"
            )
            if not callable(getattr(wanted, field))
        ]
    if isinstance(wanted, tuple):
        if len(found) != len(wanted):
            return [f"{place}: {len(found)} items, not {len(wanted)}"]
        pairs = enumerate(zip(found, wanted, strict=True))
        return [line for i, (a, b) in pairs for line in differences(a, b, f"{place}[{i}]")]
    return [] if found == wanted else [f"{place}: {found!r} is not {wanted!r}"]


SAMPLE = r"""
BIG, SMALL, NEGATIVE, REAL = 1 << 70, 7, -(1 << 40), float("1.5")
TEXT, WIDE, RAW = "a\\\"?", "grüße", b"\0\xff"
def outer(a, /, b=(1, 2.5, None, True), *args, c, **rest):
    inside = a
    def inner():
        nonlocal inside
        inside += 1
        return inside, a in {"x", "y"}, 1e999
    try:
        yield inner()
    except ValueError as err:
        raise KeyError(b) from err
"""


def test_every_kind_of_constant_and_variable(tmp_path: Path) -> None:
    code = compile(SAMPLE, "sample.py", "exec")
    module = load({"sample": (False, code)}, tmp_path)
    assert differences(module.sample, code, "sample") == []
    space: dict[str, Any] = {}
    exec(module.sample, space)
    assert next(space["outer"](3, c=0)) == (4, False, float("inf"))
    assert (space["BIG"], space["NEGATIVE"], space["WIDE"]) == (1 << 70, -(1 << 40), "grüße")


def test_every_hot_module(tmp_path: Path) -> None:
    entries = tool("build_image.py")["hot_modules"](REPO / "pyruntime")
    module = load(entries, tmp_path)
    assert len(entries) > 50
    for name, (_, code) in entries.items():
        assert differences(getattr(module, name), code, name) == []
