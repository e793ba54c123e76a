# SPDX-License-Identifier: Apache-2.0
"""`events`: statistics at once and at intervals, and a line for a process that is killed for
lack of memory.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from integration.asking import QUIET, kill
from support.bundle import Bundle
from support.runtime import Runtime

MIB = 1 << 20


@pytest.fixture
def limited(runtime: Runtime, bundle: Callable[..., Bundle]) -> str:
    limits = {"memory": {"limit": 32 * MIB, "swap": 32 * MIB}, "pids": {"limit": 30}}
    made = bundle(["/bin/sleep", "1000"], linux={"resources": limits})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    return name


@contextmanager
def stream(runtime: Runtime, name: str, interval: str) -> Iterator[subprocess.Popen[str]]:
    command = runtime.command("events", "--interval", interval, name)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        end = threading.Timer(60, process.kill)  # or a line that never comes is waited for
        end.start()
        try:
            yield process
        finally:
            end.cancel()
            process.kill()


def line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


@pytest.mark.vm
@pytest.mark.vm
def test_the_statistics_of_a_moment(runtime: Runtime, limited: str, only_ours: None) -> None:
    event = json.loads(runtime("events", "--stats", limited).stdout)
    assert event["type"] == "stats"
    assert event["id"] == limited
    data = event["data"]
    assert data["pids"] == {"current": 1, "limit": 30}
    assert data["memory"]["usage"]["limit"] == 32 * MIB
    assert 0 < data["memory"]["usage"]["usage"] < 32 * MIB
    assert data["cpu"]["usage"]["total"] > 0
    assert data["cpuset"]["cpus"]
    (interface,) = data["network_interfaces"]
    assert interface["Name"] == "lo"
    assert data["intel_rdt"] == {}
    wanted = {"cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt"}
    assert set(data) == wanted | {"network_interfaces"}


def test_statistics_at_once_then_at_intervals_until_the_end(runtime: Runtime, limited: str) -> None:
    with stream(runtime, limited, "100ms") as process:
        assert [line(process)["type"] for _ in range(3)] == ["stats"] * 3
        kill(runtime, limited, "KILL")
        assert process.stdout
        rest = process.stdout.read().splitlines()
        assert {json.loads(each)["type"] for each in rest} <= {"stats", "oom"}
        assert process.wait(10) == 0


@pytest.mark.vm
@pytest.mark.vm
def test_a_kill_for_lack_of_memory_is_told(runtime: Runtime, limited: str) -> None:
    with stream(runtime, limited, "1h") as process:
        assert line(process)["type"] == "stats"
        done = runtime("exec", limited, "/bin/sh", "-c", "tail /dev/zero", check=False)
        assert done.returncode == 137
        assert line(process) == {"type": "oom", "id": limited}
        kill(runtime, limited, "KILL")
        assert process.wait(10) == 0
        assert process.stdout
        assert process.stdout.read() == ""


@pytest.mark.vm
def test_the_kill_of_the_init_itself_is_told(
    runtime: Runtime, bundle: Callable[..., Bundle]
) -> None:
    limits = {"memory": {"limit": 16 * MIB, "swap": 16 * MIB}}
    script = "trap 'exec tail /dev/zero' USR1; while :; do sleep 0.1; done"
    made = bundle(["/bin/sh", "-c", script], linux={"resources": limits})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    with stream(runtime, name, "1h") as process:
        assert line(process)["type"] == "stats"
        kill(runtime, name, "USR1")
        assert line(process) == {"type": "oom", "id": name}
        assert process.wait(10) == 0


def test_a_stopped_container_has_none(runtime: Runtime, limited: str) -> None:
    kill(runtime, limited, "KILL")
    refused = runtime("events", "--stats", limited, check=False)
    assert refused.returncode == 1
    assert "is not running" in refused.stderr


def test_an_interval_is_a_span_of_time(runtime: Runtime, limited: str) -> None:
    refused = runtime("events", "--interval", "soon", limited, check=False)
    assert refused.returncode == 1
    assert "interval" in refused.stderr
