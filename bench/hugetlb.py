# SPDX-License-Identifier: Apache-2.0
"""Take the hugetlb controller off the cgroup2 hierarchy for the time of a benchmark.

On a hybrid host crun refuses to run while cgroup2 has a controller. A cgroup v1 mount of
it, in a mount namespace of the benchmark's own, is enough. When it is unmounted, the
controller goes back, but only if the kernel has done away with the last container's cgroup by
then; if not, the hierarchy stays, unmounted. So the end is checked, and tried again.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

CLONE_NEWNS = 0x00020000
CGROUPS = Path("/sys/fs/cgroup")
PATIENCE = 30.0


def enter_mount_namespace() -> None:
    """A mount namespace whose mounts do not reach the host's. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare CLONE_NEWNS")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def mount(where: Path) -> bool:
    """False when a cgroup of the other hierarchy has the controller and keeps it there."""
    command = ["mount", "-t", "cgroup", "-o", "hugetlb", "cgroup", str(where)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmount(where: Path) -> None:
    subprocess.run(["umount", str(where)], check=True)


def on_v1() -> bool:
    """Whether a cgroup v1 hierarchy has the controller, mounted or not: cgroups(7)."""
    for line in Path("/proc/cgroups").read_text().splitlines():
        name, hierarchy, *_ = line.split()
        if name == "hugetlb":
            return hierarchy != "0"
    return False


def give_back(where: Path) -> None:
    """Unmount until the kernel has given the controller up. Raises TimeoutError."""
    unmount(where)
    deadline = time.monotonic() + PATIENCE
    while on_v1():
        if time.monotonic() > deadline:
            raise TimeoutError("hugetlb stays on cgroup v1")
        # Nothing tells when the cgroups are gone.
        time.sleep(0.1)
        if on_v1() and mount(where):
            unmount(where)


@contextlib.contextmanager
def hugetlb_on_v1() -> Iterator[None]:
    """Mount cgroup v1's hugetlb hierarchy; nothing when the host already has it.

    Raises OSError while a cgroup of the cgroup2 hierarchy has the controller.
    """
    where = CGROUPS / "hugetlb"
    if where.exists():
        yield
        return
    enter_mount_namespace()
    where.mkdir()
    try:
        if not mount(where):
            raise OSError(errno.EBUSY, "hugetlb is in use by a cgroup of cgroup2")
        try:
            yield
        finally:
            give_back(where)
    finally:
        where.rmdir()
