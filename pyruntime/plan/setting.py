# SPDX-License-Identifier: Apache-2.0
"""One write to a cgroup file, and which hierarchy has the controller for it."""

from __future__ import annotations

from pyruntime.errors import ConfigError, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.facts import CgroupFacts


class Setting:
    """controller: as in CgroupFacts ("cgroup" for core files of cgroup2). file, value: what is
    written where, below the container's directory. pointer: config field. hint: likely cause
    of a failure. missing_ok: without the file there is nothing to do. fallback: (file, value)
    when `file` does not exist.
    """

    __slots__ = ("controller", "fallback", "file", "hint", "missing_ok", "pointer", "value")

    def __init__(
        self,
        controller: str,
        file: str,
        value: str,
        pointer: str,
        hint: str = "",
        *,
        missing_ok: bool = False,
        fallback: tuple[str, str] | None = None,
    ) -> None:
        self.controller = controller
        self.file = file
        self.value = value
        self.pointer = pointer
        self.hint = hint
        self.missing_ok = missing_ok
        self.fallback = fallback

    def __repr__(self) -> str:
        return f"Setting({self.file!r}, {self.value!r}, {self.pointer!r})"


class Hierarchies:
    """Where the host has which controller."""

    __slots__ = ("facts",)

    def __init__(self, facts: CgroupFacts) -> None:
        self.facts = facts

    def version(self, controller: str, pointer: str) -> int:
        """1 or 2, controller by its v1 name. Raises Unsupported when neither has it."""
        if controller in self.facts.v1:
            return 1
        if ("io" if controller == "blkio" else controller) in self.facts.v2_controllers:
            return 2
        raise Unsupported(
            f"{pointer}: this host has no {controller} controller",
            pointer=pointer,
            hint="see /proc/cgroups and cgroup.controllers",
        )

    def write(
        self, controller: str, v1_file: str, v2_file: str, value: str, pointer: str, hint: str = ""
    ) -> Setting:
        """The write under the controller's version; "" where the version has no such file."""
        if not v2_file and self.facts.mode == "v2":
            raise Unsupported(f"{pointer}: cgroup2 has no counterpart of it", pointer=pointer)
        file = v1_file if self.version(controller, pointer) == 1 else v2_file
        if not file:
            raise Unsupported(f"{pointer}: cgroup2 has no counterpart of it", pointer=pointer)
        return Setting(controller, file, value, pointer, hint)


def refuse(pointer: str, why: str) -> ConfigError:
    return ConfigError(f"{pointer}: {why}", pointer=pointer)
