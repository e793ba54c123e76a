# SPDX-License-Identifier: Apache-2.0
"""docs/cgroups.md has every limit of the schema: where it is written, and the test that has
seen what it does.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from support import everything, plans

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.resources import compile_resources
from pyruntime.plan.setting import Setting

WHERE = "What is written where"
SEEN = "What each limit was seen to do"
OPEN = ("hugepageLimits", "devices", "rdma", "unified")  # no members with names of their own


def fields(repo: Path) -> set[str]:
    """As "memory.limit"; of lists and of objects with free names the section alone."""
    schema = json.loads((repo / "schemas/linux.json").read_text())
    sections = schema["$defs"]["resources"]["properties"]
    return {
        name if name in OPEN else f"{name}.{key}"
        for name, section in sections.items()
        for key in section.get("properties", {"": 0})
    }


def rows(repo: Path, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its own heading."""
    page = (repo / "docs/cgroups.md").read_text()
    part = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("heading", [WHERE, SEEN])
def test_every_limit_has_a_row(repo: Path, heading: str) -> None:
    there = [word for row in rows(repo, heading) for word in words(row[0])]
    assert sorted(there) == sorted(set(there))
    assert set(there) == fields(repo)


def written(facts: CgroupFacts) -> set[str]:
    """The files of a host that takes all that it can be given."""
    found = set()
    for section, value in everything.EVERYTHING["linux"]["resources"].items():
        each = {key: {key: item} for key, item in value.items()} if isinstance(value, dict) else {}
        for part in each.values() or [value]:
            with contextlib.suppress(Unsupported, ConfigError):
                for setting in compile_resources({section: part}, facts):
                    if isinstance(setting, Setting):
                        found |= {setting.file, *(setting.fallback or ())[:1]}
    return {re.sub(r"\b2MB\b", "SIZE", file) for file in found}


@pytest.mark.parametrize("column", [1, 2])
def test_the_files_are_those_of_the_plan(repo: Path, column: int) -> None:
    facts = plans.v1_host() if column == 1 else plans.v2_host()
    named = {
        word
        for row in rows(repo, WHERE)
        for word in words(row[column])
        if "." in word and not word.startswith("devices.")
    }
    # The swap of cgroup2 is a difference, which takes the limit that it is one from; a weight
    # stands beside a leaf's weight, which is refused.
    together = {
        "memory": {"limit": 1, "swap": 2},
        "blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 100}]},
    }
    found = compile_resources(together, facts)
    more = {setting.file for setting in found if isinstance(setting, Setting)}
    examples = {"memory.high"}  # of `unified`
    assert named == (written(facts) | more) - examples


def test_the_tests_are_there(repo: Path) -> None:
    for row in rows(repo, SEEN):
        named = words(row[2])
        assert named, row[0]
        for each in named:
            file, _, test = each.partition("::")
            assert f"def {test}(" in (repo / "tests" / file).read_text(), each
