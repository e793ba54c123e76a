# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pyruntime.cgroups.device_list import Inexpressible, difference, lists

if TYPE_CHECKING:
    from pyruntime.cgroups.device_program import Rule

DENY_ALL: Rule = (False, "a", -1, -1, "rwm")
ALLOW_ALL: Rule = (True, "a", -1, -1, "rwm")

EXPRESSIBLE: dict[str, tuple[list[Rule], bool, list[str]]] = {
    "nothing said": ([], False, []),
    "deny all": ([DENY_ALL], False, []),
    "allow all": ([DENY_ALL, (True, "c", 1, 3, "r"), ALLOW_ALL], True, []),
    "one": ([DENY_ALL, (True, "c", 1, 3, "rwm")], False, ["c 1:3 rwm"]),
    "letters in the kernel's order": ([DENY_ALL, (True, "b", 8, -1, "mr")], False, ["b 8:* rm"]),
    "no access means all": ([DENY_ALL, (True, "c", 1, 3, "")], False, ["c 1:3 rwm"]),
    "merged": ([(True, "c", 1, 3, "r"), (True, "c", 1, 3, "w")], False, ["c 1:3 rw"]),
    "any type": ([(True, "a", 10, 1, "r")], False, ["c 10:1 r", "b 10:1 r"]),
    "taken back": ([(True, "c", 1, 3, "rwm"), (False, "c", 1, 3, "w")], False, ["c 1:3 rm"]),
    "taken back whole": ([(True, "c", 1, 3, "r"), (False, "c", 1, 3, "rwm")], False, []),
    "taken back by a wider one": (
        [(True, "c", 1, 3, "rw"), (True, "c", 1, 5, "rw"), (False, "c", 1, -1, "w")],
        False,
        ["c 1:3 r", "c 1:5 r"],
    ),
    "a denying list": ([ALLOW_ALL, (False, "b", 8, 0, "w")], True, ["b 8:0 w"]),
    "a denying list, mended": (
        [ALLOW_ALL, (False, "b", 8, 0, "rw"), (True, "b", 8, -1, "r")],
        True,
        ["b 8:0 w"],
    ),
    "a hole that a later rule fills": (
        [DENY_ALL, (True, "c", 10, -1, "rw"), (False, "c", 10, 2, "rw"), (True, "c", 10, 2, "rwm")],
        False,
        ["c 10:* rw", "c 10:2 rwm"],
    ),
    "a hole that touches nothing": (
        [DENY_ALL, (True, "c", 1, -1, "r"), (False, "c", 1, 3, "w"), (False, "b", 1, 3, "r")],
        False,
        ["c 1:* r"],
    ),
}

INEXPRESSIBLE: dict[str, tuple[list[Rule], str]] = {
    "a hole": (
        [DENY_ALL, (True, "c", 10, -1, "rw"), (False, "c", 10, 200, "rw")],
        "deny c 10:200 rw within c 10:* rw",
    ),
    "a hole by another number": (
        [DENY_ALL, (True, "c", -1, 3, "rw"), (False, "c", 1, -1, "r")],
        "deny c 1:* r within c *:3 rw",
    ),
    "an island": (
        [ALLOW_ALL, (False, "c", 10, -1, "rwm"), (True, "c", 10, 200, "m")],
        "allow c 10:200 m within c 10:* rwm",
    ),
}


@pytest.mark.parametrize(("rules", "default", "exceptions"), EXPRESSIBLE.values(), ids=EXPRESSIBLE)
def test_lists(rules: list[Rule], default: bool, exceptions: list[str]) -> None:
    assert lists(rules) == (default, exceptions)


@pytest.mark.parametrize(("rules", "words"), INEXPRESSIBLE.values(), ids=INEXPRESSIBLE)
def test_what_the_kernel_would_silently_misunderstand(rules: list[Rule], words: str) -> None:
    with pytest.raises(Inexpressible) as caught:
        lists(rules)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("present", "wanted", "writes"),
    [
        ("", [], []),
        ("c 1:3 rwm\n", ["c 1:3 rwm"], []),
        ("c 1:3 rwm\n", ["c 1:3 rw", "c 1:5 r"], [("allow", "c 1:5 r"), ("deny", "c 1:3 m")]),
        ("c 1:3 r\nb 8:* rm\n", ["c 1:3 rw"], [("allow", "c 1:3 w"), ("deny", "b 8:* rm")]),
        ("c 1:* rw\n", ["c 1:3 rw"], [("allow", "c 1:3 rw"), ("deny", "c 1:* rw")]),
        ("a *:* rwm\n", ["c 1:3 rw"], None),
    ],
)
def test_the_least_that_has_to_be_written(
    present: str, wanted: list[str], writes: list[tuple[str, str]] | None
) -> None:
    assert difference(present, wanted) == writes
