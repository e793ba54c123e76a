# SPDX-License-Identifier: Apache-2.0
"""What every kind of container cgroup has: its directories, members and end.

Subclasses (v1, v2, absent) say how it is made, limited and frozen.
"""

from __future__ import annotations

from pyruntime.cgroups import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.setting import Setting

# How long the init of a killed create may take to see that, in which it ends by itself.
UNCLAIMED_SECONDS = 1.0


class Cgroup:
    """The cgroup of one container, in every hierarchy that the host has.

    paths: absolute directory by controller, "" for cgroup2. tops: mount points likewise.
    made: directories that create() made, parents first; None before create(): then
    nothing here may be taken for the container's own, so that kill() and pids() touch
    nobody and delete() removes only directories that are empty, or soon are.
    """

    __slots__ = ("made", "paths", "tops")

    driver = ""
    late = False  # create() may come after the clone, if begin() came before it
    adopts = False  # it can't be made without a process: adopt() does it, not create()

    def __init__(self, paths: dict[str, str], tops: dict[str, str]) -> None:
        self.paths = paths
        self.tops = tops
        self.made: list[str] | None = None

    def begin(self) -> None:
        """Make what the clone itself needs; create() makes the rest, and all without it.
        Raises CgroupError."""

    def create(self) -> None:
        """Make the directories; undoes itself on failure. Raises CgroupError.

        Refused: a leaf that was there before and has processes or is frozen.
        """
        raise NotImplementedError

    def adopt(self, pid: int, settings: Sequence[Setting | DeviceRules]) -> None:
        """Make the cgroup around a process that was started outside, where adopts says so.

        settings: those that apply() will be given. The record is another one afterwards.
        Raises CgroupError.
        """
        raise NotImplementedError

    def apply(self, settings: Sequence[Setting | DeviceRules]) -> None:
        """Write limits and device rules in the given order. Raises CgroupError."""
        raise NotImplementedError

    def join_paths(self) -> list[str]:
        """The v1 `tasks` files to which the init writes "0" to join."""
        return []

    def v2_fd(self) -> int | None:
        """A new descriptor of the cgroup2 directory for CLONE_INTO_CGROUP, for the caller
        to close; None when there is no cgroup2. Raises CgroupError."""
        return None

    def v2_fd_of(self, pid: int) -> int | None:
        """v2_fd of the sub-cgroup that a process of the container is in: for `exec`, when
        the container has moved its processes down, and its own cgroup takes none (EBUSY).
        Raises CgroupError, also when the process has left the container's cgroup."""
        return self.v2_fd()

    def elsewhere(self, paths: dict[str, str]) -> Cgroup:
        """The like of it with other directories, for join_paths() and v2_fd() only."""
        return type(self)(paths, self.tops)

    def attach(self, pid: int) -> None:
        """Move a process that exists: slow, 5 to 13 ms per hierarchy. Raises CgroupError."""
        raise NotImplementedError

    def freeze(self) -> None:
        """Freeze, and return once everything in it is frozen.

        Raises CgroupError after some seconds without success, and leaves it thawed then.
        """
        raise NotImplementedError

    def thaw(self) -> None:
        """Let it run again. Raises CgroupError."""
        raise NotImplementedError

    def frozen(self) -> bool | None:
        """Whether it was asked to freeze; None when there is no freezer or no cgroup."""
        raise NotImplementedError

    def members(self) -> str:
        """The directory that is asked for the container's processes, "" for none."""
        raise NotImplementedError

    def pids(self, recursive: bool = True) -> list[int]:
        """Process ids as the caller's pid namespace sees them."""
        directory = self.members() if self.made is not None else ""
        return tree.pids(directory, recursive=recursive) if directory else []

    def kill(self, signal: int) -> None:
        """Send the signal to every process, those forked meanwhile included.

        SIGKILL thaws a frozen cgroup, another signal leaves it as it was.
        """
        if self.made is not None:
            from pyruntime.cgroups.kill import kill

            kill(self, signal)

    def delete(self, timeout: float = 10.0) -> None:
        """Remove the cgroup with all sub-cgroups, and parents that create() made.

        A leaf that was there before create() stays, without the sub-cgroups made since.
        Waits up to `timeout` seconds for processes to end, then raises CgroupError.
        """
        leaves = list(dict.fromkeys(self.paths.values()))
        if self.made is None:
            tree.unmake_soon(leaves, min(timeout, UNCLAIMED_SECONDS))
            return
        mine = [path for path in leaves if path in self.made]
        if len(mine) < len(leaves):
            theirs = [path for path in leaves if path not in self.made]
            mine += [child for path in theirs for child in tree.children(path)]
        tree.remove(mine, timeout)
        tree.unmake([path for path in self.made if path not in leaves])
        self.made = []

    def delegate(self, uid: int) -> None:
        """Give the container's user the cgroup, where the hierarchy allows for it."""

    def record(self) -> dict[str, object]:
        """For state.json, to be given to cgroups.driver.from_record."""
        return {"driver": self.driver, "paths": self.paths, "tops": self.tops, "made": self.made}
