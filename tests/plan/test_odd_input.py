# SPDX-License-Identifier: Apache-2.0
"""Whatever the schema and the rules let through compiles, or is refused by an error of ours."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import everything, plans
from support.mutate import mutated, places

from pyruntime.errors import Error
from pyruntime.plan import render
from pyruntime.plan.encode import encode
from pyruntime.spec.load import check

HERE = Path(__file__).parent
ROUNDS = 600


def seeds() -> Iterator[dict[str, Any]]:
    for name in ("spec", "containerd", "docker"):
        yield json.loads((HERE / "data" / f"{name}.json").read_text())
    full = copy.deepcopy(everything.EVERYTHING)
    for name in ("personality", "memoryPolicy", "intelRdt", "netDevices"):
        del full["linux"][name]
    yield full


def is_accepted(document: Any) -> bool:
    fault, problems = check(document, "config")
    return fault is None and all(problem.severity != "error" for problem in problems)


@pytest.mark.parametrize("seed", range(4))
def test_no_accepted_document_ends_in_a_traceback(seed: int) -> None:
    dice = random.Random(seed)
    document = list(seeds())[seed]
    hosts = [plans.v1_host(), plans.hybrid_host(), plans.v2_host()]
    compiled = 0
    for _ in range(ROUNDS):
        odd = mutated(document, dice)
        if not is_accepted(odd):
            continue
        try:
            plan = plans.create(odd, cgroup=dice.choice(hosts))
            encode(plan)
            json.dumps(render.data(plan))
            render.text(plan)
        except Error as refused:
            assert str(refused)
        else:
            compiled += 1
    assert compiled or seed == 3, "no mutation got as far as a plan"


@pytest.mark.parametrize("seed", range(4))
def test_nor_does_one_that_nobody_checked(seed: int) -> None:
    """Null may stand for anything optional; that much holds without the schema."""
    dice = random.Random(seed)
    document = list(seeds())[seed]
    for _ in range(ROUNDS):
        odd = copy.deepcopy(document)
        container, key = dice.choice(list(places(odd)))
        if isinstance(container, dict):
            container[key] = None
        try:
            encode(plans.create(odd))
        except Error as refused:
            assert str(refused)
