# SPDX-License-Identifier: Apache-2.0
"""What no file of the project may hold: hosts of package registries, paths of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import source

# Written in pieces, so that this file does not hold them either.
FORBIDDEN = {
    "a registry's host": r"(?:pypi|pythonhosted|npmjs|crates|quay|ghcr|gcr)\."
    + r"(?:org|io|com)\b",
    "a mirror's host": r"\bdeb\." + r"debian\.org|snapshot\." + r"debian\.org",
    "a path of one machine": r"/(?:work/" + r"(?:main|shared)|tmp/" + r"lab)\b",
}
TEXT = [path for path in source.tracked() if b"\0" not in path.read_bytes()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_forbidden_words(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.M)
    found = [
        f"{path.relative_to(source.REPO)}: {match.group(0).strip()}"
        for path in TEXT
        for match in pattern.finditer(Path(path).read_text(errors="replace"))
    ]
    assert not found
