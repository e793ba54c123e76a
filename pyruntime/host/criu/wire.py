# SPDX-License-Identifier: Apache-2.0
"""The part of the Protocol Buffers encoding that criu's messages take.

Two kinds of values: a varint (numbers, booleans, enumerations) and a byte string (text, nested
messages). It knows no message; those are protocol.py's. Source: the Protocol Buffers
documentation, "Encoding".
"""

from __future__ import annotations

from pyruntime.errors import HostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Value = bool | int | str | bytes
    Fields = list[tuple[int, Value]]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_U64 = (1 << 64) - 1


def encode(fields: Iterable[tuple[int, Value]]) -> bytes:
    """A message from (field number, value), in the order given; repeated ones come repeatedly."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3 | VARINT) + _varint(value & _U64)
        else:
            # As the system has paths: not every one of them is UTF-8.
            data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
            out += _varint(number << 3 | BYTES) + _varint(len(data)) + data
    return bytes(out)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Message:
    """A message that came: its values by field number. What is not there is 0 or empty; of a
    repeated one the last counts."""

    __slots__ = ("_values",)

    def __init__(self, data: bytes) -> None:
        """Raises HostError for what is no message."""
        self._values: dict[int, int | bytes] = {}
        at = 0
        while at < len(data):
            key, at = _read_varint(data, at)
            kind = key & 7
            value: int | bytes
            if kind == VARINT:
                value, at = _read_varint(data, at)
            else:
                if kind == BYTES:
                    size, at = _read_varint(data, at)
                elif kind in (FIXED64, FIXED32):
                    size = 8 if kind == FIXED64 else 4
                else:
                    raise _broken()
                value = data[at : at + size]
                at += size
                if at > len(data):
                    raise _broken()
            self._values[key >> 3] = value

    def number(self, field: int) -> int:
        """As an int32, which is negative when its 64 bits are."""
        value = self._values.get(field, 0)
        if not isinstance(value, int):
            raise _broken()
        return value - (1 << 64) if value >> 63 else value

    def data(self, field: int) -> bytes:
        value = self._values.get(field, b"")
        if not isinstance(value, bytes):
            raise _broken()
        return value

    def text(self, field: int) -> str:
        return self.data(field).decode("utf-8", "replace")

    def message(self, field: int) -> Message:
        return Message(self.data(field))


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value & _U64, at
        shift += 7
    raise _broken()


def _broken() -> HostError:
    return HostError("criu sent a message that can't be read", op="criu", code="criu-failed")
