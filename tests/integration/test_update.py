# SPDX-License-Identifier: Apache-2.0
"""`update`: limits of a running container change, and only those that are given."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, kill
from integration.gate import Gate
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect

MIB = 1 << 20
SETTINGS = {
    "memory": {"limit": 64 * MIB, "swap": 128 * MIB},
    "cpu": {"quota": 50000, "period": 100000, "shares": 512},
    "pids": {"limit": 30},
}
# what -> (controller, file of v1, file of cgroup2)
FILES = {
    "memory": ("memory", "memory.limit_in_bytes", "memory.max"),
    "swap": ("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"),
    "pids": ("pids", "pids.max", "pids.max"),
    "shares": ("cpu", "cpu.shares", "cpu.weight"),
}
NO_LIMIT = ("max", str((1 << 63) - 4096))


class Container:
    """A container and its cgroup's files."""

    def __init__(self, runtime: Runtime, name: str, path: str) -> None:
        self.runtime = runtime
        self.name = name
        self.path = path
        self.facts = detect()

    def directory(self, controller: str) -> Path:
        return Path(self.facts.v1.get(controller, self.facts.v2) + self.path)

    def one(self, what: str) -> str:
        controller, v1, v2 = FILES[what]
        file = v1 if controller in self.facts.v1 else v2
        return (self.directory(controller) / file).read_text().strip()

    def quota(self) -> str:
        directory = self.directory("cpu")
        if "cpu" not in self.facts.v1:
            return (directory / "cpu.max").read_text().strip()
        parts = [(directory / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")]
        return " ".join(part.strip() for part in parts)

    def all(self) -> dict[str, str]:
        return {what: self.one(what) for what in FILES} | {"quota": self.quota()}

    def update(self, *options: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self.runtime("update", *options, self.name, **how)

    def update_json(self, resources: object, **how: Any) -> subprocess.CompletedProcess[str]:
        how["stdin"] = None
        return self.update("--resources", "-", input=json.dumps(resources), **how)


@pytest.fixture
def limited(runtime: Runtime, bundle: Callable[..., Bundle], prefix: str) -> Container:
    linux = {"cgroupsPath": f"/{prefix}u", "resources": SETTINGS}
    made = bundle(["/bin/sleep", "1000"], linux=linux)
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    return Container(runtime, name, f"/{prefix}u")


@pytest.mark.vm
@pytest.mark.vm
def test_only_what_is_given_changes(limited: Container) -> None:
    before = limited.all()
    limited.update("--pids-limit", "20")
    assert limited.all() == before | {"pids": "20"}
    limited.update("--cpu-quota", "20000")
    assert limited.all() == before | {"pids": "20", "quota": "20000 100000"}
    limited.update("--cpu-period=50000")
    assert limited.quota() == "20000 50000"
    limited.update("--memory", "96m")
    assert limited.one("memory") == str(96 * MIB)
    assert limited.one("shares") == before["shares"]


@pytest.mark.vm
@pytest.mark.vm
def test_memory_and_swap_go_up_and_down_together(limited: Container) -> None:
    v1 = "memory" in limited.facts.v1
    for limit, swap in ((256, 512), (32, 32), (64, 65)):
        limited.update("--memory", f"{limit}m", "--memory-swap", f"{swap}m")
        assert limited.one("memory") == str(limit * MIB)
        assert limited.one("swap") == str((swap if v1 else swap - limit) * MIB)
    limited.update("--memory", "-1")
    assert limited.one("memory") in NO_LIMIT
    assert limited.one("swap") in NO_LIMIT


def test_resources_from_a_file_and_from_standard_input(limited: Container, tmp_path: Path) -> None:
    """As engines give them: with a zero for what stays."""
    file = tmp_path / "resources.json"
    given = {"memory": {"limit": 48 * MIB, "swap": 0}, "cpu": {"shares": 0, "cpus": ""}}
    file.write_text(json.dumps(given))
    before = limited.all()
    limited.update("-r", str(file))
    assert limited.all() == before | {"memory": str(48 * MIB), "swap": limited.one("swap")}
    limited.update_json({"pids": {"limit": -1}, "cpu": {"shares": 1024, "quota": -1}})
    assert limited.one("pids") == "max"
    assert limited.one("shares") in ("1024", "100")
    assert limited.quota().split()[0] in ("-1", "max")


def test_the_next_update_builds_on_the_last(limited: Container) -> None:
    limited.update("--memory-swap", "256m")
    limited.update("--memory", "200m")
    refused = limited.update("--memory", "300m", check=False)
    assert refused.returncode == 1
    assert "/linux/resources/memory/swap: must be at least the limit" in refused.stderr
    assert limited.one("memory") == str(200 * MIB)


@pytest.mark.vm
def test_a_failure_changes_nothing(limited: Container, only_ours: None) -> None:
    """The last of several writes fails; what was written before is taken back."""
    if not limited.facts.v2:
        pytest.skip("machine: no cgroup2, whose files are written last")
    before = limited.all()
    given = {
        "memory": {"limit": 16 * MIB, "swap": 16 * MIB},
        "pids": {"limit": 9},
        "cpu": {"shares": 2, "quota": 7000},
        "unified": {"cgroup.max.depth": "never"},
    }
    refused = limited.update_json(given, check=False)
    assert refused.returncode == 1
    assert "cgroup.max.depth" in refused.stderr
    assert "warning" not in refused.stderr
    assert limited.all() == before
    limited.update("--cpu-period", "20000")
    assert limited.quota() == "50000 20000"


BAD_OPTIONS = {
    "--memory 1x": "is not a size",
    "--cpu-quota much": "is not a number",
    "--cpu-period 5": "must be from 1000",
    "--blkio-weight 5": "must be from 10 to 1000",
    "--l3-cache-schema L3:0=f": "has no resctrl group to change",
    "--mem-bw-schema MB:0=20": "has no resctrl group to change",
    "--resources /nowhere/at-all": "open /nowhere/at-all",
}
BAD_DOCUMENTS: list[tuple[object, str]] = [
    ({"memory": {"limit": "much"}}, "/linux/resources/memory/limit: must be an integer"),
    ([], "not an object"),
    ({"pids": {"limit": -7}}, "/linux/resources/pids/limit: must be at least -1"),
]


def test_what_is_wrong_is_said_and_changes_nothing(limited: Container, only_ours: None) -> None:
    before = limited.all()
    for options, said in BAD_OPTIONS.items():
        refused = limited.update(*options.split(), check=False)
        assert refused.returncode == 1
        assert said in refused.stderr
    for document, said in BAD_DOCUMENTS:
        refused = limited.update_json(document, check=False)
        assert refused.returncode == 1
        assert said in refused.stderr
    assert limited.all() == before


def test_obsolete_options_are_accepted(limited: Container) -> None:
    before = limited.all()
    done = limited.update("--kernel-memory", "50m", "--kernel-memory-tcp", "50m")
    assert done.returncode == 0
    assert limited.all() == before


def test_idle_and_back(limited: Container) -> None:
    idle = limited.directory("cpu") / "cpu.idle"
    limited.update("--cpu-idle", "1")
    assert idle.read_text() == "1\n"
    limited.update("--cpu-idle", "0")
    assert idle.read_text() == "0\n"
    assert limited.one("shares") in ("1024", "100")


def test_memory_in_use_can_be_asked_for_first(
    runtime: Runtime, bundle: Callable[..., Bundle], gate: Gate, prefix: str, only_ours: None
) -> None:
    made = bundle(
        ["/bin/sh", "-c", "dd if=/dev/zero of=/dev/shm/a bs=1M count=20 2>/dev/null; sleep 1000"],
        linux={"cgroupsPath": f"/{prefix}m", "resources": {"memory": {"limit": 64 * MIB}}},
    )
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    container = Container(runtime, name, f"/{prefix}m")
    runtime(
        "exec",
        name,
        "/bin/sh",
        "-c",
        f"until [ $(stat -c %s /dev/shm/a) = {20 * MIB} ]; do :; done",
    )
    given = {"memory": {"limit": MIB, "checkBeforeUpdate": True}}
    refused = container.update_json(given, check=False)
    assert refused.returncode == 1
    assert "bytes are in use" in refused.stderr
    assert container.one("memory") == str(64 * MIB)


def test_a_stopped_container_has_no_limits_to_change(limited: Container) -> None:
    kill(limited.runtime, limited.name, "KILL")
    refused = limited.update("--pids-limit", "3", check=False)
    assert refused.returncode == 1
    if limited.runtime.program.name == "pyruntime":
        assert "container not running" in refused.stderr


def test_a_paused_container_can_be_changed(limited: Container) -> None:
    limited.runtime("pause", limited.name)
    limited.update("--pids-limit", "8")
    limited.runtime("resume", limited.name)
    assert limited.one("pids") == "8"


FUSE = 229


def opens(limited: Container, path: str) -> bool:
    command = ["/bin/sh", "-c", f"exec 3<{path}"]
    return limited.runtime("exec", limited.name, *command, check=False).returncode == 0


@pytest.mark.vm
@pytest.mark.vm
def test_devices_change_only_when_another_list_is_given(
    runtime: Runtime, bundle: Callable[..., Bundle], prefix: str, only_ours: None
) -> None:
    """Also what somebody else allowed meanwhile stays, as long as the list is the same."""
    if f"{FUSE} fuse" not in Path("/proc/misc").read_text():
        pytest.skip("kernel: no fuse, whose device this is about")
    rules = [{"allow": False, "access": "rwm"}]
    node = {"path": "/dev/fuse", "type": "c", "major": 10, "minor": FUSE}
    linux = {"cgroupsPath": f"/{prefix}d", "devices": [node], "resources": {"devices": rules}}
    made = bundle(["/bin/sleep", "1000"], linux=linux)
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    container = Container(runtime, name, f"/{prefix}d")
    assert opens(container, "/dev/null")
    assert not opens(container, "/dev/fuse")
    more = [*rules, {"allow": True, "type": "c", "major": 10, "minor": FUSE, "access": "rw"}]
    container.update_json({"devices": more})
    assert opens(container, "/dev/fuse")
    assert opens(container, "/dev/null")
    container.update_json({"devices": rules})
    assert not opens(container, "/dev/fuse")
    allow = container.directory("devices") / "devices.allow"
    if allow.exists():
        allow.write_text(f"c 10:{FUSE} rw")
        container.update_json({"devices": rules, "pids": {"limit": 50}})
        container.update("--pids-limit", "40")
        assert opens(container, "/dev/fuse")
    assert json.loads(runtime("state", name).stdout)["status"] == "running"
