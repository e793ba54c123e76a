# SPDX-License-Identifier: Apache-2.0
"""tools/bind_shim.py: which of the shim's functions are bound without cffi."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import sysconfig
from pathlib import Path

from support.runtime import REPO

DECLARATIONS = (REPO / "pyruntime/_native/shim.cdef.h").read_text()
bind = runpy.run_path(str(REPO / "tools/bind_shim.py"))["bind"]
HEADER = """
#include <stddef.h>
#include <stdint.h>
static int pyr_sum(int a, unsigned b, uint64_t c, size_t d) { return a + b + c + d; }
static int64_t pyr_byte(const void *data, size_t at) { return ((const char *)data)[at]; }
"""
EXAMPLE = """
int pyr_sum(int a, unsigned b,
            uint64_t c, size_t d);
int64_t pyr_byte(const void *data, size_t at);
int pyr_out(int *result);
"""


def bound(declarations: str) -> set[str]:
    return set(re.findall(r'{"(pyr_\w+)",', bind(declarations)))


def test_what_a_start_uses_is_bound() -> None:
    hot = {"pyr_spawn", "pyr_memfd", "pyr_init_image", "pyr_ns_type", "pyr_subreaper"}
    assert hot | {"pyr_bpf_device", "pyr_open_beneath"} <= bound(DECLARATIONS)


def test_what_writes_to_its_caller_is_not() -> None:
    assert bound(EXAMPLE) == {"pyr_sum", "pyr_byte"}


def test_a_bound_function_takes_numbers_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "shim.h").write_text(HEADER)
    (tmp_path / "direct.c").write_text(bind(EXAMPLE))
    include = sysconfig.get_path("include")
    target = tmp_path / "_direct.so"
    command = ["cc", "-shared", "-fPIC", f"-I{include}", f"-I{tmp_path}", "-o", target]
    subprocess.run([*command, tmp_path / "direct.c"], check=True)
    code = (
        "import _direct; print(_direct.pyr_sum(-1, 2, 3, 4), _direct.pyr_byte(b'a\\0b', 2));"
        "_direct.pyr_byte('text', 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "8 98\n"
    assert "TypeError" in done.stderr
