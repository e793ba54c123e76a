# SPDX-License-Identifier: Apache-2.0
"""A plan as bytes, in the wire format of _native/init/context.h.

Header (32 bytes), one record of 120 bytes per step, strings. Little endian; negative numbers
in two's complement. Every string is followed by a NUL that its length does not count, and so
is every member of a list; absent ones have offset and length 0.
"""

from __future__ import annotations

from _struct import Struct

from pyruntime.errors import ConfigError
from pyruntime.plan.ops import SIGNATURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.plan import Plan
    from pyruntime.plan.step import Step

MAGIC = b"PYRPLAN\0"
VERSION = 1
TRACED = 1
PLAN_MAX = 16 << 20
NUMBERS, STRINGS = 8, 6

_HEADER = Struct("<8sIIIIII")
_RECORD = Struct(f"<II{NUMBERS}Q{2 * STRINGS}I")
_U32 = 0xFFFFFFFF
_U64 = 0xFFFFFFFFFFFFFFFF
_NO_NUMBERS, _NO_STRINGS = (0,) * NUMBERS, (0,) * (2 * STRINGS)


def encode(plan: Plan, preserve: int = 0, *, traced: bool = False) -> bytes:
    """preserve: descriptors from 3 on that belong to the process. traced: the init tells when
    each step begins.

    Raises ConfigError for a NUL byte in a string, a number out of range, too large a plan.
    """
    return encode_steps(plan.steps, preserve, traced=traced)


def encode_steps(steps: Sequence[Step], preserve: int = 0, *, traced: bool = False) -> bytes:
    records: list[bytes] = []
    start = _HEADER.size + _RECORD.size * len(steps)
    area = bytearray()
    for step in steps:
        op, numbers, strings = SIGNATURES[step.op]
        args = step.args
        nums = [_number(args[name], step) for name in numbers]
        places: list[int] = []
        for name in strings:
            value = args[name]
            if not value:
                places += (0, 0)
                continue
            data = _string(value, step)
            places += (start + len(area), len(data))
            area += data
            area.append(0)
        places += _NO_STRINGS[len(places) :]
        records.append(_RECORD.pack(op, 0, *nums, *_NO_NUMBERS[len(nums) :], *places))
    total = start + len(area)
    if total > PLAN_MAX:
        raise ConfigError(f"the plan takes {total} bytes: more than {PLAN_MAX}")
    flags = TRACED if traced else 0
    header = _HEADER.pack(MAGIC, VERSION, total, len(steps), preserve, flags, 0)
    return b"".join((header, *records, area))


def _number(value: object, step: Step) -> int:
    assert isinstance(value, int)
    if not -(1 << 63) <= value <= _U64:
        raise ConfigError(f"{step.pointer}: number out of range: {value}", pointer=step.pointer)
    return value & _U64


def _string(value: object, step: Step) -> bytes:
    """One string as it is; of a list each member with its NUL; of u32 the numbers; bytes."""
    if isinstance(value, str):
        return _bytes(value, step)
    if isinstance(value, bytes):
        return value
    assert isinstance(value, (list, tuple))
    if isinstance(value[0], int):
        return _words(value, step)
    return b"".join(_bytes(item, step) + b"\0" for item in value)


def _bytes(value: str, step: Step) -> bytes:
    # A lone surrogate stands for a byte of the command line that is not UTF-8.
    try:
        data = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ConfigError(f"{step.pointer}: not Unicode text", pointer=step.pointer) from None
    if 0 in data:
        raise ConfigError(f"{step.pointer}: NUL byte in a string", pointer=step.pointer)
    return data


def _words(value: Sequence[int], step: Step) -> bytes:
    if not all(0 <= item <= _U32 for item in value):
        raise ConfigError(f"{step.pointer}: id out of range", pointer=step.pointer)
    return b"".join(item.to_bytes(4, "little") for item in value)
