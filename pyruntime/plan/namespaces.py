# SPDX-License-Identifier: Apache-2.0
"""linux.namespaces: which are new, which are joined, which are the runtime's own."""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.field import sequence, text
from pyruntime.plan.plan import SLOT_FIRST_FREE, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyruntime.plan.field import Map
    from pyruntime.plan.step import Step

# Type of the spec -> (CLONE_NEW*, entry of /proc/PID/ns), in the order of joining: the user
# namespace gives the right to join the others; with the mount namespace the paths change.
TYPES = {
    "user": (0x10000000, "user"),
    "cgroup": (0x02000000, "cgroup"),
    "ipc": (0x08000000, "ipc"),
    "uts": (0x04000000, "uts"),
    "network": (0x40000000, "net"),
    "time": (0x00000080, "time"),
    "pid": (0x20000000, "pid"),
    "mount": (0x00020000, "mnt"),
}
NAMES = {flag: name for name, (flag, _) in TYPES.items()}


class Namespaces:
    """new: type -> pointer of the entry. joined: type -> (path, pointer of the path).
    forks_last: into the pid namespace that is joined, see plan.last_fork.
    """

    __slots__ = ("forks_last", "joined", "new")

    def __init__(self) -> None:
        self.new: dict[str, str] = {}
        self.joined: dict[str, tuple[str, str]] = {}
        self.forks_last = False

    def has(self, kind: str) -> bool:
        """True when the container does not share the runtime's namespace of this type."""
        return kind in self.new or kind in self.joined

    @property
    def entered_by_steps(self) -> bool:
        """One clone can't make what a user namespace must own, nor a time namespace whose
        clocks are still to be set, nor be born into a pid namespace that is there: see
        plan.entry."""
        forks_first = "pid" in self.joined and not self.forks_last
        return self.has("user") or "time" in self.new or forks_first

    def pointer(self, kind: str) -> str:
        return self.new[kind] if kind in self.new else self.joined[kind][1]

    def clone_flags(self) -> int:
        """Flags of the clone: of what takes in only children. The rest is a step of the init's:
        a network namespace takes the kernel a millisecond, in which the runtime makes the cgroup.
        """
        return TYPES["pid"][0] if "pid" in self.new and not self.entered_by_steps else 0


def read(linux: Map) -> Namespaces:
    """The entries by type. Raises ConfigError for unknown, repeated, relative ones."""
    found = Namespaces()
    for index, entry in enumerate(sequence(linux, "namespaces", "/linux")):
        pointer = f"/linux/namespaces/{index}"
        kind, path = text(entry, "type"), text(entry, "path")
        if kind not in TYPES:
            raise ConfigError(f"{pointer}/type: unknown namespace {kind!r}", pointer=pointer)
        if found.has(kind):
            raise ConfigError(f"{pointer}: a second {kind} namespace", pointer=pointer)
        if not path:
            found.new[kind] = pointer
        elif path.startswith("/"):
            found.joined[kind] = (path, f"{pointer}/path")
        else:
            raise ConfigError(f"{pointer}/path: not absolute: {path!r}", pointer=f"{pointer}/path")
    return found


def unshare_steps(kinds: Iterable[str]) -> list[Step]:
    """The step that makes new namespaces, none for the cgroup's: that comes later, in the right
    cgroup.
    """
    flags = 0
    for kind in kinds:
        if kind != "cgroup":
            flags |= TYPES[kind][0]
    return [ops.ns_unshare("/linux/namespaces", flags=flags)] if flags else []


def join_steps(
    joined: dict[str, tuple[str, str]], slots: list[Slot]
) -> tuple[list[Step], list[Step]]:
    """Steps before the mount namespace, the step of the mount namespace.

    Appends to `slots` what the launch has to open.
    """
    before: list[Step] = []
    mount: list[Step] = []
    for kind, (flag, entry) in TYPES.items():
        if kind not in joined:
            continue
        path, pointer = joined[kind]
        step = ops.ns_join(pointer, slot=SLOT_FIRST_FREE + len(slots), nstype=flag)
        slots.append(Slot(f"namespace:{entry}", path, pointer))
        (mount if kind == "mount" else before).append(step)
    return before, mount
