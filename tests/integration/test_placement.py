# SPDX-License-Identifier: Apache-2.0
"""Scheduling, CPUs, memory nodes and the execution domain, as the container's processes have
them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET
from support.bundle import Bundle
from support.runtime import Runtime

MEMS = "/bin/grep -E 'Cpus_allowed_list|Mems_allowed_list' /proc/self/status"


def test_scheduler(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    """Fields 18, 19 and 41 of stat: priority, nice value, policy."""
    made = bundle(
        ["/bin/cut", "-d ", "-f", "19,41", "/proc/self/stat"],
        process={"scheduler": {"policy": "SCHED_BATCH", "nice": 5}},
    )
    assert runtime.run(made).stdout.split() == ["5", "3"]


def test_a_deadline_needs_all_cpus(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("machine: one CPU is all CPUs")
    times = {"runtime": 1_000_000, "deadline": 10_000_000, "period": 10_000_000}
    made = bundle(
        ["/bin/true"],
        process={"scheduler": {"policy": "SCHED_DEADLINE", **times}},
        linux={"resources": {"cpu": {"cpus": "0"}}},
    )
    failed = runtime.run(made, check=False)
    assert failed.returncode == 1
    assert "process.scheduler: sched_setattr: " in failed.stderr
    assert "cpuset" in failed.stderr


def test_personality(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    machine = {"x86_64": "i686", "aarch64": "armv8l"}[platform.machine()]
    made = bundle(["/bin/sleep", "1000"], linux={"personality": {"domain": "LINUX32"}})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    assert runtime("exec", name, "/bin/uname", "-m").stdout == f"{machine}\n"
    made.change(process={"args": ["/bin/uname", "-m"]})
    assert runtime.run(made).stdout == f"{machine}\n"


def test_memory_policy(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    made = bundle(
        ["/bin/grep", "-m1", "stack", "/proc/self/numa_maps"],
        linux={"memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "0"}},
    )
    if not Path("/proc/self/numa_maps").exists():
        pytest.skip("kernel: without NUMA")
    assert runtime.run(made).stdout.split()[1] == "interleave:0"


@pytest.mark.parametrize(
    ("affinity", "expected"),
    [({"initial": "0"}, "0"), ({"final": "1"}, "1"), ({"initial": "0", "final": "1"}, "1")],
)
def test_affinity_of_exec(
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    tmp_path: Path,
    affinity: dict[str, Any],
    expected: str,
) -> None:
    if os.sched_getaffinity(0) < {0, 1}:
        pytest.skip("machine: without two CPUs")
    show = ["/bin/sh", "-c", MEMS]
    made = bundle(["/bin/sleep", "1000"], process={"execCPUAffinity": affinity})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    # As the container's process says, and as a process document says.
    inherited = runtime("exec", name, *show).stdout
    document = tmp_path / "process.json"
    process = {**made.config["process"], "args": show, "execCPUAffinity": affinity}
    document.write_text(json.dumps(process))
    given = runtime("exec", "--process", document, name).stdout
    for text in (inherited, given):
        assert text.splitlines()[0].split() == ["Cpus_allowed_list:", expected]


def test_initial_affinity_to_no_cpu(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    made = bundle(["/bin/sleep", "1000"], process={"execCPUAffinity": {"initial": "8000"}})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    failed = runtime("exec", name, "/bin/true", check=False)
    assert failed.returncode == 255
    assert "set the initial CPU affinity: Invalid argument" in failed.stderr
