# SPDX-License-Identifier: Apache-2.0
"""Into the namespaces step by step, where one clone cannot do it.

    with the host's rights   open bind sources, enter the cgroup, join what is the host's
    the user namespace       new (the runtime writes its mappings) or joined; become its root
    with its rights          join what belongs to it, make the others, set the clocks
    fork                     a pid or time namespace takes in only children

Imported only for a container with a user namespace, a new time namespace, or somebody else's
pid namespace.
"""

from __future__ import annotations

from pyruntime.plan import ops, process
from pyruntime.plan.field import mapping, number
from pyruntime.plan.namespaces import TYPES, unshare_steps
from pyruntime.plan.plan import SLOT_FIRST_FREE, Slot
from pyruntime.plan.userns import UserNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map
    from pyruntime.plan.namespaces import Namespaces
    from pyruntime.plan.process import Process
    from pyruntime.plan.step import Step

USER, TIME, PID = (TYPES[kind][0] for kind in ("user", "time", "pid"))
# clock_gettime(2)
CLOCKS = {"monotonic": 1, "boottime": 7}


class Entry:
    """The steps of each stage; the caller puts others between them.

    host: joins with the host's rights. user: into the user namespace. inside: with the rights
    of that namespace, the fork included. mount: the mount namespace where it is joined by
    the rights of the user namespace: last, as paths change with it.
    """

    __slots__ = ("host", "inside", "mount", "user")

    def __init__(self) -> None:
        self.host: list[Step] = []
        self.user: list[Step] = []
        self.inside: list[Step] = []
        self.mount: list[Step] = []


def create_entry(linux: Map, namespaces: Namespaces, slots: list[Slot]) -> Entry:
    """For the first process."""
    found = Entry()
    joined = {kind: (*at, True) for kind, at in namespaces.joined.items()}
    _joins(found, joined, slots)
    new = dict(namespaces.new)
    if "user" in new:
        pointer = new.pop("user")
        found.user = [
            ops.ns_unshare(pointer, flags=USER),
            ops.sync("/linux/uidMappings", phase=ops.PHASE_USERNS),
            ops.ns_root(pointer),
        ]
    found.inside += unshare_steps(new)
    if "time" in new:
        found.inside += _offsets(linux)
    if namespaces.has("pid") or "time" in new:
        # The parent's session stays behind with it.
        found.inside += [ops.fork(""), ops.setsid("")]
    return found


def exec_entry(configured: Namespaces, pid: int, slots: list[Slot]) -> Entry:
    """For a process added to the container whose init is pid."""
    found = Entry()
    joined = {
        # What the container was given may belong to anybody; what was made for it is its own.
        kind: (f"/proc/{pid}/ns/{entry}", configured.pointer(kind), kind in configured.joined)
        for kind, (_, entry) in TYPES.items()
        if configured.has(kind)
    }
    _joins(found, joined, slots)
    if configured.has("pid"):
        found.inside += [ops.fork(""), ops.setsid("")]
    return found


def exec_steps(
    added: Process,
    linux: Map,
    configured: Namespaces,
    pid: int,
    slots: list[Slot],
    keyring: str,
    *,
    privileged: bool,
) -> list[Step]:
    """From the cgroup to the mount namespace, for a process added to a container."""
    found = exec_entry(configured, pid, slots)
    user = UserNamespace(linux, configured, privileged=privileged)
    return [
        ops.procfs_open(""),
        *process.privileged_steps(added, user),
        *found.host,
        *found.user,
        *found.inside,
        ops.procfs_open(""),
        *process.keyring_steps(added, keyring),
        *found.mount,
    ]


def forks(entry: Entry) -> bool:
    """Whether the init goes on as another process."""
    return any(step.op == "fork" for step in entry.inside)


def _joins(found: Entry, joined: dict[str, tuple[str, str, bool]], slots: list[Slot]) -> None:
    """joined: type -> (path, pointer, whether it may be the host's)."""
    later = "user" in joined
    for kind, (flag, entry) in TYPES.items():
        if kind not in joined:
            continue
        path, pointer, foreign = joined[kind]
        number_ = SLOT_FIRST_FREE + len(slots)
        slots.append(Slot(f"namespace:{entry}", path, pointer))
        if kind == "user":
            found.user = [ops.ns_join(pointer, slot=number_, nstype=flag)]
            continue
        rest = found.mount if kind == "mount" else found.inside
        if foreign:
            flags = ops.NS_TRY if later else 0
            found.host.append(ops.ns_join(pointer, slot=number_, nstype=flag, flags=flags))
        if later:
            flags = ops.NS_REST if foreign else 0
            rest.append(ops.ns_join(pointer, slot=number_, nstype=flag, flags=flags))


def _offsets(linux: Map) -> list[Step]:
    wanted = mapping(linux, "timeOffsets", "/linux")
    found = []
    for name, clock in CLOCKS.items():
        pointer = f"/linux/timeOffsets/{name}"
        offset = mapping(wanted, name, "/linux/timeOffsets")
        secs, nanosecs = number(offset, "secs") or 0, number(offset, "nanosecs") or 0
        if secs or nanosecs:
            found.append(ops.time_offset(pointer, clock=clock, secs=secs, nanosecs=nanosecs))
    return found
