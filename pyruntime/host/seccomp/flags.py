# SPDX-License-Identifier: Apache-2.0
"""Which flags of seccomp(2) this kernel has, by asking it."""

from __future__ import annotations

from pyruntime._shim import lib
from pyruntime.plan import seccomp


def supported_flags() -> list[str]:
    """Names out of plan.seccomp.FLAGS."""
    found = []
    for name, bit in seccomp.FLAGS.items():
        # Killable waits are those of a listener.
        bits = bit | seccomp.NEW_LISTENER if name == seccomp.WAIT_KILLABLE else bit
        if lib.pyr_seccomp_knows(bits) > 0:
            found.append(name)
    return found
