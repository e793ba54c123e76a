# SPDX-License-Identifier: Apache-2.0
"""What a plan must know of the host: read once, passed in.

Plain values only; who reads them is `pyruntime.host.probe` and `pyruntime.cgroups.detect`.
"""

from __future__ import annotations


class CgroupFacts:
    """The cgroup hierarchies of the host.

    mode: "v1", "v2" or "hybrid" (v1 hierarchies and a cgroup2 mount beside them).
    v1: hierarchy directory by controller; named ones as "name=systemd"; joint ones share it.
    v2: mount point of the cgroup2 hierarchy, "" when there is none.
    v2_controllers: what its root offers. own: the runtime's own cgroup path by controller,
    "" for cgroup2.
    """

    __slots__ = ("mode", "own", "v1", "v2", "v2_controllers")

    def __init__(
        self,
        mode: str,
        v1: dict[str, str],
        v2: str,
        v2_controllers: tuple[str, ...],
        own: dict[str, str],
    ) -> None:
        self.mode = mode
        self.v1 = v1
        self.v2 = v2
        self.v2_controllers = v2_controllers
        self.own = own


class Facts:
    """kernel: (major, minor). last_cap: the highest capability number. euid: the caller's."""

    __slots__ = ("cgroup", "euid", "kernel", "last_cap")

    def __init__(
        self, kernel: tuple[int, int], last_cap: int, euid: int, cgroup: CgroupFacts
    ) -> None:
        self.kernel = kernel
        self.last_cap = last_cap
        self.euid = euid
        self.cgroup = cgroup
