# SPDX-License-Identifier: Apache-2.0
"""linux.netDevices: which devices move in, and under what names.

Imported only for a container that has the field. host.netdev carries it out.
"""

from __future__ import annotations

from pyruntime.plan.field import escape, mapping, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map


class NetDevice:
    """name: on the host. wanted: inside; one that ends in %d gets a number. pointer: the field."""

    __slots__ = ("name", "pointer", "wanted")

    def __init__(self, name: str, wanted: str, pointer: str) -> None:
        self.name = name
        self.wanted = wanted
        self.pointer = pointer


def read(linux: Map) -> list[NetDevice]:
    found = []
    devices = mapping(linux, "netDevices", "/linux")
    for name in devices:
        pointer = f"/linux/netDevices/{escape(name)}"
        device = mapping(devices, name, "/linux/netDevices")
        found.append(NetDevice(name, text(device, "name") or name, pointer))
    return found
