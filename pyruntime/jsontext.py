# SPDX-License-Identifier: Apache-2.0
"""Strict and bounded JSON on CPython's C scanner, without the json package (5 ms of import).

Stricter than RFC 8259 where a second reader could see another document, or a system call
another string: duplicate keys, NaN and numbers beyond a double, lone surrogates. What exactly is
wrong, and where, is worked out by `jsonfault` once something is. It reads no files.
"""

from __future__ import annotations

import _json

from pyruntime.errors import JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The kernel passes at most 6 MiB of arguments and environment to execve; escapes may double that.
MAX_SIZE = 16 << 20
MAX_DEPTH = 64


class _Refused(ValueError):
    """Not acceptable; `jsonfault` finds the reason."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused
    return found


def _without_null(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused
    if None in found.values():
        return {key: value for key, value in found.items() if value is not None}
    return found


def _float(digits: str) -> float | int:
    """1.0 and 1e3 are integers in JSON Schema: no one behind has to know of them."""
    value = float(digits)
    if value - value != 0:  # an infinity
        raise _Refused
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _constant(name: str) -> None:
    raise _Refused(name)


class _Rules:
    """What the C scanner asks its context for."""

    strict = True
    memo: dict[str, str] = {}
    object_hook = None
    object_pairs_hook = staticmethod(_unique)
    parse_float = staticmethod(_float)
    parse_int = int
    parse_constant = staticmethod(_constant)


class _RulesWithoutNull(_Rules):
    object_pairs_hook = staticmethod(_without_null)


# What the extension has made: nothing at import, for a snapshot of the modules lacks it.
_made: dict[object, Any] = {}


def _scanner(rules: type[_Rules]) -> Any:
    if rules not in _made:
        _made[rules] = _json.make_scanner(rules)  # type: ignore[arg-type]
    return _made[rules]


def loads(text: bytes | str, *, nulls: bool = True, lossless: bool = False) -> Any:
    """The value of a JSON text (UTF-8 if bytes).

    nulls=False leaves out the members of objects whose value is null: writers in Go emit it for
    an empty list or map. lossless=True accepts lone surrogates, as dumps(lossless=True) writes
    them. Raises JsonError with the place.
    """
    if len(text) > MAX_SIZE:
        raise JsonError(f"larger than {MAX_SIZE >> 20} MiB")
    try:
        decoded = str(text, "utf-8") if isinstance(text, bytes) else text
        body = decoded.strip(" \t\n\r")
        scan = _scanner(_Rules if nulls else _RulesWithoutNull)
        value, end = scan(body, 0)
        if end != len(body) or _too_deep(body, value):
            raise _Refused
        if not lossless and _lone_surrogate(body):
            raise _Refused
        return value
    # ValueError: also UnicodeError, json's JSONDecodeError, an int beyond 4300 digits.
    # SystemError: the scanner of CPython 3.11 lacks JSONDecodeError while json isn't imported.
    except (ValueError, StopIteration, RecursionError, SystemError):
        from pyruntime.jsonfault import fault

        raise fault(text, MAX_DEPTH) from None
    except MemoryError:
        raise JsonError("takes more memory than there is") from None


def _too_deep(body: str, value: Any) -> bool:
    # Most documents have too few brackets to be deep, which counting shows at once.
    if body.count("[") + body.count("{") <= MAX_DEPTH:
        return False
    level = [value] if type(value) is dict or type(value) is list else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
    return bool(level)


def _lone_surrogate(body: str) -> bool:
    """Only an escape can make one: the text itself is valid UTF-8."""
    if "\\ud" not in body and "\\uD" not in body:
        return False
    from pyruntime.jsonfault import lone_surrogate

    return lone_surrogate(body)


def _no_other(value: object) -> None:
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def _encode(value: object, level: int) -> Any:
    if "encoder" not in _made:
        text = _json.encode_basestring
        _made["encoder"] = _json.make_encoder(
            None, _no_other, text, None, ":", ",", False, False, False
        )
    return _made["encoder"](value, level)


def dumps(value: Any, *, indent: int | None = None, lossless: bool = False) -> str:
    """JSON text: compact, or with that many spaces of indent. Raises TypeError, ValueError.

    Text beyond ASCII stays as it is; slashes are not escaped. A path's byte that is not UTF-8
    becomes U+FFFD, since no JSON text can say it. lossless=True, for what this package alone
    reads: it becomes the escape of the lone surrogate that Python has for it.
    """
    if indent is None:
        text = "".join(_encode(value, 0))
    else:
        text = "".join(_indented(value, "\n", " " * indent))
    return text if text.isascii() else _valid(text, lossless)


def _valid(text: str, lossless: bool) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        if lossless:
            return text.encode("utf-8", "backslashreplace").decode()
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text


def _indented(value: Any, newline: str, step: str) -> list[str]:
    # The C encoder of CPython 3.11 can't indent.
    if not value or not isinstance(value, dict | list | tuple):
        return list(_encode(value, 0))
    inner = newline + step
    is_map = isinstance(value, dict)
    out = ["{" if is_map else "["]
    for index, item in enumerate(value.items() if isinstance(value, dict) else value):
        out.append(("," if index else "") + inner)
        if is_map:
            out += (*_encode(str(item[0]), 0), ": ")
        out += _indented(item[1] if is_map else item, inner, step)
    return [*out, newline, "}" if is_map else "]"]
