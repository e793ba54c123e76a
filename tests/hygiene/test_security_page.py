# SPDX-License-Identifier: Apache-2.0
"""SECURITY.md's table names every attack that is tried, and no test that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from evil.test_attacks import ATTACKS
from evil.test_racers import RACES
from support.runtime import REPO

TABLE = (REPO / "SECURITY.md").read_text().partition("## Attacks, defences, tests")[2]
ROWS = [line.split("|") for line in TABLE.splitlines() if line.startswith("| ")][1:]
NAMED = {name for row in ROWS for name in re.findall(r"`([^`]+)`", row[3])}

# Races with tests of their own: test_racers.py, test_tracers.py
ELSEWHERE = {
    "entering-inits-are-not-seen",
    "entering-inits-are-traced",
    "joining-inits-are-traced",
}


def test_every_attack_is_in_the_table() -> None:
    tried = {attack.name for attack in ATTACKS} | set(RACES) | ELSEWHERE
    assert tried == {name for name in NAMED if "/" not in name}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1].strip()[:30])
def test_every_row_has_a_test(row: list[str]) -> None:
    assert len(row) == 5
    assert re.findall(r"`([^`]+)`", row[3])


@pytest.mark.parametrize("name", sorted(name for name in NAMED if "/" in name))
def test_the_test_is_there(name: str) -> None:
    path, _, function = name.partition("::")
    assert re.search(rf"^def {function}\(", Path(REPO, path).read_text(), re.M)


def test_numbers_are_those_of_the_attacks() -> None:
    """What an attack is marked with stands in the row that names it."""
    rows = {name: row[1] for row in ROWS for name in re.findall(r"`([^`]+)`", row[3])}
    for attack in ATTACKS:
        for number in filter(None, attack.row.split(", ")):
            assert number in rows[attack.name], attack.name
