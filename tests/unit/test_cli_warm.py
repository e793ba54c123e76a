# SPDX-License-Identifier: Apache-2.0
"""What is run before a snapshot is written runs, and touches nothing."""

from __future__ import annotations

import sys

import pytest

from pyruntime.cli import warm
from pyruntime.spec.load import check


@pytest.mark.parametrize("user_namespace", [False, True])
def test_the_example_is_valid(user_namespace: bool) -> None:
    assert check(warm.example(user_namespace=user_namespace), "config") == (None, [])


def test_it_makes_no_system_call_of_note() -> None:
    warm.warm()  # what it imports is there now
    seen = []
    on = True
    sys.addaudithook(lambda event, _args: seen.append(event) if on else None)
    warm.warm()
    on = False
    assert [event for event in seen if event.startswith(("open", "os.", "socket."))] == []
