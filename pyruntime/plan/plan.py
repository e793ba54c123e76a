# SPDX-License-Identifier: Apache-2.0
"""The plan of one container or of one process: data, ready to be encoded or described.

It knows neither how a plan comes about (compile.py) nor how it is run.
"""

from __future__ import annotations

from pyruntime.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # (first id inside, first id outside, how many)
    Range = tuple[int, int, int]

    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.net_devices import NetDevice
    from pyruntime.plan.resctrl import ResctrlPlan
    from pyruntime.plan.setting import Setting
    from pyruntime.plan.step import Step

# Slots 0 to 2 are the sync socket, the plan and the start socket.
SLOT_FIRST_FREE = 3


def ignored(message: str, pointer: str) -> Problem:
    """An entry of Plan.warnings."""
    return Problem(message, pointer=pointer, severity="warning")


class IdMaps:
    """Mappings of a user namespace. pointer: of the object that holds both fields."""

    __slots__ = ("gids", "pointer", "uids")

    def __init__(self, uids: tuple[Range, ...], gids: tuple[Range, ...], pointer: str) -> None:
        self.uids = uids
        self.gids = gids
        self.pointer = pointer


class Slot:
    """A descriptor that the launch opens for the init.

    kind: "namespace:" and the entry's name below /proc/PID/ns ("namespace:net"), "idmap": a
    user namespace made for its maps alone, or "append": a file to add to.
    path: on the host. pointer: config field it comes from.
    """

    __slots__ = ("kind", "maps", "path", "pointer")

    def __init__(self, kind: str, path: str, pointer: str, maps: IdMaps | None = None) -> None:
        self.kind = kind
        self.path = path
        self.pointer = pointer
        self.maps = maps

    @staticmethod
    def number(slots: list[Slot]) -> int:
        """Of the next one."""
        return SLOT_FIRST_FREE + len(slots)

    def __repr__(self) -> str:
        return f"Slot({self.kind!r}, {self.path!r}, {self.pointer!r})"


class Listener:
    """Who answers the notifications of a seccomp filter: the path of a unix socket, and a
    text that goes there with the descriptor.
    """

    __slots__ = ("metadata", "path")

    def __init__(self, path: str, metadata: str) -> None:
        self.path = path
        self.metadata = metadata


class CgroupPlan:
    """Where the container's cgroup is to be, and what is written there.

    path: as configured, else "/<id>"; an absolute one counts from the root of each
    hierarchy, a relative one from the runtime's own cgroup. settings: in writing order.
    owner: the host's id of the user that the cgroup is given to, None for nobody.
    """

    __slots__ = ("owner", "path", "settings")

    def __init__(self, path: str, settings: list[Setting | DeviceRules]) -> None:
        self.path = path
        self.settings = settings
        self.owner: int | None = None


class Plan:
    """steps: in order. clone_flags: CLONE_NEW* of the clone itself. slots: descriptors from
    SLOT_FIRST_FREE on. rootfs: absolute path on the host. own_pid_namespace: the init is the first process of one. by_steps: the
    init enters its namespaces by plan.entry's steps. forks: the init goes on as another process,
    for which limits have to wait. id_maps: of a new user namespace, for the phase USERNS. cpus:
    what the clone is born with, [] for the runtime's own. hooks: those that the runtime runs, by
    kind. terminal, console_size: (rows, columns) or None.
    no_process: the config has no process, so that `start` must fail. preserve: descriptors
    from 3 on that the process keeps. listener: of the filter's notifications. net_devices: moved
    in by the runtime. resctrl: the group to run in, None without one. warnings: what is ignored,
    with the reason.
    """

    __slots__ = (
        "by_steps",
        "cgroup",
        "clone_flags",
        "console_size",
        "cpus",
        "forks",
        "hooks",
        "id_maps",
        "listener",
        "net_devices",
        "no_process",
        "own_pid_namespace",
        "preserve",
        "resctrl",
        "rootfs",
        "slots",
        "steps",
        "terminal",
        "warnings",
    )

    def __init__(self, cgroup: CgroupPlan) -> None:
        self.steps: list[Step] = []
        self.clone_flags = 0
        self.cpus: list[int] = []
        self.rootfs = ""
        self.slots: list[Slot] = []
        self.own_pid_namespace = False
        self.by_steps = False
        self.forks = False
        self.id_maps: IdMaps | None = None
        self.hooks: dict[str, list[dict[str, Any]]] = {}
        self.cgroup = cgroup
        self.terminal = False
        self.console_size: tuple[int, int] | None = None
        self.no_process = False
        self.preserve = 0
        self.net_devices: list[NetDevice] = []
        self.resctrl: ResctrlPlan | None = None
        self.listener: Listener | None = None
        self.warnings: list[Problem] = []

    def new_namespaces(self) -> int:
        """CLONE_NEW* of all that are made, by the clone or by steps."""
        found = self.clone_flags
        for step in self.steps:
            if step.op == "ns_unshare":
                found |= int(str(step.args["flags"]))
        return found
