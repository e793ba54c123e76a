# SPDX-License-Identifier: Apache-2.0
"""Lexical work on paths of the container and of the bundle. It never looks at a file."""

from __future__ import annotations


def clean(path: str) -> str:
    """Absolute form without ".", "..", doubled or trailing slashes; a relative one is from "/".

    ".." never climbs above "/".
    """
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def below(base: str, path: str) -> str:
    """`path` when absolute, else `path` below the directory `base`; cleaned."""
    return clean(path if path.startswith("/") else f"{base}/{path}")
