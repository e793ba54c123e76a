# SPDX-License-Identifier: Apache-2.0
"""--version, in the shape of runc's: name and version, then key: value lines."""

from __future__ import annotations

import sys

from pyruntime._version import VERSION
from pyruntime.log import print_out

SPEC_VERSION = "1.3.0"


def print_version() -> int:
    python = ".".join(map(str, sys.version_info[:3]))
    print_out(f"pyruntime version {VERSION}\nspec: {SPEC_VERSION}\npython: {python}\n")
    return 0
