# SPDX-License-Identifier: Apache-2.0
"""Control groups version 1, with a cgroup2 hierarchy beside it when there is one.

Sources: cgroups(7), cpuset(7), the kernel's Documentation/admin-guide/cgroup-v1.
"""

from __future__ import annotations

import os
from errno import ENOENT

from pyruntime.cgroups import tree
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.files import failure, frozen_error, read, read_raw, write, write_raw
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.setting import Setting

CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")


class CgroupV1(Cgroup):
    __slots__ = ("_begun", "_cpuset_refused")

    driver = "v1"
    late = True

    def __init__(self, paths: dict[str, str], tops: dict[str, str]) -> None:
        super().__init__(paths, tops)
        self._cpuset_refused: dict[str, CgroupError] = {}
        self._begun: list[str] | None = None

    def begin(self) -> None:
        self._begun = []
        if "" in self.paths:
            try:
                self._create_leaf([""], self.paths[""], self._begun)
            except BaseException:
                tree.unmake(self._begun)
                raise

    def create(self) -> None:
        made = [] if self._begun is None else self._begun
        joint: dict[str, list[str]] = {}
        for controller, path in self.paths.items():
            joint.setdefault(path, []).append(controller)
        try:
            for path, controllers in joint.items():
                if self._begun is None or controllers != [""]:
                    self._create_leaf(controllers, path, made)
        except BaseException:
            tree.unmake(made)
            raise
        self.made = made

    def _create_leaf(self, controllers: list[str], path: str, made: list[str]) -> None:
        top = self.tops[controllers[0]]
        new = tree.make(path, top, made)
        if not new:
            tree.check_unused(path)
        if "cpuset" in controllers:
            self._cpuset_refused = inherit_cpuset(path, top, new=new)
        # A new cgroup takes its state from the parent, and the root is never frozen.
        fresh = new and os.path.dirname(path) == top
        if "freezer" in controllers and not fresh:
            check_thawed(path)

    def apply(self, settings: Sequence[Setting | DeviceRules]) -> None:
        if self._cpuset_refused:
            given = {getattr(setting, "file", "") for setting in settings}
            for file, error in self._cpuset_refused.items():
                if file not in given:
                    raise error
            self._cpuset_refused = {}
        from pyruntime.cgroups.limits import write_settings

        write_settings(self, settings)

    def join_paths(self) -> list[str]:
        unified = self.paths.get("")
        return [f"{path}/tasks" for path in dict.fromkeys(self.paths.values()) if path != unified]

    def v2_fd(self) -> int | None:
        if "" not in self.paths:
            return None
        from pyruntime.cgroups.unified import directory_fd

        return directory_fd(self.paths[""])

    def attach(self, pid: int) -> None:
        for path in dict.fromkeys(self.paths.values()):
            write(path + "/cgroup.procs", str(pid))

    def members(self) -> str:
        # The freezer's hierarchy first, so that what is listed is what freezing stops.
        for controller in ("freezer", "devices", "pids", "memory", *self.paths):
            if controller in self.paths:
                return self.paths[controller]
        return ""

    def freeze(self) -> None:
        from pyruntime.cgroups import freezer

        if "freezer" in self.paths:
            freezer.freeze_v1(self.paths["freezer"])
        elif "" in self.paths:
            freezer.freeze_v2(self.paths[""])
        else:
            raise freezer.missing()

    def thaw(self) -> None:
        from pyruntime.cgroups import freezer

        if "freezer" in self.paths:
            freezer.thaw_v1(self.paths["freezer"])
        elif "" in self.paths:
            freezer.thaw_v2(self.paths[""])
        else:
            raise freezer.missing()

    def frozen(self) -> bool | None:
        from pyruntime.cgroups import freezer

        if "freezer" in self.paths:
            return freezer.frozen_v1(self.paths["freezer"])
        return freezer.frozen_v2(self.paths[""]) if "" in self.paths else None


def check_thawed(path: str) -> None:
    """Refuse a cgroup in which a process would hang at once. Raises CgroupError."""
    if read(path + "/freezer.state").strip() != "THAWED":
        raise frozen_error(path, f"echo THAWED > {path}/freezer.state")


def inherit_cpuset(path: str, top: str, *, new: bool) -> dict[str, CgroupError]:
    """Fill empty cpuset.cpus and cpuset.mems from the parent, the parents' first.

    Nobody can join a v1 cpuset that has none (ENOSPC). Returns refusals of the leaf's own
    by file: they don't matter where config.json sets the value, and a sibling with
    cpu_exclusive may be the reason why it does. Raises CgroupError for a parent's.
    """
    refused: dict[str, CgroupError] = {}
    for file in CPUSET_FILES:
        target = f"{path}/{file}"
        if not new and read(target).strip():
            continue
        value = _parent_value(os.path.dirname(path), top, file)
        try:
            write_raw(target, value)
        except OSError as err:
            if err.errno == ENOENT:
                raise failure("write", target, err, value=value) from None
            refused[file] = failure("write", target, err, value=value)
    return refused


def _parent_value(path: str, top: str, file: str) -> str:
    target = f"{path}/{file}"
    try:
        value = read_raw(target).strip()
    except OSError as err:
        raise failure("read", target, err) from None
    if not value and path != top:
        value = _parent_value(os.path.dirname(path), top, file)
        write(target, value)
    return value
