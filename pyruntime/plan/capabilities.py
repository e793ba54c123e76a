# SPDX-License-Identifier: Apache-2.0
"""process.capabilities: names to bit masks (capabilities(7), linux/capability.h)."""

from __future__ import annotations

from pyruntime.plan import ops
from pyruntime.plan.field import sequence
from pyruntime.plan.plan import ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.errors import Problem
    from pyruntime.plan.field import Map
    from pyruntime.plan.step import Step

# In the order of their numbers.
NAMES = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
]
BITS = {name: 1 << number for number, name in enumerate(NAMES)}

SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


class Capabilities:
    """Five masks; all zero when the config has none: then everything is dropped."""

    __slots__ = ("ambient", "bounding", "effective", "inheritable", "permitted", "pointer")

    def __init__(self, pointer: str) -> None:
        self.pointer = pointer
        self.bounding = self.effective = self.permitted = self.inheritable = self.ambient = 0


def read(caps: Map, pointer: str, last_cap: int, warnings: list[Problem]) -> Capabilities:
    """Names to masks. Unknown names and those beyond last_cap are left out with a warning."""
    known = (2 << last_cap) - 1
    found = Capabilities(pointer)
    for which in SETS:
        mask = 0
        for index, name in enumerate(sequence(caps, which, pointer)):
            bit = BITS.get(str(name).upper(), 0)
            if bit & known:
                mask |= bit
                continue
            why = "this kernel does not have it" if bit else "no such capability"
            where = f"{pointer}/{which}/{index}"
            warnings.append(ignored(f"ignore capability {name}: {why}", where))
        setattr(found, which, mask)
    _limit_ambient(found, warnings)
    return found


def _limit_ambient(found: Capabilities, warnings: list[Problem]) -> None:
    """The kernel raises ambient only what is permitted and inheritable (capabilities(7))."""
    wanted = found.ambient
    found.ambient &= found.permitted & found.inheritable
    if wanted != found.ambient:
        lost = ", ".join(names(wanted & ~found.ambient))
        why = f"ignore ambient {lost}: not both permitted and inheritable"
        warnings.append(ignored(why, f"{found.pointer}/ambient"))


def names(mask: int) -> list[str]:
    """The names of a mask's bits, lowest first; an unknown one as its number."""
    return [
        NAMES[bit] if bit < len(NAMES) else str(bit)
        for bit in range(mask.bit_length())
        if mask >> bit & 1
    ]


def bounding_steps(caps: Capabilities) -> list[Step]:
    return [ops.caps_bounding(f"{caps.pointer}/bounding", mask=caps.bounding)]


def set_step(caps: Capabilities, kept: int = 0) -> Step:
    return ops.caps_set(
        caps.pointer,
        effective=caps.effective,
        permitted=caps.permitted | kept,
        inheritable=caps.inheritable,
    )


def final_steps(caps: Capabilities, kept: int = 0) -> list[Step]:
    """After the user switch. kept: mask of what the init still needs and execve takes away:
    what a program gets does not depend on what was permitted before (capabilities(7)).
    """
    steps = [set_step(caps, kept)]
    if caps.ambient:
        steps.append(ops.caps_ambient(f"{caps.pointer}/ambient", mask=caps.ambient))
    return steps
