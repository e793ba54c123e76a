# SPDX-License-Identifier: Apache-2.0
"""Recipe of `pyruntime._shim`, executed by cffi's setuptools hook (setup.py).

The shim holds the init's own sources but its entry, so that a step can be run, and tested,
from Python. Names stay hidden: the init's `warn` must not meet the C library's.
"""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENTRY = {"main.c", "start.c"}

sources = [path for path in sorted(HERE.glob("init/*.c")) if path.name not in ENTRY]
SHIM = ("bpf.c", "memfd.c", "probe.c", "program.c", "shim.c", "spawn.c", "vfork.c")
sources += [HERE / name for name in SHIM]

FLAGS = ["-std=gnu11", "-g0", "-Os", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]

ffibuilder = FFI()
ffibuilder.cdef((HERE / "shim.cdef.h").read_text())
ffibuilder.set_source(
    "pyruntime._shim",
    '#include <linux/sched.h>\n#include <stdint.h>\n#include "shim.h"\n',
    sources=[str(path.relative_to(ROOT)) for path in sources],
    include_dirs=[str(HERE.relative_to(ROOT))],
    depends=[str(path.relative_to(ROOT)) for path in sorted(HERE.rglob("*.h"))],
    extra_compile_args=FLAGS,
    extra_link_args=["-Wl,-s"],
    py_limited_api=True,
)
