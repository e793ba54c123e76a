# SPDX-License-Identifier: Apache-2.0
"""Small files of the host, read to look at it."""

from __future__ import annotations


def read(path: str) -> str:
    """The file's text; "" when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
