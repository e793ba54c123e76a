# SPDX-License-Identifier: Apache-2.0
"""`update` of device rules while the container uses devices that it keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, pid, status
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect
from pyruntime.cgroups.v1 import CgroupV1
from pyruntime.lifecycle.update import update
from pyruntime.log import Log

DENY_ALL = {"allow": False, "access": "rwm"}
# A builtin whose redirection fails ends the shell.
LOOP = "while : </dev/null; do :; done"
ROUNDS = 200


def disk(minor: int, access: str = "rw") -> dict[str, Any]:
    return {"allow": True, "type": "b", "major": 8, "minor": minor, "access": access}


@pytest.fixture
def opening(runtime: Runtime, bundle: Callable[..., Bundle], prefix: str, only_ours: None) -> str:
    """The id of a container that opens /dev/null without end."""
    linux = {"cgroupsPath": f"/{prefix}n", "resources": {"devices": [DENY_ALL]}}
    name = runtime.new_id()
    made = bundle(["/bin/sh", "-c", LOOP], linux=linux)
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    return name


def devices_list(prefix: str) -> set[str]:
    file = Path(detect().v1["devices"], f"{prefix}n", "devices.list")
    return set(file.read_text().splitlines())


@pytest.mark.vm
def test_a_device_that_stays_never_blinks(
    runtime: Runtime, opening: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the container frozen for it."""
    monkeypatch.setattr(CgroupV1, "freeze", None)
    root, log = str(runtime.root), Log()
    for number in range(ROUNDS):
        others = [disk(minor) for minor in range(number % 7)]
        update(
            root, opening, {"devices": [DENY_ALL, disk(99, "rwm"[: 1 + number % 3]), *others]}, log
        )
    assert status(runtime, opening) == "running"
    if "devices" in detect().v1:
        found = {line for line in devices_list(prefix) if line.startswith("b 8:")}
        last = ROUNDS - 1
        wanted = {f"b 8:{minor} rw" for minor in range(last % 7)}
        assert found == wanted | {f"b 8:99 {'rwm'[: 1 + last % 3]}"}
    update(root, opening, {"devices": [DENY_ALL]}, log)
    assert status(runtime, opening) == "running"


def test_to_all_devices_and_back(runtime: Runtime, opening: str, prefix: str) -> None:
    """The whole list changes its sense, which cgroup v1 takes in steps."""
    everything = [DENY_ALL, {"allow": True, "access": "rwm"}]
    root, log = str(runtime.root), Log()
    for _ in range(20):
        update(root, opening, {"devices": everything}, log)
        update(root, opening, {"devices": [DENY_ALL]}, log)
    assert status(runtime, opening) == "running"
    if "devices" in detect().v1:
        assert "a *:* rwm" not in devices_list(prefix)
    update(root, opening, {"devices": everything}, log)
    if "devices" in detect().v1:
        assert devices_list(prefix) == {"a *:* rwm"}


def test_a_change_reaches_sub_cgroups(runtime: Runtime, opening: str, prefix: str) -> None:
    """Of a list that stays a list, where the kernel refuses to begin a new one."""
    if "devices" not in detect().v1:
        pytest.skip("kernel: no v1 devices hierarchy is mounted")
    update(str(runtime.root), opening, {"devices": [DENY_ALL, disk(1), disk(2)]}, Log())
    below = Path(detect().v1["devices"], f"{prefix}n", "below")
    below.mkdir()
    assert "b 8:1 rw" in (below / "devices.list").read_text()
    update(str(runtime.root), opening, {"devices": [DENY_ALL, disk(2)]}, Log())
    assert "b 8:1" not in (below / "devices.list").read_text()
    assert "b 8:2 rw" in (below / "devices.list").read_text()
    assert pid(runtime, opening)
