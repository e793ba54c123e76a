# SPDX-License-Identifier: Apache-2.0
"""Strict JSON: what is refused, where, and that the rest reads as the json package reads it."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyruntime import jsontext
from pyruntime.errors import JsonError
from pyruntime.jsonfault import line_column, locate, unescape

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def refused(text: bytes | str) -> JsonError:
    with pytest.raises(JsonError) as caught:
        jsontext.loads(text)
    return caught.value


@settings(deadline=None, derandomize=True, database=None)
@given(JSON, st.sampled_from([None, 1, 4]), st.booleans())
def test_reads_and_writes_as_json_does(value: Any, indent: int | None, ascii_only: bool) -> None:
    allowed = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert jsontext.loads(allowed.encode()) == value
    compact = (",", ":") if indent is None else None
    written = json.dumps(value, indent=indent, ensure_ascii=False, separators=compact)
    assert jsontext.dumps(value, indent=indent) == written


@pytest.mark.parametrize(
    ("text", "message", "line", "column", "pointer"),
    [
        (b"", "ends where a value is expected", 1, 1, ""),
        (b" \n ", "ends where a value is expected", 2, 2, ""),
        (b"{]", "expected a key in double quotes", 1, 2, ""),
        (b'{"a":1,}', '"," before "}"', 1, 8, ""),
        (b"[1,]", '"," before "]"', 1, 4, ""),
        (b'{"a" 1}', 'expected ":"', 1, 6, "/a"),
        (b'{"a":[1 2]}', 'expected "," or "]"', 1, 9, "/a/0"),
        (b"{'a':1}", "expected a key in double quotes", 1, 2, ""),
        (b"1 2", "text after the end of the document", 1, 3, ""),
        (b'["\xc3\xa9\xff"]', "not valid UTF-8", 1, 4, ""),
        (b"\xef\xbb\xbf{}", "begins with a byte order mark", 1, 1, ""),
        (b'{"a":{"b":[1,{"c/~":1,\n"c/~":2}]}}', "duplicate key", 2, 1, "/a/b/1/c~1~0"),
        (b'{"a":1,"\\u0061":2}', "duplicate key", 1, 8, "/a"),
        (b'{"a":\n  NaN}', "NaN is not a JSON value", 2, 3, "/a"),
        (b"[0,-Infinity]", "-Infinity is not a JSON value", 1, 4, "/1"),
        (b"[tru]", "tru is not a JSON value", 1, 2, "/0"),
        (b"[1e400]", "number too large", 1, 2, "/0"),
        (b"9" * 5000, "number too large", 1, 1, ""),
        (b"01", "malformed number", 1, 1, ""),
        (b'{"a":"\\ud800"}', "lone surrogate in a string", 1, 7, "/a"),
        (b'{"\\udc80":1}', "lone surrogate in a string", 1, 3, "/"),
        (b'"\\ude00\\ud83d"', "lone surrogate in a string", 1, 2, ""),
        (b'"a\tb"', "control character in a string", 1, 3, ""),
        (b'"abc', "string without end", 1, 5, ""),
        (b'"\\x"', "unknown escape in a string", 1, 2, ""),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels", 1, 65, "/0"),
        (b"[" * 100_000, "nested deeper than 64 levels", 1, 65, "/0"),
        (b'{"a":' * 100_000, "nested deeper than 64 levels", 1, 321, "/a"),
        (b" " * (16 << 20) + b"1", "larger than 16 MiB", 0, 0, ""),
    ],
    ids=lambda value: repr(value)[:24] if isinstance(value, bytes) else "",
)
def test_refuses(text: bytes, message: str, line: int, column: int, pointer: str) -> None:
    error = refused(text)
    assert (error.message, error.line, error.column, error.pointer) == (
        message,
        line,
        column,
        pointer,
    )


def test_accepts_what_is_just_within_bounds() -> None:
    assert jsontext.loads(b"[" * 64 + b"]" * 64)
    assert jsontext.loads(b'"' + b"[" * 1000 + b'"') == "[" * 1000
    assert jsontext.loads(json.dumps([[]] * 1000)) == [[]] * 1000
    assert jsontext.loads(b'["\\ud83d\\ude00","\\\\ud800","\\ud7ff"]') == [
        "😀",
        "\\ud800",
        "\ud7ff",
    ]


@pytest.mark.parametrize(("text", "value"), [("1.0", 1), ("1e3", 1000), ("-2.50e1", -25)])
def test_whole_numbers_are_integers(text: str, value: int) -> None:
    found = jsontext.loads(text)
    assert found == value
    assert type(found) is int


def test_fractions_stay() -> None:
    assert jsontext.loads("[0.5,1e300]") == [0.5, 1e300]


def test_null_members_can_be_left_out() -> None:
    text = '{"a":null,"b":{"c":null},"d":[null]}'
    assert jsontext.loads(text) == {"a": None, "b": {"c": None}, "d": [None]}
    assert jsontext.loads(text, nulls=False) == {"b": {}, "d": [None]}


def test_slashes_and_letters_are_not_escaped() -> None:
    assert jsontext.dumps({"a/é": "\x00\n"}) == '{"a/é":"\\u0000\\n"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": object()}, b""])
def test_writes_json_only(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        jsontext.dumps(value)


def test_locate_finds_keys_and_values() -> None:
    text = '{"a": {"b/": [1, "x"]},\n "é": 2}'
    found = locate(text, ["", "/a/b~1", "/a/b~1/1", "/é", "/none"])
    places = {p: [line_column(text, o) if o >= 0 else None for o in at] for p, at in found.items()}
    assert places == {
        "": [None, (1, 1)],
        "/a/b~1": [(1, 8), (1, 14)],
        "/a/b~1/1": [None, (1, 18)],
        "/é": [(2, 2), (2, 7)],
    }


@given(st.text())
@settings(deadline=None, derandomize=True, database=None)
def test_unescape_is_what_the_scanner_does(value: str) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert unescape(text[1:-1]) == value


ODD = os.fsdecode(b"a\xff\xc3\xa9\xfe")  # as the command line gives it: with lone surrogates


@pytest.mark.parametrize("indent", [None, 2])
def test_bytes_that_are_no_text_are_replaced(indent: int | None) -> None:
    text = jsontext.dumps({"path": ODD, ODD: "é"}, indent=indent)
    assert json.loads(text.encode().decode()) == {
        "path": "a\ufffdé\ufffd",
        "a\ufffdé\ufffd": "é",
    }


def test_bytes_that_are_no_text_are_kept_for_ourselves() -> None:
    text = jsontext.dumps({"path": ODD}, lossless=True)
    assert text == '{"path":"a\\udcffé\\udcfe"}'
    assert jsontext.loads(text.encode(), lossless=True) == {"path": ODD}
    with pytest.raises(JsonError, match="lone surrogate"):
        jsontext.loads(text.encode())
