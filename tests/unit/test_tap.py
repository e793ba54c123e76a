# SPDX-License-Identifier: Apache-2.0
"""The verdict on a validation program's output: a wrong one would hide failures."""

from __future__ import annotations

import pytest
from conformance.tap import parse


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("ok 1 - a\nok 2\n1..2\n", []),
        ("1..0\nok 1 - a\n", []),
        ("TAP version 13\n1..0\n", []),
        ("1..0 # SKIP no such thing here\n", []),
        ("not ok 1 - a # TODO later\nok 2\n1..2\n", []),
        ("ok 1 # skip not here\n1..1\n", []),
        ("ok 1 - a\n  not ok 1 - of an inner program\n1..1\n", []),
        ('ok 1\n  ---\n  {\n    "error": "exit status 1"\n  }\n  ...\n1..1\n', []),
        ("ok 1 - a\nnot ok 2 - b\n1..2\n", ["not ok: - b"]),
        ("ok 1\n1..2\n", ["planned 2 results, gave 1"]),
        ("", ["no results"]),
        ("okay, this is no result\n", ["no results"]),
        ('1..0\n  {\n    "error": "it went wrong"\n  }\n', ["it went wrong"]),
        ("ok 1\nBail out! broken\n1..1\n", ["Bail out! broken"]),
    ],
)
def test_problems(text: str, problems: list[str]) -> None:
    assert parse(text).problems() == problems
