# SPDX-License-Identifier: Apache-2.0
"""Take the hugetlb controller off the cgroup2 hierarchy for the time of a benchmark.

On a hybrid host crun refuses to run while cgroup2 has a controller. A cgroup v1 mount of
it, in a mount namespace of the benchmark's own, is enough; when it is unmounted, the
controller goes back.
"""

from __future__ import annotations

import contextlib
import ctypes
import subprocess
from collections.abc import Iterator
from pathlib import Path

CLONE_NEWNS = 0x00020000
CGROUPS = Path("/sys/fs/cgroup")


def enter_mount_namespace() -> None:
    """A mount namespace whose mounts do not reach the host's. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare CLONE_NEWNS")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


@contextlib.contextmanager
def hugetlb_on_v1() -> Iterator[None]:
    """Mount cgroup v1's hugetlb hierarchy; nothing when the host already has it."""
    where = CGROUPS / "hugetlb"
    if where.exists():
        yield
        return
    enter_mount_namespace()
    where.mkdir()
    try:
        mount = ["mount", "-t", "cgroup", "-o", "hugetlb", "cgroup", str(where)]
        subprocess.run(mount, check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", str(where)], check=True)
    finally:
        where.rmdir()
