# SPDX-License-Identifier: Apache-2.0
"""From samples to a table: median, 95th percentile, ratios, Markdown. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def median(samples: Sequence[float]) -> float:
    """The middle sample, or the mean of the two middle ones."""
    ordered = sorted(samples)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: a sample that occurred, never an interpolation."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first column is text and whose others are numbers."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    shown = [lines[0], rule, *lines[1:]]
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in shown
    )


def times_table(samples: Mapping[str, Mapping[str, Sequence[float]]], base: str) -> str:
    """Times in milliseconds: samples[what][runtime] in seconds; ratios to runtime `base`."""
    names = list(next(iter(samples.values())))
    others = [name for name in names if name != base]
    header = ["ms, median (p95)", *names, *(f"{name} / {base}" for name in others)]
    rows = []
    for what, by_runtime in samples.items():
        row = [what]
        for name in names:
            got = [sample * 1000 for sample in by_runtime[name]]
            row.append(f"{median(got):.2f} ({percentile(got, 95):.2f})")
        for name in others:
            row.append(f"{median(by_runtime[name]) / median(by_runtime[base]):.2f}")
        rows.append(row)
    return table(header, rows)


def sizes_table(sizes: Mapping[str, Mapping[str, int]]) -> str:
    """Sizes in KiB: sizes[what][runtime] in bytes, -1 for unknown."""
    names = list(next(iter(sizes.values())))
    rows = [
        [
            what,
            *(f"{by_runtime[name] / 1024:.0f}" if by_runtime[name] >= 0 else "?" for name in names),
        ]
        for what, by_runtime in sizes.items()
    ]
    return table(["KiB", *names], rows)
