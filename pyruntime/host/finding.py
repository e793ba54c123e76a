# SPDX-License-Identifier: Apache-2.0
"""One line of what the doctor says."""

from __future__ import annotations

OK = "ok"
LIMITED = "limited"  # something does not work, and the rest does
MISSING = "missing"  # no container can be made


class Finding:
    """area and name identify it ("cgroups", "memory"); text: what was found; consequence: what
    does not work for it, "" when all does."""

    __slots__ = ("area", "consequence", "name", "status", "text")

    def __init__(self, area: str, name: str, status: str, text: str, consequence: str = "") -> None:
        self.area = area
        self.name = name
        self.status = status
        self.text = text
        self.consequence = consequence

    def __repr__(self) -> str:
        return f"<{self.status} {self.area} {self.name}: {self.text}>"
