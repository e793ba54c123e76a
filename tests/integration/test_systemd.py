# SPDX-License-Identifier: Apache-2.0
"""The systemd driver, where systemd is the init of the host."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, await_end, pid, status
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect

pytestmark = [
    pytest.mark.vm,
    pytest.mark.vm_legacy,
    pytest.mark.skipif(
        not os.path.isdir("/run/systemd/system"),
        reason="virtual machine: systemd is not the init of this host",
    ),
]

MIB = 1 << 20
V1 = "memory" in detect().v1
MEMORY = "MemoryLimit" if V1 else "MemoryMax"
RESOURCES = {
    "memory": {"limit": 64 * MIB, "swap": 96 * MIB},
    "cpu": {"quota": 50000, "period": 100000, "shares": 512},
    "pids": {"limit": 30},
}


class Systemd:
    """The runtime with --systemd-cgroup, and a scope's name of this test."""

    def __init__(self, runtime: Runtime, prefix: str) -> None:
        self.runtime = Runtime(runtime.program, runtime.root, runtime.prefix, "--systemd-cgroup")
        self.runtime.ids = runtime.ids
        self.name = prefix.rstrip("-")
        self.unit = f"test-{self.name}.scope"
        self.path = f"system.slice:test:{self.name}"

    def run(self, bundle: Callable[..., Bundle], **linux: Any) -> str:
        resources = {"resources": RESOURCES} | linux
        made = bundle(["/bin/sleep", "1000"], linux={"cgroupsPath": self.path} | resources)
        name = self.runtime.new_id()
        self.runtime("run", "--detach", "--bundle", made, name, **QUIET)
        return name

    def show(self, *properties: str) -> dict[str, str]:
        command = ["systemctl", "show", self.unit, f"--property={','.join(properties)}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return dict(line.partition("=")[::2] for line in done.stdout.splitlines())

    def file(self, name: str, controller: str = "") -> str:
        top = detect().v1.get(controller, detect().v2)
        return Path(top, "system.slice", self.unit, name).read_text().strip()


@pytest.fixture
def systemd(runtime: Runtime, prefix: str, only_ours: None) -> Systemd:
    return Systemd(runtime, prefix)


def test_a_scope_with_limits_lives_and_ends(
    systemd: Systemd, bundle: Callable[..., Bundle]
) -> None:
    name = systemd.run(bundle)
    runtime = systemd.runtime
    assert systemd.show(
        "ActiveState", "Slice", "Delegate", MEMORY, "CPUQuotaPerSecUSec", "TasksMax"
    ) == {
        "ActiveState": "active",
        "Slice": "system.slice",
        "Delegate": "yes",
        MEMORY: str(64 * MIB),
        "CPUQuotaPerSecUSec": "500ms",
        "TasksMax": "30",
    }
    init = pid(runtime, name)
    own = Path(f"/proc/{init}/cgroup").read_text()
    hierarchies = [line.split(":", 2) for line in own.splitlines()]
    assert {path for _, names, path in hierarchies if names != "misc" and names != "rdma"} == {
        f"/system.slice/{systemd.unit}"
    }
    if V1:
        assert systemd.file("cpu.cfs_quota_us", "cpu") == "50000"
        assert systemd.file("memory.memsw.limit_in_bytes", "memory") == str(96 * MIB)
        assert any(names == "cpu,cpuacct" for _, names, _ in hierarchies)
    else:
        assert systemd.file("cpu.max") == "50000 100000"
        assert systemd.file("memory.swap.max") == str(32 * MIB)
    inside = runtime("exec", name, "/bin/cat", "/proc/self/cgroup").stdout
    assert f"/system.slice/{systemd.unit}" in inside
    runtime("kill", name, "KILL")
    await_end(init)
    runtime("delete", name)
    assert systemd.show("LoadState") == {"LoadState": "not-found"}


def test_an_update_outlives_a_reload(systemd: Systemd, bundle: Callable[..., Bundle]) -> None:
    name = systemd.run(bundle)
    systemd.runtime("update", "--memory", "80m", "--memory-swap", "80m", "--pids-limit", "7", name)
    assert systemd.show(MEMORY, "TasksMax") == {MEMORY: str(80 * MIB), "TasksMax": "7"}
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    limit = "memory.limit_in_bytes" if V1 else "memory.max"
    assert systemd.file(limit, "memory") == str(80 * MIB)
    assert systemd.file("pids.max", "pids") == "7"
    refused = systemd.runtime("exec", name, "/bin/sh", "-c", "exec 3</dev/mem", check=False)
    assert refused.returncode != 0
    systemd.runtime("pause", name)
    assert status(systemd.runtime, name) == "paused"
    systemd.runtime("resume", name)


def test_a_refused_update_is_taken_back_from_systemd_too(
    systemd: Systemd, bundle: Callable[..., Bundle]
) -> None:
    name = systemd.run(bundle)
    before = systemd.show(MEMORY, "TasksMax")
    given = {"memory": {"limit": 32 * MIB, "swap": 32 * MIB}, "pids": {"limit": 1 << 40}}
    words = ["update", "--resources", "-", name]
    refused = systemd.runtime(*words, stdin=None, input=json.dumps(given), check=False)
    assert refused.returncode == 1
    assert "/linux/resources/pids/limit: write" in refused.stderr
    assert systemd.show(MEMORY, "TasksMax") == before
    limit = "memory.limit_in_bytes" if V1 else "memory.max"
    assert systemd.file(limit, "memory") == str(64 * MIB)


def test_a_scope_that_is_there_is_not_taken(
    systemd: Systemd, bundle: Callable[..., Bundle]
) -> None:
    name = systemd.run(bundle)
    with pytest.raises(AssertionError):
        systemd.run(bundle)
    assert systemd.show("ActiveState") == {"ActiveState": "active"}
    assert status(systemd.runtime, name) == "running"


def test_annotations_are_properties(systemd: Systemd, bundle: Callable[..., Bundle]) -> None:
    made = bundle(
        ["/bin/sleep", "1000"],
        linux={"cgroupsPath": systemd.path},
        annotations={"org.systemd.property.TimeoutStopSec": "12"},
    )
    name = systemd.runtime.new_id()
    systemd.runtime("run", "--detach", "--bundle", made, name, **QUIET)
    assert systemd.show("TimeoutStopUSec") == {"TimeoutStopUSec": "12s"}


def test_a_create_that_fails_leaves_no_scope(
    systemd: Systemd, bundle: Callable[..., Bundle]
) -> None:
    made = bundle(["/bin/nothing-here"], linux={"cgroupsPath": systemd.path})
    failed = systemd.runtime.run(made, check=False)
    assert "no such file" in failed.stderr
    assert systemd.show("LoadState") == {"LoadState": "not-found"}


def test_a_path_of_the_other_form_is_refused(
    systemd: Systemd, bundle: Callable[..., Bundle]
) -> None:
    failed = systemd.runtime.run(bundle(linux={"cgroupsPath": "/a/b"}), check=False)
    assert failed.returncode == 1
    assert 'format "slice:prefix:name"' in failed.stderr
