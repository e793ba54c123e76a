# SPDX-License-Identifier: Apache-2.0
"""The decoder takes what encode writes and answers everything else with an error."""

from __future__ import annotations

import errno
import random
import struct

import pytest
from support.initproc import ffi, lib

from pyruntime.plan import ops
from pyruntime.plan.encode import encode_steps

HEADER, RECORD = 32, 120
GOOD = encode_steps(
    [
        ops.setsid(""),
        ops.groups("", gids=[1, 2, 3]),
        ops.device("", mode=1, major=2, minor=3, uid=4, gid=5, flags=0, path="/dev/x"),
        ops.hook("", timeout_ms=5, path="/bin/x", args=["x", "y"], env=["A=b"], state_head="{"),
        ops.execve("", args=["a", "", "c"], env=[]),
    ]
)
SETSID, GROUPS, DEVICE, HOOK, EXECVE = range(5)
ANY_STEP = 0xFFFFFFFF


def check(plan: bytes) -> tuple[int, int]:
    step = ffi.new("uint32_t *")
    return -lib.pyr_plan_check(plan, len(plan), step), step[0]


def patched(plan: bytes, offset: int, form: str, value: int) -> bytes:
    changed = bytearray(plan)
    struct.pack_into(form, changed, offset, value)
    return bytes(changed)


def number(step: int, index: int) -> int:
    return HEADER + step * RECORD + 8 + 8 * index


def string(step: int, index: int) -> int:
    return HEADER + step * RECORD + 72 + 8 * index


def string_at(step: int, index: int) -> int:
    return int(struct.unpack_from("<I", GOOD, string(step, index))[0])


def test_takes_what_encode_writes() -> None:
    assert check(GOOD) == (0, ANY_STEP)


def test_refuses_every_prefix() -> None:
    for length in range(len(GOOD)):
        assert check(GOOD[:length])[0] == errno.EINVAL
        shorter = patched(GOOD, 12, "<I", length)[:length] if length >= HEADER else b""
        assert check(shorter)[0] == errno.EINVAL, length


def test_refuses_more_than_the_total() -> None:
    assert check(GOOD + b"\0")[0] == errno.EINVAL


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [
        pytest.param(0, "<B", 0x51, id="magic"),
        pytest.param(7, "<B", 1, id="magic's end"),
        pytest.param(8, "<I", 2, id="version"),
        pytest.param(12, "<I", len(GOOD) - 1, id="total"),
        pytest.param(16, "<I", 0, id="no steps"),
        pytest.param(16, "<I", 6, id="one step too many"),
        pytest.param(16, "<I", 0xFFFFFFFF, id="count that overflows"),
        pytest.param(24, "<I", 2, id="unknown flag"),
        pytest.param(28, "<I", 1, id="reserved"),
    ],
)
def test_refuses_a_bad_header(offset: int, form: str, value: int) -> None:
    assert check(patched(GOOD, offset, form, value)) == (errno.EINVAL, ANY_STEP)


@pytest.mark.parametrize(
    ("step", "offset", "form", "value"),
    [
        pytest.param(SETSID, HEADER, "<I", 0, id="operation 0"),
        pytest.param(SETSID, HEADER, "<I", len(ops.SIGNATURES) + 1, id="unknown operation"),
        pytest.param(SETSID, HEADER, "<I", 0xFFFFFFFF, id="absurd operation"),
        pytest.param(SETSID, HEADER + 4, "<I", 1, id="reserved"),
        pytest.param(SETSID, number(SETSID, 0), "<Q", 1, id="a number too many"),
        pytest.param(DEVICE, number(DEVICE, 6), "<Q", 1, id="a seventh number"),
        pytest.param(SETSID, string(SETSID, 0), "<Q", 1, id="a string too many"),
        pytest.param(DEVICE, string(DEVICE, 0), "<I", 8, id="offset in the header"),
        pytest.param(DEVICE, string(DEVICE, 0), "<I", HEADER + 8, id="offset in the steps"),
        pytest.param(DEVICE, string(DEVICE, 0), "<I", len(GOOD), id="offset at the end"),
        pytest.param(DEVICE, string(DEVICE, 0), "<I", 0xFFFFFFFF, id="offset that overflows"),
        pytest.param(DEVICE, string(DEVICE, 0) + 4, "<I", 0xFFFFFFFF, id="length that overflows"),
        pytest.param(DEVICE, string(DEVICE, 0) + 4, "<I", 5, id="no NUL at the end"),
        pytest.param(DEVICE, string_at(DEVICE, 0) + 2, "<B", 0, id="a NUL inside"),
        pytest.param(GROUPS, string(GROUPS, 0) + 4, "<I", 11, id="two and a half numbers"),
        pytest.param(HOOK, string_at(HOOK, 1) + 3, "<B", 0x41, id="list without its last NUL"),
        pytest.param(EXECVE, string_at(EXECVE, 0) + 5, "<B", 0x41, id="string that runs out"),
    ],
)
def test_refuses_a_bad_step(step: int, offset: int, form: str, value: int) -> None:
    assert check(patched(GOOD, offset, form, value)) == (errno.EINVAL, step)


def test_answers_whatever_it_is_given() -> None:
    """Of many mutations, which the sanitized build runs in larger number."""
    source = random.Random(7)
    verdicts = set()
    for _ in range(20000):
        plan = bytearray(GOOD)
        for _ in range(source.randint(1, 4)):
            plan[source.randrange(len(plan))] = source.choice((0, 1, 0x7F, 0x80, 0xFF))
        verdicts.add(check(bytes(plan))[0])
    assert verdicts == {0, errno.EINVAL}
