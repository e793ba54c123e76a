# SPDX-License-Identifier: Apache-2.0
"""Sizes and spans of time as people write them on a command line."""

from __future__ import annotations

from pyruntime.errors import UsageError

UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
# longer ones before those that they begin with
SPANS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def bytes_of(text: str, option: str) -> int:
    """512m, 1.5g, 2GiB, 1048576: bytes, units of 1024; -1 is "no limit". Raises UsageError."""
    if text == "-1":
        return -1
    word = text.strip().lower()
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = word[len(digits) :].strip()
    short = unit.removesuffix("b").removesuffix("i")
    if unit in ("b", short, short + "b", short + "ib") and short in UNITS and _is_number(digits):
        factor = 1 << UNITS[short]
        return int(float(digits) * factor) if "." in digits else int(digits) * factor
    raise UsageError(
        f'option --{option}: "{text}" is not a size',
        hint="bytes, or a number with k, m, g or t; -1 for no limit",
        code="bad-value",
    )


def seconds_of(text: str, option: str) -> float:
    """5s, 500ms, 1m30s: seconds, more than 0. Raises UsageError."""
    total, rest, good = 0.0, text, True
    while rest and good:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        rest = rest[len(digits) :]
        unit = next((unit for unit in SPANS if rest.startswith(unit)), "")
        good = bool(unit) and _is_number(digits)
        if good:
            total += float(digits) * SPANS[unit]
            rest = rest[len(unit) :]
    if not good or total <= 0:
        raise UsageError(
            f'option --{option}: "{text}" is not a span of time',
            hint="such as 5s, 500ms or 1m30s",
            code="bad-value",
        )
    return total


def _is_number(text: str) -> bool:
    return text.isascii() and text.count(".") <= 1 and text.replace(".", "").isdigit()
