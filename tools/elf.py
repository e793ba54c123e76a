# SPDX-License-Identifier: Apache-2.0
"""What link_embedded.py must know of the program it has linked: elf(5), 64 bits, little end."""

from __future__ import annotations

import struct

SHT_RELA = 4
COPY = {62: 5, 183: 1024}  # the machine's relocation that moves a library's variable here


class Section:
    __slots__ = ("address", "kind", "name", "offset", "size")

    def __init__(self, header: bytes | bytearray) -> None:
        self.name, self.kind, _, self.address, self.offset, self.size = struct.unpack_from(
            "<IIQQQQ", header
        )


def sections(content: bytes | bytearray) -> dict[str, Section]:
    """By name."""
    (table,) = struct.unpack_from("<Q", content, 40)
    size, count, names = struct.unpack_from("<HHH", content, 58)
    found = [Section(content[table + i * size :][:size]) for i in range(count)]
    start = found[names].offset
    return {content[start + s.name : content.index(0, start + s.name)].decode(): s for s in found}


def copied(content: bytes | bytearray) -> list[tuple[int, int]]:
    """Address and size of each variable of a library that lies in the program."""
    (machine,) = struct.unpack_from("<H", content, 18)
    known = sections(content)
    symbols = known[".dynsym"].offset
    found = set()
    for section in known.values():
        if section.kind != SHT_RELA:
            continue
        for at in range(section.offset, section.offset + section.size, 24):
            address, info = struct.unpack_from("<QQ", content, at)
            if info & 0xFFFFFFFF == COPY[machine]:
                (size,) = struct.unpack_from("<Q", content, symbols + 24 * (info >> 32) + 16)
                found.add((address, size))
    return sorted(found)
