# SPDX-License-Identifier: Apache-2.0
"""The package `encodings` of the embedded interpreter (embed.c): UTF-8 at once, the rest late.

The standard library's own, with its table of 330 aliases, is a sixth of an interpreter's start.
It takes this module's place, in the same object, when another codec or one of its functions
is asked for.
"""

from __future__ import annotations

import codecs
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STDLIB = ""  # filled in by the build

__path__ = [f"{STDLIB}/encodings"]  # where the single codecs are, as ever


def _search(name: str) -> Any:
    if name in ("utf-8", "utf_8", "utf8"):
        from encodings.utf_8 import getregentry

        return getregentry()
    return _whole().search_function(name)


def _whole() -> Any:
    from importlib.machinery import SourceFileLoader

    codecs.unregister(_search)
    module = sys.modules[__name__]
    del module.__getattr__
    SourceFileLoader(__name__, f"{STDLIB}/encodings/__init__.py").exec_module(module)
    return module


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_whole(), name)


codecs.register(_search)
