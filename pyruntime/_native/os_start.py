# SPDX-License-Identifier: Apache-2.0
"""The module `os` of the embedded interpreter (embed.c): the system calls at once, the rest late.

Half of what importing the standard library's own costs are the abstract classes that its
environ is built on. It takes this module's place, in the same object, when a name that is not
here is asked for.
"""

from __future__ import annotations

import posixpath as path
import sys
from posix import *  # noqa: F403
from posix import _exit, environ, fspath  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STDLIB = ""  # filled in by the build

name = "posix"
curdir, pardir, sep, extsep, altsep = ".", "..", "/", ".", None
pathsep, linesep, defpath, devnull = ":", "\n", "/bin:/usr/bin", "/dev/null"
sys.modules["os.path"] = path


def fsencode(filename: Any) -> Any:
    filename = fspath(filename)
    if isinstance(filename, str):
        return filename.encode("utf-8", "surrogateescape")
    return filename


def fsdecode(filename: Any) -> Any:
    filename = fspath(filename)
    if isinstance(filename, bytes):
        return filename.decode("utf-8", "surrogateescape")
    return filename


def _get_exports_list(module: Any) -> list[str]:
    """For the module socket."""
    return list(getattr(module, "__all__", None) or (n for n in dir(module) if n[0] != "_"))


environ = {fsdecode(key): fsdecode(value) for key, value in environ.items()}


def __getattr__(wanted: str) -> object:
    if wanted.startswith("__") and wanted != "__all__":
        raise AttributeError(f"module 'os' has no attribute {wanted!r}")
    from importlib.machinery import SourceFileLoader

    module = sys.modules[__name__]
    del module.__getattr__
    SourceFileLoader(__name__, f"{STDLIB}/os.py").exec_module(module)
    return getattr(module, wanted)
