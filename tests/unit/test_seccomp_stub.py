# SPDX-License-Identifier: Apache-2.0
"""The ENOSYS rule: for each architecture its own limit, the rest falls through."""

from __future__ import annotations

import pytest
from support import bpf

from pyruntime.host.seccomp.stub import ARM_PRIVATE, S390X, Last, stub

THROUGH = -1  # ran out of the stub, into the filter
MIPS64 = 0x80000008


def test_numbers_above_the_highest_that_is_named() -> None:
    program = stub([Last(bpf.AARCH64, 450)])
    assert bpf.answer(program, 450, bpf.AARCH64) == THROUGH
    assert bpf.answer(program, 0, bpf.AARCH64) == THROUGH
    assert bpf.answer(program, 451, bpf.AARCH64) == bpf.ENOSYS
    assert bpf.answer(program, 0xFFFFFFFF, bpf.AARCH64) == bpf.ENOSYS


def test_each_architecture_has_its_own() -> None:
    limits = {bpf.X86_64: 300, bpf.I386: 400, bpf.ARM: 350, MIPS64: 5300}
    program = stub([Last(arch, number) for arch, number in limits.items()])
    for arch, number in limits.items():
        assert bpf.answer(program, number, arch) == THROUGH
        assert bpf.answer(program, number + 1, arch) == bpf.ENOSYS
    assert bpf.answer(program, 9999, bpf.AARCH64) == THROUGH, "left to the filter"


@pytest.mark.parametrize("order", [1, -1])
def test_x32_has_its_bit_and_its_own_limit(order: int) -> None:
    lasts = [Last(bpf.X86_64, 300, 310 | bpf.X32_BIT), Last(bpf.I386, 400)][::order]
    program = stub(lasts)
    assert bpf.answer(program, 300) == THROUGH
    assert bpf.answer(program, 301) == bpf.ENOSYS
    assert bpf.answer(program, 310 | bpf.X32_BIT) == THROUGH
    assert bpf.answer(program, 311 | bpf.X32_BIT) == bpf.ENOSYS
    assert bpf.answer(program, 401, bpf.I386) == bpf.ENOSYS


def test_x32_without_a_word_is_left_to_the_filter() -> None:
    program = stub([Last(bpf.X86_64, 300)])
    assert bpf.answer(program, 5 | bpf.X32_BIT) == THROUGH
    assert bpf.answer(program, 999 | bpf.X32_BIT) == THROUGH
    assert bpf.answer(program, 301) == bpf.ENOSYS


def test_the_multiplexer_of_s390() -> None:
    program = stub([Last(S390X, 400)])
    assert bpf.answer(program, 0, S390X) == bpf.ENOSYS
    assert bpf.answer(program, 1, S390X) == THROUGH
    assert bpf.answer(program, 401, S390X) == bpf.ENOSYS


def test_the_private_numbers_of_arm() -> None:
    program = stub([Last(bpf.ARM, 400)])
    assert bpf.answer(program, ARM_PRIVATE + 5, bpf.ARM) == THROUGH
    assert bpf.answer(program, 401, bpf.ARM) == bpf.ENOSYS
    assert bpf.answer(program, 400, bpf.ARM) == THROUGH


def test_nothing_named_nothing_added() -> None:
    assert stub([]) == b""
    assert stub([Last(bpf.X86_64, -1), Last(bpf.I386, -1)]) == b""
    program = stub([Last(bpf.X86_64, -1), Last(bpf.I386, 5)])
    assert bpf.answer(program, 9999) == THROUGH
    assert bpf.answer(program, 6, bpf.I386) == bpf.ENOSYS
