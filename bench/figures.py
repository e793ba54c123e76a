# SPDX-License-Identifier: Apache-2.0
"""From samples to a table: median, 95th percentile, ratios, Markdown. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

# what was measured -> runtime -> samples; a runtime without any can't do it
Samples = Mapping[str, Mapping[str, Sequence[float]]]

NONE = "-"


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


def medians_table(samples: Samples, names: Sequence[str]) -> str:
    """The times alone, for a page: medians in milliseconds."""
    rows = []
    for what, by_runtime in samples.items():
        got = [by_runtime.get(name, ()) for name in names]
        rows.append([what, *(f"{median(each) * 1000:.1f}" if each else NONE for each in got)])
    return table(["ms, median", *names], rows)


def times_table(samples: Samples, names: Sequence[str]) -> str:
    """Times in milliseconds of samples in seconds; ratios to the first of the runtimes."""

    def shown(got: Sequence[float]) -> str:
        return f"{median(got) * 1000:.2f} ({percentile(got, 95) * 1000:.2f})"

    return _compared("ms, median (p95)", samples, names, shown)


def sizes_table(samples: Samples, names: Sequence[str]) -> str:
    """Sizes in KiB of samples in bytes; ratios to the first of the runtimes."""
    return _compared("KiB, median", samples, names, lambda got: f"{median(got) / 1024:.0f}")


def _compared(
    title: str, samples: Samples, names: Sequence[str], shown: Callable[[Sequence[float]], str]
) -> str:
    base, *others = names
    rows = []
    for what, by_runtime in samples.items():
        got = {name: by_runtime.get(name, ()) for name in names}
        row = [what, *(shown(got[name]) if got[name] else NONE for name in names)]
        for name in others:
            known = got[name] and got[base]
            row.append(f"{median(got[name]) / median(got[base]):.2f}" if known else NONE)
        rows.append(row)
    return table([title, *names, *(f"{name} / {base}" for name in others)], rows)
