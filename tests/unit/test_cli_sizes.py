# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from pyruntime.cli.sizes import bytes_of, seconds_of
from pyruntime.errors import UsageError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1048576", 1 << 20),
        ("-1", -1),
        ("5b", 5),
        ("512k", 512 << 10),
        ("512K", 512 << 10),
        ("10m", 10 << 20),
        ("10MB", 10 << 20),
        ("2GiB", 2 << 30),
        ("1.5g", 3 << 29),
        ("1 g", 1 << 30),
        ("1t", 1 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert bytes_of(text, "memory") == size


@pytest.mark.parametrize("text", ["", "x", "1x", "-2", "k", "1..5m", "1kk", "1mi", "٣", "1e3", "."])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError, match="--memory"):
        bytes_of(text, "memory")


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5), ("500ms", 0.5), ("1m30s", 90), ("1.5h", 5400), ("2us", 2e-6)]
)
def test_spans(text: str, seconds: float) -> None:
    assert seconds_of(text, "interval") == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "0s", "-1s", "1x", "5s5", "1.2.3s"])
def test_no_spans(text: str) -> None:
    with pytest.raises(UsageError, match="--interval"):
        seconds_of(text, "interval")
