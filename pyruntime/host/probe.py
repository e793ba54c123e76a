# SPDX-License-Identifier: Apache-2.0
"""Facts of the host, read once and passed down. It decides nothing."""

from __future__ import annotations

import os

from pyruntime.cgroups.detect import detect
from pyruntime.plan.facts import Facts


def probe() -> Facts:
    """Raises CgroupError when the cgroup hierarchies can't be read."""
    major, minor = os.uname().release.split(".")[:2]
    digits = "".join(ch for ch in minor if ch.isdigit())
    return Facts(
        kernel=(int(major), int(digits)),
        last_cap=_last_cap(),
        euid=os.geteuid(),
        cgroup=detect(),
    )


def _last_cap() -> int:
    fd = os.open("/proc/sys/kernel/cap_last_cap", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(fd, 16))
    finally:
        os.close(fd)
