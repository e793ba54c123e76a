# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from pyruntime.cli.top import draw, size
from pyruntime.lifecycle.top import Look, rows

MIB = 1 << 20


def seen(time: float, cpu: int, read: int, **memory: Any) -> Look:
    found = Look(
        {
            "cpu": {
                "usage": {"total": cpu},
                "throttling": {"periods": 10 * int(time), "throttledPeriods": int(time)},
                "psi": {"some": {"avg10": 12.4}},
            },
            "memory": memory,
            "pids": {"current": 3},
            "blkio": {
                "ioServiceBytesRecursive": [
                    {"major": 8, "op": "Read", "value": read},
                    {"major": 8, "op": "Write"},
                ]
            },
        }
    )
    found.time = time
    return found


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1023, "1023"), (1024, "1.0K"), (3 * MIB, "3.0M"), (512 * MIB, "512M")],
)
def test_sizes(number: int, text: str) -> None:
    assert size(number) == text


def test_a_table_of_differences_the_busiest_first() -> None:
    usage = {"usage": 32 * MIB, "limit": 64 * MIB}
    endless = {"usage": 5, "limit": (1 << 63) - 4096}
    before = {
        "idle": seen(10, 50, 0, usage=endless),
        "busy": seen(10, 0, 0, usage=usage, oomKills=2),
        "gone": seen(10, 0, 0),
    }
    now = {
        "idle": seen(12, 50, 0, usage=endless),
        "busy": seen(12, 1_000_000_000, 2 * MIB, usage=usage, oomKills=2),
        "new": seen(12, 9, 9),
    }
    lines = draw(rows(before, now)).splitlines()
    assert lines[0].split()[:4] == ["CONTAINER", "CPU", "MEMORY", "LIMIT"]
    assert [line.split() for line in lines[1:]] == [
        ["busy", "50.0%", "32M", "64M", "50%", "3/-", "1.0M", "0", "10%", "12%/-/-", "2"],
        ["idle", "0.0%", "5", "-", "3/-", "0", "0", "10%", "12%/-/-", "0"],
    ]
