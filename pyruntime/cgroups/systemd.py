# SPDX-License-Identifier: Apache-2.0
"""A container's cgroup as a scope of systemd.

A scope can't be made without a process, so the init starts outside; it waits while systemd
makes the scope around it (adopt), and enters its cgroup namespace only after that. Beyond
making and removing, everything is done on the cgroup itself, which is delegated: that is
the matter of the v1 or v2 driver within (inner).
"""

from __future__ import annotations

import os
from errno import EOPNOTSUPP

from pyruntime.cgroups import tree
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.files import read
from pyruntime.cgroups.systemd_unit import (
    resource_properties,
    scope_of,
    scope_properties,
)
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pyruntime.cgroups.systemd_bus import Manager
    from pyruntime.cgroups.systemd_unit import Property, Scope
    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.facts import CgroupFacts
    from pyruntime.plan.setting import Setting

BOOTED = "/run/systemd/system"  # sd_booted(3)


def open_scope(
    facts: CgroupFacts, path: str, container_id: str, annotations: dict[str, str]
) -> CgroupSystemd:
    """The container's scope; nothing is made yet.

    path: cgroupsPath, "slice:prefix:name" or "". annotations: of the config, for
    org.systemd.property.*. Raises ConfigError, CgroupError.
    """
    if not os.path.isdir(BOOTED):
        raise CgroupError(
            "systemd not running on this host, cannot use systemd cgroups manager",
            op="connect",
            errno=EOPNOTSUPP,
            path=BOOTED,
            code="no-systemd",
            hint="leave --systemd-cgroup out",
        )
    user = is_users()
    if user and facts.mode != "v2":
        raise CgroupError(
            "the systemd driver serves a user on cgroup2 only",
            op="connect",
            errno=EOPNOTSUPP,
            code="no-systemd",
        )
    scope = scope_of(path, container_id, user=user)
    extra: list[Property] = []
    if annotations:
        from pyruntime.cgroups.systemd_variant import from_annotations

        extra = from_annotations(annotations)
    made = CgroupSystemd(_inner(facts, scope, user), scope.unit, user)
    made.birth = Birth(scope, container_id, extra)
    made.path = scope.path()
    return made


def is_users() -> bool:
    """Whether the caller's own systemd is to be asked: for all but root of the whole host."""
    if os.geteuid() != 0:
        return True
    return read("/proc/self/uid_map").split() != ["0", "0", "4294967295"]


def _inner(facts: CgroupFacts, scope: Scope, user: bool) -> Cgroup:
    path = scope.path()
    if facts.mode == "v2":
        from pyruntime.cgroups.v2 import CgroupV2

        # Where a user's systemd has its cgroup shows once the scope is there.
        return CgroupV2({"": "" if user else facts.v2 + path}, {"": facts.v2})
    from pyruntime.cgroups.v1 import CgroupV1

    tops = dict(facts.v1) | ({"": facts.v2} if facts.v2 else {})
    return CgroupV1({name: top + path for name, top in tops.items()}, tops)


class Birth:
    """What adopt() needs besides the process."""

    __slots__ = ("container_id", "extra", "scope")

    def __init__(self, scope: Scope, container_id: str, extra: list[Property]) -> None:
        self.scope = scope
        self.container_id = container_id
        self.extra = extra


