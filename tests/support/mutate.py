# SPDX-License-Identifier: Apache-2.0
"""Documents that are nearly right: a good one with one to three members taken out or replaced."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

ODD: list[Any] = [None, "", "/", "..", "a,b", [], {}, 0, -1, 1, 1.0, (1 << 64) - 1, True, False]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every member."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in members:
        yield value, key
        if isinstance(item, (dict, list)):
            yield from places(item)


def mutated(document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    found = copy.deepcopy(document)
    for _ in range(dice.randint(1, 3)):
        container, key = dice.choice(list(places(found)))
        if dice.random() < 0.3:
            del container[key]
        else:
            container[key] = copy.deepcopy(dice.choice(ODD))
    return found
