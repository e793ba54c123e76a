# SPDX-License-Identifier: Apache-2.0
"""What a container costs in memory: its waiting init, and the least limit it starts with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from measure import Runtime
from place import Bench, Row

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


def waiting_init(bench: Bench) -> list[Row]:
    """RSS and PSS of a created container's init."""
    bundle = bench.long()

    def once(runtime: Runtime) -> dict[str, float]:
        container = runtime.new_id("memory")
        runtime.timed(*runtime.making("create", bundle, container))
        sizes = smaps_rollup(runtime.pid(container))
        runtime.remove(container)
        return {f"{name} of a created container's init": size for name, size in sizes.items()}

    return bench.in_turns(once, rounds=1, warm_up=0, unit="KiB")


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


def limit(bench: Bench) -> list[Row]:
    """The smallest memory limit with which /bin/true runs, three times in a row."""

    def once(runtime: Runtime) -> dict[str, float]:
        def works(size: int) -> bool:
            bundle = str(bench.bundle(f"limit-{runtime.work.name}", ["/bin/true"], memory=size))
            for _ in range(3):
                container = runtime.new_id("limit")
                if not runtime.succeeds("run", "--bundle", bundle, container, timeout=PATIENCE):
                    runtime.remove(container)
                    return False
            return True

        found = least(works, MOST, 4 * PAGE)
        return {"smallest memory limit for /bin/true": found} if found >= 0 else {}

    return bench.in_turns(once, rounds=1, warm_up=0, unit="KiB")