class CgroupSystemd(Cgroup):
    """unit: the scope. user: whose manager has it. path: of its cgroup below the manager's,
    known to the one who creates it."""

    __slots__ = ("birth", "fresh", "inner", "path", "unit", "user")

    driver = "systemd"
    adopts = True

    def __init__(self, inner: Cgroup, unit: str, user: bool) -> None:
        super().__init__(inner.paths, inner.tops)
        self.inner = inner
        self.unit = unit
        self.user = user
        self.made = inner.made
        self.birth: Birth | None = None
        self.fresh = False
        self.path = ""

    def _manager(self) -> Manager:
        from pyruntime.cgroups.systemd_bus import Manager

        return Manager(user=self.user)

    def _ask(self, question: Callable[[Manager], None]) -> None:
        from pyruntime.cgroups.systemd_bus import ask

        ask(question, user=self.user)

    @property
    def _v1(self) -> bool:
        return self.inner.driver == "v1"

    def create(self) -> None:
        """Nothing: adopt() is what makes it."""

    def adopt(self, pid: int, settings: Sequence[Setting | DeviceRules]) -> None:
        birth = self.birth
        assert birth is not None
        with self._manager() as manager:
            properties = scope_properties(birth.scope, birth.container_id, pid, v1=self._v1)
            version = manager.version() if _asks_idle(settings) else 0
            properties += resource_properties(settings, v1=self._v1, version=version)
            named = {name for name, _, _ in birth.extra}
            properties = [each for each in properties if each[0] not in named]
            manager.start(self.unit, properties + birth.extra)
        self.made = self.inner.made = list(dict.fromkeys(self.paths.values()))
        self.fresh = True
        if self._v1:
            self._complete_v1()
        else:
            self._find_v2(pid)

    def _find_v2(self, pid: int) -> None:
        """The scope's directory, as the kernel has it."""
        found = ""
        for line in read(f"/proc/{pid}/cgroup").splitlines():
            if line.startswith("0::"):
                found = line[3:]
        if not found.endswith(f"/{self.unit}"):
            raise CgroupError(
                f"systemd: {self.unit}: the process is not in it, but in {found}",
                op="adopt",
                path=self.unit,
                code="systemd",
            )
        self.paths[""] = self.tops[""] + found
        self.made = self.inner.made = [self.paths[""]]

    def _complete_v1(self) -> None:
        """Hierarchies that systemd does not manage; the init joins all by itself."""
        from pyruntime.cgroups.v1 import inherit_cpuset

        made: list[str] = []
        for controller, path in self.paths.items():
            new = tree.make(path, self.tops[controller], made)
            if controller == "cpuset":
                inherit_cpuset(path, self.tops[controller], new=new)
        parents = [path for path in made if path not in self.paths.values()]
        self.made = self.inner.made = [*parents, *dict.fromkeys(self.paths.values())]

    def apply(self, settings: Sequence[Setting | DeviceRules]) -> None:
        """To systemd, so that it does not undo them, and to the files, which take more."""
        if self.fresh:
            self.fresh = False
            self.inner.apply(settings)
            return
        # systemd writes a v1 device list anew entry by entry; nobody shall see it in between.
        hold = self._v1 and any(each.controller == "devices" for each in settings)
        hold = hold and self.frozen() is False
        if hold:
            self.freeze()
        try:
            self._change(settings)
            self.inner.apply(settings)
        finally:
            if hold:
                self.thaw()

    def _change(self, settings: Sequence[Setting | DeviceRules]) -> None:
        def change(manager: Manager) -> None:
            version = manager.version() if _asks_idle(settings) else 0
            properties = resource_properties(settings, v1=self._v1, version=version)
            if properties:
                manager.change(self.unit, properties)

        self._ask(change)

    def join_paths(self) -> list[str]:
        return self.inner.join_paths()

    def v2_fd(self) -> int | None:
        return self.inner.v2_fd() if self.made is not None else None

    def v2_fd_of(self, pid: int) -> int | None:
        return self.inner.v2_fd_of(pid)

    def elsewhere(self, paths: dict[str, str]) -> Cgroup:
        return self.inner.elsewhere(paths)

    def attach(self, pid: int) -> None:
        """By systemd: a user may not move a process out of another part of the tree."""
        self._ask(lambda manager: manager.attach(self.unit, pid))

    def freeze(self) -> None:
        self.inner.freeze()

    def thaw(self) -> None:
        self.inner.thaw()

    def frozen(self) -> bool | None:
        return self.inner.frozen()

    def members(self) -> str:
        return self.inner.members()

    def delegate(self, uid: int) -> None:
        self.inner.delegate(uid)

    def delete(self, timeout: float = 10.0) -> None:
        """Remove the cgroup, then the unit, if it is still there."""
        if self.made is None:
            return
        self.inner.delete(timeout)
        self.made = self.inner.made
        self._ask(lambda manager: manager.stop(self.unit))

    def record(self) -> dict[str, object]:
        inner: dict[str, Any] = self.inner.record()
        return {"driver": self.driver, "unit": self.unit, "user": self.user, "inner": inner}


def _asks_idle(settings: Sequence[Setting | DeviceRules]) -> bool:
    return any(getattr(setting, "file", "") == "cpu.idle" for setting in settings)
