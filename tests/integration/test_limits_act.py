# SPDX-License-Identifier: Apache-2.0
"""What limits do to those who run into them, on whichever cgroup version the host has."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, pid
from support.bundle import Bundle
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect

pytestmark = pytest.mark.vm

Make = Callable[..., Bundle]
MIB = 1 << 20
HOST = detect()


def need(controller: str) -> None:
    if controller not in HOST.v1 and controller not in HOST.v2_controllers:
        pytest.skip(f"kernel: no {controller} controller")


def limited(bundle: Make, script: str, **resources: Any) -> Bundle:
    return bundle(["/bin/sh", "-c", script], linux={"resources": resources})


def test_memory_beyond_the_limit_is_death(runtime: Runtime, bundle: Make) -> None:
    """dd wants its whole block at once, four times what there is."""
    need("memory")
    script = "echo first; exec dd if=/dev/zero of=/dev/null bs=128M count=1"
    done = runtime.run(limited(bundle, script, memory={"limit": 32 * MIB}), check=False)
    assert done.stdout == "first\n"
    assert done.returncode == 137
    enough = limited(bundle, script, memory={"limit": 256 * MIB})
    assert runtime.run(enough).stdout == "first\n"


def test_no_process_beyond_the_number(runtime: Runtime, bundle: Make) -> None:
    need("pids")
    script = "for n in 1 2 3 4 5 6 7 8; do sleep 100 & done; echo all"
    done = runtime.run(limited(bundle, script, pids={"limit": 5}), check=False)
    assert done.returncode == 2
    assert "can't fork" in done.stderr
    assert done.stdout == ""
    assert runtime.run(limited(bundle, script, pids={"limit": 20})).stdout == "all\n"


def test_no_more_cpu_time_than_the_quota(runtime: Runtime, bundle: Make) -> None:
    """A loop that is stopped again and again by a quota of a tenth of one CPU."""
    need("cpu")
    made = limited(bundle, "while :; do :; done", cpu={"quota": 10_000, "period": 100_000})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    file = Path(f"/proc/{pid(runtime, name)}/schedstat")

    def seconds() -> float:
        return int(file.read_text().split()[0]) / 1e9

    used = throttled_ten_times(runtime, name, seconds)
    assert 0.05 < used < 0.15, f"{used:.3f} of a CPU"


def throttled_ten_times(runtime: Runtime, name: str, seconds: Callable[[], float]) -> float:
    """CPUs used between two moments that lie at least ten stops apart."""
    cgroup = directory(runtime, name, "cpu")

    def stops() -> int:
        found = re.search(r"nr_throttled (\d+)", (cgroup / "cpu.stat").read_text())
        assert found
        return int(found[1])

    deadline = time.monotonic() + 30
    first, start, before = stops(), time.monotonic(), seconds()
    while stops() < first + 10:
        assert time.monotonic() < deadline, "never throttled"
        os.sched_yield()
    return (seconds() - before) / (time.monotonic() - start)


def directory(runtime: Runtime, name: str, controller: str) -> Path:
    """The container's cgroup as the host sees it."""
    for line in Path(f"/proc/{pid(runtime, name)}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in HOST.v1:
            if controller in names.split(","):
                return Path(HOST.v1[controller] + path)
        elif not names:
            return Path(HOST.v2 + path)
    raise AssertionError(f"no cgroup of {controller}")


def test_a_device_that_was_not_given(runtime: Runtime, bundle: Make) -> None:
    """The node is in the image; only the cgroup is in the way."""
    script = "cat /zero | head -c 3 | wc -c; exec 3>/kmsg"
    made = limited(bundle, script, devices=[{"allow": False, "access": "rwm"}])
    for name, minor in (("zero", 5), ("kmsg", 11)):
        os.mknod(made.rootfs / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
    done = runtime.run(made, check=False)
    assert done.stdout.strip() == "3"
    assert done.returncode
    assert "Operation not permitted" in done.stderr
    made.change(
        process={"args": ["/bin/sh", "-c", "exec 3>/kmsg; echo open"]},
        linux={
            "resources": {
                "devices": [
                    {"allow": False, "access": "rwm"},
                    {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "w"},
                ]
            }
        },
    )
    assert runtime.run(made).stdout == "open\n"


def test_the_cpus_that_were_given(runtime: Runtime, bundle: Make) -> None:
    need("cpuset")
    if os.cpu_count() == 1:
        pytest.skip("machine: one CPU is all CPUs")
    made = limited(bundle, "grep Cpus_allowed_list /proc/self/status", cpu={"cpus": "1"})
    assert runtime.run(made).stdout.split() == ["Cpus_allowed_list:", "1"]
