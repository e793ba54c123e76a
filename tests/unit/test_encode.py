# SPDX-License-Identifier: Apache-2.0
"""The wire format, read back by a reader of its own."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.plan import encode as module
from pyruntime.plan import ops
from pyruntime.plan.encode import encode, encode_steps
from pyruntime.plan.step import Step

HEADER, RECORD = 32, 120


def decode(data: bytes) -> list[tuple[int, list[int], list[bytes]]]:
    """(operation, numbers, strings) of each step, with the promises of the format checked."""
    magic, version, total, count, _, zero, void = struct.unpack_from("<8s6I", data)
    assert (magic, version, total, zero, void) == (b"PYRPLAN\0", 1, len(data), 0, 0)
    area = HEADER + RECORD * count
    found = []
    for index in range(count):
        at = HEADER + RECORD * index
        op, reserved, *rest = struct.unpack_from("<II8Q12I", data, at)
        assert reserved == 0
        strings = []
        for offset, length in zip(rest[8::2], rest[9::2], strict=True):
            if offset:
                assert area <= offset and offset + length < total
                assert data[offset + length] == 0
            else:
                assert length == 0
            strings.append(data[offset : offset + length])
        found.append((op, rest[:8], strings))
    return found


def test_numbers_and_strings() -> None:
    steps = [
        ops.setsid(""),
        ops.device("", mode=0o20666, major=1, minor=3, uid=5, gid=6, flags=1, path="/dev/null"),
        ops.mount_bind("", source="/a", target="/ü"),
    ]
    first, second, third = decode(encode_steps(steps))
    assert first == (1, [0] * 8, [b""] * 6)
    assert second[1] == [0o20666, 1, 3, 5, 6, 1, 0, 0]
    assert second[2][0] == b"/dev/null"
    assert third[2][:2] == [b"/a", "/ü".encode()]


def test_every_operation_has_its_wire_number() -> None:
    for name, (number, numbers, strings) in ops.SIGNATURES.items():
        args: dict[str, Any] = {arg: index + 1 for index, arg in enumerate(numbers)}
        args |= {arg: f"s{index}" for index, arg in enumerate(strings)}
        [(op, nums, texts)] = decode(encode_steps([Step(name, "", args)]))
        assert op == number
        assert nums[: len(numbers)] == list(range(1, len(numbers) + 1))
        assert texts[: len(strings)] == [f"s{index}".encode() for index in range(len(strings))]


def test_lists_end_each_member_with_a_nul() -> None:
    [(_, _, strings)] = decode(encode_steps([ops.execve("", args=["sh", "", "-c"], env=[])]))
    assert strings[:2] == [b"sh\0\0-c\0", b""]


def test_groups_are_words() -> None:
    [(_, _, strings)] = decode(encode_steps([ops.groups("", gids=[0, 4294967295])]))
    assert strings[0] == b"\0\0\0\0\xff\xff\xff\xff"
    [(_, _, strings)] = decode(encode_steps([ops.groups("", gids=[])]))
    assert strings[0] == b""


def test_negative_numbers_are_two_s_complement() -> None:
    [(_, numbers, _)] = decode(encode_steps([ops.oom_score_adj("", value=-1000)]))
    assert numbers[0] == (1 << 64) - 1000
    [(_, numbers, _)] = decode(encode_steps([ops.rlimit("", hard=(1 << 64) - 1)]))
    assert numbers[2] == (1 << 64) - 1


def test_bytes_of_the_command_line_survive() -> None:
    [(_, _, strings)] = decode(encode_steps([ops.execve("", args=["\udcff"])]))
    assert strings[0] == b"\xff\0"


@pytest.mark.parametrize(
    "step",
    [
        ops.hostname("/hostname", name="a\0b"),
        ops.execve("/process/args", args=["a", "b\0"]),
        ops.hostname("/hostname", name="\ud800"),
        ops.groups("/g", gids=[1 << 32]),
        ops.groups("/g", gids=[-1]),
        ops.rlimit("/r", soft=1 << 64),
        ops.oom_score_adj("/o", value=-(1 << 63) - 1),
    ],
)
def test_what_does_not_fit_is_an_error_with_its_place(step: Step) -> None:
    with pytest.raises(ConfigError) as refused:
        encode_steps([step])
    assert refused.value.pointer == step.pointer


def test_a_plan_has_a_greatest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLAN_MAX", 300)
    encode_steps([ops.hostname("", name="a" * 100)])
    with pytest.raises(ConfigError, match="more than 300"):
        encode_steps([ops.hostname("", name="a" * 200)])


def test_the_header_tells_of_preserved_descriptors() -> None:
    data = encode(plans.create(plans.config()), preserve=3)
    assert struct.unpack_from("<I", data, 20) == (3,)
