# SPDX-License-Identifier: Apache-2.0
"""pyruntime trace FILE: the spans of a --trace file as a waterfall in the terminal."""

from __future__ import annotations

import shutil

from pyruntime import jsontext
from pyruntime.errors import Error, UsageError, host_error
from pyruntime.log import print_out
from pyruntime.trace import INIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log

SHORT = 0.01  # of the whole; shorter spans are summed up
BAR = 24
Span = tuple[float, float, int, str]


def main(invocation: Invocation, _log: Log) -> int:
    path = invocation.args[0]
    try:
        with open(path, "rb") as file:
            document = jsontext.loads(file.read())
        spans = read(document)
    except OSError as err:
        raise host_error(err, "open", path) from None
    except (Error, ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(
            f"read {path}: not a file of --trace", path=path, code="bad-value"
        ) from None
    width = shutil.get_terminal_size((120, 0)).columns
    print_out(waterfall(spans, width, everything=invocation.options.flag("all")))
    return 0


def read(document: Any) -> list[Span]:
    """Begin and length in milliseconds, row, name; by their beginning. Raises ValueError and
    the like when it is something else."""
    spans = [
        (event["ts"] / 1000, event["dur"] / 1000, int(event["tid"]), str(event["name"]))
        for event in document["traceEvents"]
        if event["ph"] == "X"
    ]
    if not spans:
        raise ValueError
    return sorted(spans)


def waterfall(spans: list[Span], width: int, *, everything: bool = False) -> str:
    """A line for each span: begin, length, its place in the whole, name. The steps of the init
    are set in."""
    whole = max(begin + length for begin, length, _, _ in spans)
    lines = [f"{'begin':>9} {'ms':>8}  {'':<{BAR}}"]
    left_out: dict[int, list[float]] = {}
    for begin, length, row, name in spans:
        if not everything and length < whole * SHORT:
            left_out.setdefault(row, []).append(length)
            continue
        text = f"  {name}" if row == INIT else name
        lines.append(f"{begin:9.3f} {length:8.3f}  {bar(begin, length, whole)}  {text}")
    for row, lengths in sorted(left_out.items()):
        text = f"{len(lengths)} short spans (--all shows them)"
        text = f"  {text}" if row == INIT else text
        lines.append(f"{'':9} {sum(lengths):8.3f}  {'':{BAR}}  {text}")
    lines.append(f"{'':9} {whole:8.3f}  {'':{BAR}}  in all")
    return "".join(f"{line.rstrip()[: max(width, 60)]}\n" for line in lines)


def bar(begin: float, length: float, whole: float) -> str:
    """At least one mark, at its place."""
    if whole <= 0:
        return "█".ljust(BAR)
    first = min(int(begin / whole * BAR), BAR - 1)
    last = max(first + 1, round((begin + length) / whole * BAR))
    return (" " * first + "█" * (last - first)).ljust(BAR)[:BAR]
