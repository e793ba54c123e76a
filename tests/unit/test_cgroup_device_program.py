# SPDX-License-Identifier: Apache-2.0
"""The device filter's program, run by a small interpreter against the rules' meaning."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

import pytest

from pyruntime.cgroups.device_program import ACCESS, TYPES, assemble, mask

if TYPE_CHECKING:
    from pyruntime.cgroups.device_program import Rule

DENY_ALL: Rule = (False, "a", -1, -1, "rwm")
ALLOW_ALL: Rule = (True, "a", -1, -1, "rwm")
NULL: Rule = (True, "c", 1, 3, "rwm")

POLICIES: dict[str, list[Rule]] = {
    "none": [],
    "deny all": [DENY_ALL],
    "allow all": [ALLOW_ALL],
    "one device": [DENY_ALL, NULL],
    "later wins": [NULL, DENY_ALL],
    "read only": [DENY_ALL, (True, "c", 1, 3, "r")],
    "mknod of any": [DENY_ALL, (True, "c", -1, -1, "m"), (True, "b", -1, -1, "m")],
    "access from two rules": [DENY_ALL, (True, "c", 1, 3, "r"), (True, "c", 1, -1, "w")],
    "a hole in what is allowed": [DENY_ALL, (True, "c", 1, -1, "rwm"), (False, "c", 1, 3, "w")],
    "a hole mended": [ALLOW_ALL, (False, "c", 1, -1, "rwm"), (True, "c", 1, 3, "rw")],
    "any type": [DENY_ALL, (True, "a", 1, 3, "r")],
    "type only": [DENY_ALL, (True, "b", -1, -1, "rwm")],
    "minor only": [DENY_ALL, (True, "c", -1, 3, "rwm")],
    "no access means all": [DENY_ALL, (True, "c", 1, 3, "")],
    "great numbers": [DENY_ALL, (True, "c", 0xFFFFFFFF, 0x80000000, "rwm")],
    "deny an access of all": [ALLOW_ALL, (False, "a", -1, -1, "m")],
}
DEVICES = [(1, 3), (1, 5), (2, 3), (0xFFFFFFFF, 0x80000000), (0xFFFFFFFF, 0)]


def meant(rules: list[Rule], kind: str, major: int, minor: int, asked: int) -> bool:
    """Each kind of access is decided by the last rule that matches it."""
    for bit in (1, 2, 4):
        if not asked & bit:
            continue
        verdict = False
        for allow, rule_kind, rule_major, rule_minor, access in rules:
            if (
                rule_kind in ("a", kind)
                and rule_major in (-1, major)
                and rule_minor in (-1, minor)
                and mask(access) & bit
            ):
                verdict = allow
        if not verdict:
            return False
    return True


def run(program: bytes, context: bytes) -> int:
    """Interpret the instructions that the assembler uses; anything else is an error."""
    code = list(struct.iter_unpack("<BBhi", program))
    registers = [0] * 11
    at = 0
    while True:
        op, both, offset, value = code[at]
        into, source = both & 15, both >> 4
        at += 1
        if op == 0x61:  # load word; the context is all the memory there is
            assert source == 1
            registers[into] = struct.unpack_from("<I", context, offset)[0]
        elif op == 0xB4:
            registers[into] = value & 0xFFFFFFFF
        elif op == 0xBC:
            registers[into] = registers[source]
        elif op == 0x54:
            registers[into] &= value & 0xFFFFFFFF
        elif op == 0x74:
            registers[into] >>= value
        elif op == 0x56:
            at += offset if registers[into] != value & 0xFFFFFFFF else 0
        elif op == 0x16:
            at += offset if registers[into] == value & 0xFFFFFFFF else 0
        elif op == 0x95:
            return registers[0]
        else:
            raise AssertionError(f"unknown instruction {op:#x}")


@pytest.mark.parametrize("rules", POLICIES.values(), ids=POLICIES)
def test_the_program_decides_as_the_rules_say(rules: list[Rule]) -> None:
    program = assemble(rules)
    for kind, (major, minor), asked in itertools.product(TYPES, DEVICES, range(1, 8)):
        context = struct.pack("<III", TYPES[kind] | asked << 16, major, minor)
        wanted = meant(rules, kind, major, minor, asked)
        assert bool(run(program, context)) is wanted, (kind, major, minor, asked)


@pytest.mark.parametrize("rules", POLICIES.values(), ids=POLICIES)
def test_every_instruction_can_be_reached(rules: list[Rule]) -> None:
    """The kernel's verifier refuses a program with code after its end."""
    code = list(struct.iter_unpack("<BBhi", assemble(rules)))
    reached: set[int] = set()
    todo = [0]
    while todo:
        at = todo.pop()
        if at in reached:
            continue
        reached.add(at)
        op, _, offset, _ = code[at]
        if op in (0x56, 0x16):
            todo.append(at + 1 + offset)
        if op != 0x95:
            todo.append(at + 1)
    assert reached == set(range(len(code)))


def test_access_letters_are_the_kernels_bits() -> None:
    assert {letter: mask(letter) for letter in "mrw"} == ACCESS == {"m": 1, "r": 2, "w": 4}
    assert mask("") == mask("rwm") == 7
