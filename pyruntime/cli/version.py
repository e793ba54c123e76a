# SPDX-License-Identifier: Apache-2.0
"""--version, in the shape of runc's: name and version, then key: value lines."""

from __future__ import annotations

import sys

from pyruntime._version import VERSION
from pyruntime.host.seccomp.library import locate
from pyruntime.log import print_out

SPEC_VERSION = "1.3.0"


def print_version() -> int:
    python = ".".join(map(str, sys.version_info[:3]))
    text = f"pyruntime version {VERSION}\nspec: {SPEC_VERSION}\npython: {python}\n"
    library = locate().version
    if library:
        text += f"libseccomp: {library}\n"
    print_out(text)
    return 0
