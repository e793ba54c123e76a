# SPDX-License-Identifier: Apache-2.0
"""v1 weights as cgroup2 weights (both 1 to 10000 there)."""

from __future__ import annotations

from math import ceil, log2

SHARES_MIN, SHARES_MAX = 2, 262144
WEIGHT_MIN, WEIGHT_MAX = 1, 10000


def cpu_weight(shares: int) -> int:
    """cpu.weight for cpu.shares of 1 or more.

    A curve through (2, 1), (1024, 100) and (262144, 10000): least, default and most of both
    scales, so that a default share stays a default weight.
    """
    if shares <= SHARES_MIN:
        return WEIGHT_MIN
    if shares >= SHARES_MAX:
        return WEIGHT_MAX
    exponent = log2(shares)
    return ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34))


def io_weight(weight: int) -> int:
    """io.weight for a blkio weight of 10 to 1000, linear."""
    return 1 + (weight - 10) * 9999 // 990
