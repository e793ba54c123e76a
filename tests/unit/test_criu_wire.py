# SPDX-License-Identifier: Apache-2.0
"""criu's messages: bytes that the encoding's documentation gives, and what comes back of them."""

from __future__ import annotations

import pytest

from pyruntime.errors import HostError
from pyruntime.host.criu import protocol as p
from pyruntime.host.criu.wire import Message, encode


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ([(1, 150)], "089601"),
        ([(2, "testing")], "120774657374696e67"),
        ([(3, b"\x08\x96\x01")], "1a03089601"),
        ([(1, True), (1, False)], "08010800"),
        ([(1, -2)], "08feffffffffffffffff01"),
        ([(64, 2)], "800402"),
        ([(4, "")], "2200"),
    ],
)
def test_encoding(fields: list[tuple[int, bool | int | str | bytes]], data: str) -> None:
    assert encode(fields).hex() == data


def test_a_message_comes_back() -> None:
    inner = encode([(1, "name"), (2, 7)])
    message = Message(encode([(1, -5), (2, "text"), (3, inner), (9, True)]))
    assert (message.number(1), message.text(2), message.number(9)) == (-5, "text", 1)
    assert message.message(3).number(2) == 7
    assert (message.number(77), message.text(77), message.message(77).number(1)) == (0, "", 0)


def test_fields_of_fixed_size_are_passed_over() -> None:
    assert Message(bytes.fromhex("0d01020304" + "110102030405060708" + "1005")).number(2) == 5


def test_a_path_that_is_not_utf_8() -> None:
    assert encode([(1, "/a\udcff")]) == b"\x0a\x03/a\xff"


@pytest.mark.parametrize("data", ["08", "0a05ab", "0b", "0d0102", "08" + "ff" * 10, "ff"])
def test_what_is_no_message(data: str) -> None:
    with pytest.raises(HostError, match="criu sent a message that can't be read"):
        Message(bytes.fromhex(data))


def test_a_value_of_the_other_kind() -> None:
    message = Message(encode([(1, "text"), (2, 1)]))
    with pytest.raises(HostError):
        message.number(1)
    with pytest.raises(HostError):
        message.data(2)


def test_requests() -> None:
    assert p.request(p.VERSION, more=True) == bytes.fromhex("080a2001")
    assert p.request(p.DUMP, options=[(2, 3)]) == bytes.fromhex("080112021003")
    assert p.request(p.FEATURE_CHECK, features=[p.LAZY]) == bytes.fromhex("08092a021001")
    assert p.notified(success=False) == bytes.fromhex("08061800")


def test_answers() -> None:
    version = encode([(1, 3), (2, 17), (4, 1)])
    assert p.Answer(encode([(1, p.VERSION), (2, True), (10, version)])).version == 31701
    notify = p.Answer(encode([(1, p.NOTIFY), (2, True), (5, encode([(1, "post-dump"), (2, 9)]))]))
    assert (notify.kind, notify.script, notify.pid) == (p.NOTIFY, "post-dump", 9)
    restored = p.Answer(encode([(1, p.RESTORE), (2, True), (4, encode([(1, 42)]))]))
    assert (restored.success, restored.pid) == (True, 42)
    failed = p.Answer(encode([(1, p.DUMP), (2, False), (7, -17), (9, "why")]))
    assert (failed.success, failed.errno, failed.text) == (False, 17, "why")
    features = p.Answer(encode([(1, p.FEATURE_CHECK), (2, True), (8, encode([(2, True)]))]))
    assert features.features == [p.LAZY]
