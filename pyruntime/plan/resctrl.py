# SPDX-License-Identifier: Apache-2.0
"""linux.intelRdt: which resctrl group, and what is written there (config-linux.md, "IntelRdt").

Imported only for a container that has the field. host.rdt carries it out.
"""

from __future__ import annotations

from pyruntime.plan.field import sequence, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map


class ResctrlPlan:
    """name: of the group below the root of resctrl, "" for the root itself. given: the config
    names it, so that it outlives the container. lines: for the file schemata, in order.
    monitor: name of a monitoring group in it, "" for none.
    """

    __slots__ = ("given", "lines", "monitor", "name")

    def __init__(self, name: str, *, given: bool, lines: list[str], monitor: str) -> None:
        self.name = name
        self.given = given
        self.lines = lines
        self.monitor = monitor


def read(section: Map, container_id: str) -> ResctrlPlan:
    pointer = "/linux/intelRdt"
    name = text(section, "closID")
    lines = [text(section, "l3CacheSchema"), text(section, "memBwSchema")]
    lines += sequence(section, "schemata", pointer)
    return ResctrlPlan(
        name.strip("/") if name else container_id,
        given=bool(name),
        lines=[line for line in lines if line],
        monitor=container_id if section.get("enableMonitoring") else "",
    )


def allocations(line: str) -> dict[str, dict[str, str]]:
    """A line of schemata by resource and domain, comparable as text: "L3:0=0F;1=f" is
    {"L3": {"0": "f", "1": "f"}}. The kernel pads numbers, and keeps what is not written."""
    resource, _, rest = line.partition(":")
    found: dict[str, str] = {}
    for part in rest.split(";"):
        domain, mark, value = part.partition("=")
        if mark:
            found[domain.strip()] = value.strip().lower().lstrip("0") or "0"
    return {resource.strip(): found}
