# SPDX-License-Identifier: Apache-2.0
"""What comes before a filter: ENOSYS for system calls newer than the profile.

A profile that denies what it does not name denies system calls that did not exist when it
was written. Programs take EPERM for a refusal and ENOSYS for an old kernel, on which they fall
back: so a number above the highest one that the profile names gets ENOSYS.

Pure: classic BPF (linux/filter.h, linux/bpf_common.h) over struct seccomp_data.
"""

from __future__ import annotations

from _struct import Struct
from errno import ENOSYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INSN = Struct("=HBBI")  # code, jump if true, jump if false, constant: native byte order
INSNS_MAX = 4096  # BPF_MAXINSNS

LOAD, JUMP, JUMP_EQUAL, JUMP_ABOVE, JUMP_FROM, JUMP_BITS, RETURN = (
    *(0x20, 0x05, 0x15, 0x25, 0x35, 0x45, 0x06),
)
NUMBER, ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
RETURN_ENOSYS = 0x00050000 | ENOSYS

X86_64, ARM, S390, S390X = 0xC000003E, 0x40000028, 0x00000016, 0x80000016
X32_BIT = 0x40000000
ARM_PRIVATE = 0x0F0000  # set_tls, cacheflush and the like, far above the others
NEVER = 0xFFFFFFFF


class Last:
    """The highest numbers that a profile names, for one AUDIT_ARCH_*. x32: those of the x32
    ABI, bit included, which shares the architecture of x86-64. -1: it names none.
    """

    __slots__ = ("arch", "number", "x32")

    def __init__(self, arch: int, number: int, x32: int = -1) -> None:
        self.arch = arch
        self.number = number
        self.x32 = x32


def stub(lasts: Sequence[Last]) -> bytes:
    """To be put before a filter: it ends with ENOSYS or falls through to what follows."""
    sections = [_section(last) for last in lasts if max(last.number, last.x32) >= 0]
    if not sections:
        return b""
    # The architecture stays loaded until a section is entered, which does not come back.
    remaining = sum(map(len, sections))
    code = [(LOAD, 0, 0, ARCHITECTURE)]
    for section in sections:
        remaining -= len(section)
        code += section[:-1]
        code.append((JUMP, 0, 0, remaining))
    return b"".join(INSN.pack(*insn) for insn in code)


def _section(last: Last) -> list[tuple[int, int, int, int]]:
    """Skipped by other architectures; its final jump leads behind the stub."""
    checks = _x86_64(last) if last.arch == X86_64 else _plain(last)
    return [
        (JUMP_EQUAL, 0, len(checks) + 2, last.arch),
        (LOAD, 0, 0, NUMBER),
        *checks,
        (JUMP, 0, 0, 0),
    ]


def _plain(last: Last) -> list[tuple[int, int, int, int]]:
    checks = [(JUMP_ABOVE, 0, 1, last.number), (RETURN, 0, 0, RETURN_ENOSYS)]
    if last.arch in (S390, S390X):
        # An unknown number of the large ones arrives as 0, by which they are multiplexed.
        checks = [(JUMP_EQUAL, 0, 1, 0), (RETURN, 0, 0, RETURN_ENOSYS), *checks]
    if last.arch == ARM:
        checks = [(JUMP_FROM, 2, 0, ARM_PRIVATE), *checks]
    return checks


def _x86_64(last: Last) -> list[tuple[int, int, int, int]]:
    """x32 without a word in the profile is left to the filter, which takes it as foreign."""
    number = last.number if last.number >= 0 else NEVER
    x32 = last.x32 if last.x32 >= 0 else NEVER
    return [
        (JUMP_BITS, 2, 0, X32_BIT),
        (JUMP_ABOVE, 2, 0, number),
        (JUMP, 0, 0, 2),
        (JUMP_ABOVE, 0, 1, x32),
        (RETURN, 0, 0, RETURN_ENOSYS),
    ]
