# SPDX-License-Identifier: Apache-2.0
"""--version, in the shape of runc's: name and version, then key: value lines."""

from __future__ import annotations

import sys

from pyruntime._version import VERSION
from pyruntime.host.seccomp.library import locate
from pyruntime.log import print_out

SPEC_VERSION = "1.3.0"


# The runc whose commands and options these are.
RUNC_VERSION = "1.5.1"


def print_version(name: str = "") -> int:
    """name: "runc" for callers that look for that word and a version that they know; what it
    really is comes as build metadata (semver.org), which is no part of the comparison."""
    python = ".".join(map(str, sys.version_info[:3]))
    first = f"runc version {RUNC_VERSION}+pyruntime.{VERSION}"
    if name != "runc":
        first = f"pyruntime version {VERSION}"
    text = f"{first}\nspec: {SPEC_VERSION}\npython: {python}\n"
    library = locate().version
    if library:
        text += f"libseccomp: {library}\n"
    print_out(text)
    return 0
