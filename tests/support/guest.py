# SPDX-License-Identifier: Apache-2.0
"""Whether the tests run in the virtual machine of `./dev test-vm`."""

from __future__ import annotations

import os


def user() -> str:
    """ "root", "user" or "selinux" (root, too) in the machine, "" elsewhere."""
    return os.environ.get("PYRUNTIME_VM", "")
