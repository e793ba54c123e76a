# SPDX-License-Identifier: Apache-2.0
"""What the rules collect, and the small tests that several of them share."""

from __future__ import annotations

from pyruntime.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DIGITS = "0123456789"


class Findings(list[Problem]):
    """Problems in the order in which they were found."""

    def error(self, pointer: str, message: str, hint: str = "") -> None:
        self.append(Problem(message, pointer=pointer, hint=hint))

    def warning(self, pointer: str, message: str, hint: str = "") -> None:
        self.append(Problem(message, pointer=pointer, hint=hint, severity="warning"))


def escape(key: str) -> str:
    """One reference token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def shown(text: str) -> str:
    """A value as it stands in a message: quoted, one line, not long."""
    cut = text if len(text) <= 60 else f"{text[:57]}..."
    return '"' + cut.encode("unicode_escape").decode() + '"'


def check_nul(value: Any, pointer: str, found: Findings) -> None:
    """No string that reaches the kernel may hold a NUL; it would end there."""
    kind = type(value)
    if kind is str:
        if "\0" in value:
            found.error(pointer, "must not contain a NUL character")
    elif kind is dict:
        for key, item in value.items():
            if "\0" in key:
                found.error(pointer, "has a key with a NUL character")
            elif type(item) is not int:
                check_nul(item, f"{pointer}/{escape(key)}", found)
    elif kind is list:
        for index, item in enumerate(value):
            if type(item) is not str or "\0" in item:
                check_nul(item, f"{pointer}/{index}", found)


def is_list_of_numbers(text: str) -> bool:
    """CPUs or memory nodes as the kernel reads them: 0-3,7 or 0-31:2/4; blanks are ignored."""
    for part in text.replace(" ", "").split(","):
        span, colon, stride = part.partition(":")
        first, dash, last = span.partition("-")
        if colon and not all(_is_number(word) for word in (*stride.partition("/")[::2], last)):
            return False
        if part and not (_is_number(first) and (not dash or _is_number(last))):
            return False
        if dash and int(first) > int(last):
            return False
    return True


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 9 and not text.strip(_DIGITS)


def is_interface_name(name: str) -> bool:
    """dev_valid_name() of the kernel."""
    blank = any(letter in "/: \t\n\v\f\r" for letter in name)
    return 0 < len(name.encode()) <= 15 and name not in (".", "..") and not blank
