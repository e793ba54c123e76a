# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from support import plans

from pyruntime.plan import render


def test_net_devices() -> None:
    document = plans.config()
    assert plans.create(document).net_devices == []
    document["linux"]["netDevices"] = {"eth0": {"name": "lan%d"}, "a~b": {}, "c": {"name": ""}}
    plan = plans.create(document)
    assert [(device.name, device.wanted, device.pointer) for device in plan.net_devices] == [
        ("eth0", "lan%d", "/linux/netDevices/eth0"),
        ("a~b", "a~b", "/linux/netDevices/a~0b"),
        ("c", "c", "/linux/netDevices/c"),
    ]
    assert "network devices\n  eth0 as lan%d\n  a~b as a~b\n" in render.text(plan)
    assert render.data(plan)["netDevices"] == {"eth0": "lan%d", "a~b": "a~b", "c": "c"}
