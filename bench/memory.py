# SPDX-License-Identifier: Apache-2.0
"""What a container costs in memory: its waiting init, and the least limit it starts with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from measure import Runtime
from workload import make_bundle

PAGE = 4096
MOST = 256 << 20
# A runtime under too small a limit may hang instead of failing.
PATIENCE = 20.0


def smaps_rollup(pid: int) -> dict[str, int]:
    """RSS and PSS of a process in bytes: proc(5), /proc/PID/smaps_rollup."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            sizes[name.upper()] = int(rest.split()[0]) * 1024
    return sizes


def waiting_init(runtime: Runtime, bundle: Path, container: str) -> dict[str, int]:
    """RSS and PSS in bytes of a created container's init."""
    pid_file = runtime.root.parent / f"pid-{container}"
    try:
        runtime.timed("create", "--bundle", str(bundle), "--pid-file", str(pid_file), container)
        sizes = smaps_rollup(int(pid_file.read_text()))
    finally:
        runtime.remove(container)
        pid_file.unlink(missing_ok=True)
    return {f"{name} of a created container's init": size for name, size in sizes.items()}


def least(works: Callable[[int], bool], most: int, step: int) -> int:
    """The smallest multiple of `step`, up to `most`, that works; -1 when `most` does not.

    What works must go on working above.
    """
    low, high = 0, most // step
    if not works(high * step):
        return -1
    while high - low > 1:
        middle = (low + high) // 2
        if works(middle * step):
            high = middle
        else:
            low = middle
    return high * step


def least_limit(runtime: Runtime, rootfs: Path, work: Path) -> dict[str, int]:
    """The smallest memory limit in bytes with which /bin/true runs, three times in a row."""
    container = f"bench-limit-{runtime.name}"

    def works(limit: int) -> bool:
        bundle = make_bundle(work / container, rootfs, ["/bin/true"], memory=limit)
        for _ in range(3):
            ran = runtime.succeeds("run", "--bundle", str(bundle), container, timeout=PATIENCE)
            if not ran:
                runtime.remove(container)
                return False
        return True

    return {"smallest memory limit for /bin/true": least(works, MOST, 4 * PAGE)}
