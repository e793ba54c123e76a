# SPDX-License-Identifier: Apache-2.0
"""Annotations org.systemd.property.NAME, whose values are GVariant texts.

Pure. Taken are booleans, numbers with or without a type, strings, and arrays of these.
Source: GLib's "GVariant Text Format".
"""

from __future__ import annotations

from pyruntime.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cgroups.systemd_unit import Property

PREFIX = "org.systemd.property."
TYPES = {
    "byte": "y",
    "int16": "n",
    "uint16": "q",
    "int32": "i",
    "uint32": "u",
    "int64": "x",
    "uint64": "t",
    "double": "d",
    "boolean": "b",
    "string": "s",
}
BITS = {"y": (0, 8), "n": (15, 15), "q": (0, 16), "i": (31, 31), "u": (0, 32), "x": (63, 63)}
BITS["t"] = (0, 64)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def from_annotations(annotations: dict[str, str]) -> list[Property]:
    """Raises ConfigError for a name that is none, and a value that can't be read."""
    found = []
    for key, text in annotations.items():
        if not key.startswith(PREFIX):
            continue
        name = key[len(PREFIX) :]
        pointer = f"/annotations/{key}"
        if not (name.isascii() and name.isalpha()) or len(name) < 2:
            raise ConfigError(f"{pointer}: no name of a systemd property", pointer=pointer)
        try:
            signature, value = parse(text)
        except ValueError as err:
            raise ConfigError(
                f"{pointer}: can't read {text!r}: {err}",
                pointer=pointer,
                hint="as in GVariant texts: true, 'text', uint64 5, ['a', 'b']",
            ) from None
        if name.endswith("Sec") and name[-4].islower() and signature in "ynqiuxtd":
            # What unit files call TimeoutSec the bus calls TimeoutUSec, in microseconds.
            name, signature, value = f"{name[:-3]}USec", "t", int(value * 1_000_000)
        found.append((name, signature, value))
    return found


def parse(text: str) -> tuple[str, Any]:
    """(signature, value). Raises ValueError."""
    reader = _Reader(text)
    signature, value = reader.value("")
    reader.blanks()
    if reader.rest:
        raise ValueError(f"{reader.rest!r} is too much")
    return signature, value


class _Reader:
    __slots__ = ("rest",)

    def __init__(self, text: str) -> None:
        self.rest = text

    def blanks(self) -> None:
        self.rest = self.rest.lstrip(" \t")

    def value(self, wanted: str) -> tuple[str, Any]:
        """wanted: the signature that an array's elements or a type before it ask for."""
        self.blanks()
        first = self.rest[:1]
        if first == "@":
            signature, _, self.rest = self.rest[1:].partition(" ")
            if signature.lstrip("a") not in TYPES.values():
                raise ValueError(f"type {signature!r} is not taken")
            return self.value(signature)
        if first == "[":
            return self.array(wanted)
        if first in ("'", '"'):
            return self.checked("s", wanted), self.string(first)
        word = self.word()
        if word in TYPES:
            return self.value(TYPES[word])
        if word in ("true", "false"):
            return self.checked("b", wanted), word == "true"
        return self.number(word, wanted)

    def checked(self, signature: str, wanted: str) -> str:
        if wanted not in ("", signature):
            raise ValueError(f"not of type {wanted}")
        return signature

    def word(self) -> str:
        length = 0
        while length < len(self.rest) and (
            self.rest[length].isalnum() or self.rest[length] in "+-."
        ):
            length += 1
        word, self.rest = self.rest[:length], self.rest[length:]
        return word

    def number(self, word: str, wanted: str) -> tuple[str, Any]:
        if wanted == "d" or (not wanted and "." in word):
            return "d", float(word)
        signature = wanted or "i"
        if signature not in BITS:
            raise ValueError(f"not of type {wanted}")
        value = int(word, 0)
        below, above = BITS[signature]
        if not -(1 << below) * bool(below) <= value < 1 << above:
            raise ValueError(f"{word} is out of range")
        return signature, value

    def string(self, quote: str) -> str:
        found: list[str] = []
        index = 1
        while index < len(self.rest):
            letter = self.rest[index]
            if letter == quote:
                self.rest = self.rest[index + 1 :]
                return "".join(found)
            if letter == "\\":
                index += 1
                letter = ESCAPES.get(self.rest[index : index + 1], "")
                if not letter:
                    raise ValueError("unknown escape")
            found.append(letter)
            index += 1
        raise ValueError("the string has no end")

    def array(self, wanted: str) -> tuple[str, Any]:
        if wanted and not wanted.startswith("a"):
            raise ValueError(f"not of type {wanted}")
        element = wanted[1:]
        self.rest = self.rest[1:]
        found: list[Any] = []
        while True:
            self.blanks()
            if self.rest[:1] == "]":
                self.rest = self.rest[1:]
                break
            if found:
                if self.rest[:1] != ",":
                    raise ValueError("a comma is missing")
                self.rest = self.rest[1:]
            element, value = self.value(element)
            found.append(value)
        if not element:
            raise ValueError("an empty array needs its type, as @as []")
        return f"a{element}", bytes(found) if element == "y" else found
