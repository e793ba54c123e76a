# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of the benchmark: what turns samples into claims must be right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from figures import median, medians_table, percentile, sizes_table, times_table
from memory import least


@pytest.mark.parametrize(
    ("samples", "middle"), [([3.0], 3.0), ([9.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 2.0, 9.0], 3.0)]
)
def test_median(samples: list[float], middle: float) -> None:
    assert median(samples) == middle


@pytest.mark.parametrize(
    ("count", "percent", "rank"), [(1, 95, 1), (20, 95, 19), (100, 95, 95), (10, 95, 10)]
)
def test_percentile_is_the_nearest_rank(count: int, percent: float, rank: int) -> None:
    assert percentile([float(n) for n in range(count, 0, -1)], percent) == rank


def test_times_are_milliseconds_and_ratios_to_the_base() -> None:
    samples = {"run": {"b": [0.005, 0.005], "a": [0.002, 0.002]}}
    lines = times_table(samples, ["a", "b"]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "run",
        "2.00 (2.00)",
        "5.00 (5.00)",
        "2.50",
    ]
    assert {len(line) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize("unknown", [{"a": [102400.0]}, {"a": [102400.0], "b": []}])
def test_sizes_are_kib_and_the_unknown_is_marked(unknown: dict[str, list[float]]) -> None:
    last = sizes_table({"RSS": unknown}, ["a", "b"]).splitlines()[-1]
    assert last.split() == ["|", "RSS", "|", "100", "|", "-", "|", "-", "|"]


def test_medians_alone() -> None:
    last = medians_table({"x": {"b": [0.001, 0.0024, 0.1]}}, ["a", "b"]).splitlines()[-1]
    assert last.split() == ["|", "x", "|", "-", "|", "2.4", "|"]


def test_no_ratio_to_a_base_that_is_unknown() -> None:
    last = times_table({"x": {"b": [0.001]}}, ["a", "b"]).splitlines()[-1]
    assert last.split() == ["|", "x", "|", "-", "|", "1.00", "(1.00)", "|", "-", "|"]


@pytest.mark.parametrize("edge", [1, 16, 17, 992, 1000])
def test_least_finds_the_edge(edge: int) -> None:
    asked: list[int] = []

    def works(value: int) -> bool:
        asked.append(value)
        return value >= edge

    assert least(works, 1024, 16) == -(-edge // 16) * 16
    assert len(asked) <= 8


def test_least_says_when_nothing_works() -> None:
    assert least(lambda value: False, 1024, 16) == -1
