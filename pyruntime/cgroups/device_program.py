# SPDX-License-Identifier: Apache-2.0
"""The device filter of cgroup2: ordered rules to a BPF_PROG_TYPE_CGROUP_DEVICE program.

Pure. A rule is (allow, type, major, minor, access): type "a", "b" or "c", -1 for any number,
access of the letters r, w, m. For each kind of access the last rule that matches decides,
and what no rule matches is denied. The program therefore asks the rules from the last to
the first: a denying one ends it when it names an access still asked for; an allowing one
takes its accesses off what is asked for, and ends it when nothing remains.
Sources: linux/bpf.h (struct bpf_insn, bpf_cgroup_dev_ctx), the kernel's
Documentation/bpf/standardization/instruction-set.rst.
"""

from __future__ import annotations

from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Rule = tuple[bool, str, int, int, str]

INSN = Struct("<BBhi")  # code, destination | source << 4, offset, immediate
ACCESS = {"m": 1, "r": 2, "w": 4}
ALL = 7
TYPES = {"b": 1, "c": 2}

LOAD_WORD = 0x61
JUMP_UNLESS_EQUAL = 0x56  # BPF_JMP32: numbers compare as unsigned 32 bits
JUMP_IF_EQUAL = 0x16
MOVE = 0xB4
MOVE_REGISTER = 0xBC
AND = 0x54
SHIFT_RIGHT = 0x74
EXIT = 0x95

RESULT, CONTEXT, FIELD, ASKED = range(4)
# struct bpf_cgroup_dev_ctx: type in the lower half of the first word, access in the upper.
ACCESS_TYPE, MAJOR, MINOR = 0, 4, 8


def assemble(rules: Iterable[Rule]) -> bytes:
    """The program as an array of struct bpf_insn, 8 bytes each."""
    code = [
        _insn(LOAD_WORD, ASKED, source=CONTEXT, offset=ACCESS_TYPE),
        _insn(SHIFT_RIGHT, ASKED, value=16),
    ]
    for allow, kind, major, minor, access in reversed(list(rules)):
        tests = []
        if kind in TYPES:
            tests.append(_test(ACCESS_TYPE, TYPES[kind]))
        if major >= 0:
            tests.append(_test(MAJOR, major))
        if minor >= 0:
            tests.append(_test(MINOR, minor))
        block = _action(allow, mask(access))
        for load, value in reversed(tests):
            jump = _insn(JUMP_UNLESS_EQUAL, FIELD, offset=len(block), value=value)
            block = [*load, jump, *block]
        code += block
        if not tests and mask(access) == ALL:
            # It decides everything; the verifier refuses code that can't be reached.
            return b"".join(code)
    return b"".join(code + _answer(0))


def _test(field: int, value: int) -> tuple[list[bytes], int]:
    """Loaded anew each time: what the verifier has learnt about a field in one rule would
    keep the paths through all others apart, and some hundred rules would be too many."""
    load = [_insn(LOAD_WORD, FIELD, source=CONTEXT, offset=field)]
    if field == ACCESS_TYPE:
        load.append(_insn(AND, FIELD, value=0xFFFF))
    return load, value


def mask(access: str) -> int:
    """The BPF_DEVCG_ACC_* bits of "rwm" letters; none given means all."""
    bits = 0
    for letter in access:
        bits |= ACCESS[letter]
    return bits or ALL


def _action(allow: bool, bits: int) -> list[bytes]:
    if bits == ALL:
        return _answer(int(allow))
    if allow:
        return [
            _insn(AND, ASKED, value=ALL & ~bits),
            _insn(JUMP_UNLESS_EQUAL, ASKED, offset=2, value=0),
            *_answer(1),
        ]
    return [
        _insn(MOVE_REGISTER, RESULT, source=ASKED),
        _insn(AND, RESULT, value=bits),
        _insn(JUMP_IF_EQUAL, RESULT, offset=2, value=0),
        *_answer(0),
    ]


def _answer(value: int) -> list[bytes]:
    return [_insn(MOVE, RESULT, value=value), _insn(EXIT, RESULT)]


def _insn(
    code: int, destination: int, *, source: int = 0, offset: int = 0, value: int = 0
) -> bytes:
    if value >= 1 << 31:
        value -= 1 << 32  # the field is signed, the comparison is not
    return INSN.pack(code, destination | source << 4, offset, value)
