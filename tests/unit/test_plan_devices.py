# SPDX-License-Identifier: Apache-2.0
"""Device nodes and the links beside them."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.plan import Plan


def plan(*devices: dict[str, Any]) -> Plan:
    document = plans.config()
    document["linux"]["devices"] = list(devices)
    return plans.create(document)


def nodes(found: Plan) -> dict[str, dict[str, Any]]:
    return {str(step.args["path"]): step.args for step in plans.named(found, "device")}


def test_default_devices() -> None:
    found = nodes(plan())
    assert {path: (args["major"], args["minor"]) for path, args in found.items()} == {
        "/dev/null": (1, 3),
        "/dev/zero": (1, 5),
        "/dev/full": (1, 7),
        "/dev/random": (1, 8),
        "/dev/urandom": (1, 9),
        "/dev/tty": (5, 0),
    }
    assert {args["mode"] for args in found.values()} == {0o20666}


def test_links() -> None:
    steps = plans.named(plan(), "symlink")
    found = {step.args["path"]: (step.args["target"], step.args["flags"]) for step in steps}
    assert found == {
        "/dev/fd": ("/proc/self/fd", ops.SYMLINK_OPTIONAL),
        "/dev/stdin": ("/proc/self/fd/0", ops.SYMLINK_OPTIONAL),
        "/dev/stdout": ("/proc/self/fd/1", ops.SYMLINK_OPTIONAL),
        "/dev/stderr": ("/proc/self/fd/2", ops.SYMLINK_OPTIONAL),
        "/dev/core": ("/proc/kcore", ops.SYMLINK_OPTIONAL),
        # An image's own would give terminals of another devpts.
        "/dev/ptmx": ("pts/ptmx", 0),
    }


@pytest.mark.parametrize(
    ("device", "mode", "number"),
    [
        ({"type": "c", "major": 10, "minor": 7}, 0o20666, (10, 7)),
        ({"type": "u", "major": 10, "minor": 7, "fileMode": 0o600}, 0o20600, (10, 7)),
        ({"type": "b", "major": 8, "minor": 0, "fileMode": 0}, 0o60000, (8, 0)),
        ({"type": "p", "fileMode": 0o644}, 0o10644, (0, 0)),
        # Some producers put the type into the mode as well.
        ({"type": "c", "major": 1, "minor": 3, "fileMode": 0o20644}, 0o20644, (1, 3)),
    ],
)
def test_devices_of_the_config(device: dict[str, Any], mode: int, number: Any) -> None:
    args = nodes(plan(device | {"path": "/dev/x/"}))["/dev/x"]
    assert (args["mode"], (args["major"], args["minor"])) == (mode, number)
    assert (args["uid"], args["gid"]) == (0, 0)


def test_the_owner() -> None:
    args = nodes(plan({"type": "p", "path": "/p", "uid": 3, "gid": 4}))["/p"]
    assert (args["uid"], args["gid"]) == (3, 4)


def test_a_device_of_the_config_replaces_a_default_one() -> None:
    found = plan({"type": "c", "path": "/dev/./null", "major": 1, "minor": 3, "fileMode": 0o600})
    assert len(nodes(found)) == 6
    assert nodes(found)["/dev/null"]["mode"] == 0o20600


def test_a_device_of_the_config_replaces_a_link() -> None:
    found = plan({"type": "p", "path": "/dev/core"})
    assert "/dev/core" not in {step.args["path"] for step in plans.named(found, "symlink")}


def test_ptmx_stays_a_link() -> None:
    found = plan({"type": "c", "path": "/dev/ptmx", "major": 5, "minor": 2})
    assert "/dev/ptmx" not in nodes(found)
    assert [warning.pointer for warning in found.warnings] == ["/linux/devices/0/path"]


@pytest.mark.parametrize(
    "bad",
    [
        {"type": "x", "major": 1, "minor": 2},
        {"type": "c", "major": 1},
        {"type": "b", "minor": 1},
        {"type": "c", "major": -1, "minor": 1},
        {"type": "c", "major": 1, "minor": -1},
    ],
)
def test_refused_devices(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        plan(bad | {"path": "/dev/x"})
    assert refused.value.pointer.startswith("/linux/devices/0")
