# SPDX-License-Identifier: Apache-2.0
"""Runs a filter on paper: what the kernel would answer to a system call of any machine."""

from __future__ import annotations

import struct
import sys

KILL, ERRNO, ALLOW = 0, 0x00050000, 0x7FFF0000
ENOSYS = ERRNO | 38
X86_64, I386, ARM, AARCH64 = 0xC000003E, 0x40000003, 0x40000028, 0xC00000B7
X32_BIT = 0x40000000


def answer(program: bytes, number: int, arch: int = X86_64, args: tuple[int, ...] = ()) -> int:
    """The value that classic BPF returns for a struct seccomp_data; -1 when it runs out."""
    data = struct.pack("=IIQ6Q", number, arch, 0, *args, *[0] * (6 - len(args)))
    code = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while at < len(code):
        op, if_true, if_false, value = code[at]
        at += 1
        if op == 0x20:
            accumulator = int.from_bytes(data[value : value + 4], sys.byteorder)
        elif op == 0x54:
            accumulator &= value
        elif op == 0x05:
            at += value
        elif op == 0x06:
            return int(value)
        else:
            tests = {0x15: accumulator == value, 0x25: accumulator > value}
            tests |= {0x35: accumulator >= value, 0x45: bool(accumulator & value)}
            at += if_true if tests[op] else if_false
    return -1
