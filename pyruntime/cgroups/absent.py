# SPDX-License-Identifier: Apache-2.0
"""No cgroup at all: for a caller who may not write any, when no limit was asked for."""

from __future__ import annotations

from errno import EOPNOTSUPP

from pyruntime.cgroups.base import Cgroup
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.setting import Setting


class NullCgroup(Cgroup):
    """pids() is empty, kill() reaches nobody, frozen() is None; limits and freezing fail.

    reason: why there is none, for those messages.
    """

    __slots__ = ("reason",)

    driver = "none"

    def __init__(self, reason: str = "the container has no cgroup") -> None:
        super().__init__({}, {})
        self.reason = reason
        self.made = []

    def create(self) -> None:
        return

    def apply(self, settings: Sequence[Setting | DeviceRules]) -> None:
        # Device rules are in every plan; without cgroups a user can make no device anyway.
        asked = [setting for setting in settings if setting.controller != "devices"]
        if asked:
            raise self._impossible("limit resources", asked[0].pointer)

    def attach(self, pid: int) -> None:
        return

    def freeze(self) -> None:
        raise self._impossible("freeze container")

    def thaw(self) -> None:
        raise self._impossible("thaw container")

    def frozen(self) -> bool | None:
        return None

    def members(self) -> str:
        return ""

    def kill(self, signal: int) -> None:
        return

    def record(self) -> dict[str, object]:
        return {"driver": self.driver, "reason": self.reason}

    def _impossible(self, what: str, pointer: str = "") -> CgroupError:
        return CgroupError(
            f"{what}: {self.reason}",
            op=what,
            errno=EOPNOTSUPP,
            pointer=pointer,
            hint="run as root, or have a cgroup2 subtree delegated to this user",
            code="cgroup-denied",
        )
