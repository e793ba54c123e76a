# SPDX-License-Identifier: Apache-2.0
"""Control groups version 2.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os

from pyruntime.cgroups import tree
from pyruntime.cgroups.base import Cgroup
from pyruntime.cgroups.files import failure, read, read_raw, write
from pyruntime.cgroups.unified import create_unified, directory_fd, enable, read_stripped
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.setting import Setting

# Controllers that know threads; the others refuse a threaded cgroup.
THREADED = ("cpu", "cpuset", "perf_event", "pids")
DELEGATE = "/sys/kernel/cgroup/delegate"
DELEGATE_DEFAULT = ("cgroup.procs", "cgroup.threads", "cgroup.subtree_control")


class CgroupV2(Cgroup):
    __slots__ = ()

    driver = "v2"

    @property
    def path(self) -> str:
        return self.paths[""]

    def create(self) -> None:
        made: list[str] = []
        try:
            create_unified(self.path, self.tops[""], made)
            enable(self.path, self.tops[""])
        except BaseException:
            tree.unmake(made)
            raise
        self.made = made

    def apply(self, settings: Sequence[Setting | DeviceRules]) -> None:
        check_threaded(self.path, settings)
        from pyruntime.cgroups.limits import write_settings

        write_settings(self, settings)

    def v2_fd(self) -> int | None:
        return directory_fd(self.path)

    def v2_fd_of(self, pid: int) -> int:
        own = ""
        for line in read(f"/proc/{pid}/cgroup").splitlines():
            if line.startswith("0::"):
                own = line[3:]
        mine = self.path[len(self.tops[""]) :]
        if own == mine:
            return directory_fd(self.path)
        if not own.startswith(mine + "/"):
            raise CgroupError(
                f"join cgroup {own}: process {pid} has left {mine}",
                op="join cgroup",
                path=self.path,
                code="cgroup-path",
            )
        return directory_fd(self.path + own[len(mine) :])

    def attach(self, pid: int) -> None:
        write(self.path + "/cgroup.procs", str(pid))

    def members(self) -> str:
        return self.path

    def freeze(self) -> None:
        from pyruntime.cgroups.freezer import freeze_v2

        freeze_v2(self.path)

    def thaw(self) -> None:
        from pyruntime.cgroups.freezer import thaw_v2

        thaw_v2(self.path)

    def frozen(self) -> bool | None:
        from pyruntime.cgroups.freezer import frozen_v2

        return frozen_v2(self.path)

    def delegate(self, uid: int) -> None:
        """chown the directory and the files that the kernel names as safe to delegate.

        For a container with a cgroup namespace of its own and a writable cgroup mount only.
        Raises CgroupError.
        """
        try:
            names = read_raw(DELEGATE).split()
        except OSError:
            names = list(DELEGATE_DEFAULT)
        for path in (self.path, *(f"{self.path}/{name}" for name in names)):
            try:
                os.chown(path, uid, -1, follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as err:
                raise failure("change owner of", path, err) from None


def check_threaded(path: str, settings: Sequence[Setting | DeviceRules]) -> None:
    """Refuse limits of controllers that a threaded cgroup can't have. Raises CgroupError."""
    asked = [s for s in settings if s.controller not in ("", "cgroup", "devices", *THREADED)]
    if not asked:
        return
    kind = read_stripped(path + "/cgroup.type")
    if kind in ("threaded", "domain threaded", "domain invalid"):
        raise CgroupError(
            f"limit {asked[0].controller} of cgroup {path}: the cgroup is {kind}",
            op="write",
            path=path,
            pointer=asked[0].pointer,
            hint="only cpu, cpuset, perf_event and pids limit threads; "
            "choose a linux.cgroupsPath outside of the threaded subtree",
            code="cgroup-controller",
        )
