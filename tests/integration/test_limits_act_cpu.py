# SPDX-License-Identifier: Apache-2.0
"""What limits of CPU time do to those who run into them, on either cgroup version."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from integration.limits import BUSY, HOST, Limited, Make, field, limited, need, until
from support.runtime import Runtime

pytestmark = pytest.mark.vm


def shares_of(one: Limited, other: Limited, seconds: float) -> float:
    """CPU time of one for each second of the other, while both compete for one CPU."""
    before = one.cpu_seconds(), other.cpu_seconds()
    until(lambda: one.cpu_seconds() + other.cpu_seconds() - sum(before) > seconds, "CPU used")
    return (one.cpu_seconds() - before[0]) / max(other.cpu_seconds() - before[1], 1e-9)


def weight(container: Limited) -> int:
    return int(container.file("cpu", "cpu.shares", "cpu.weight").read_text())


def test_shares_divide_a_cpu(runtime: Runtime, bundle: Make) -> None:
    need("cpu")
    need("cpuset")
    much, little = (
        Limited(runtime, limited(bundle, BUSY, cpu={"shares": shares, "cpus": "0"}))
        for shares in (2048, 512)
    )
    wanted = weight(much) / weight(little)
    assert wanted > 2.5
    assert shares_of(much, little, 1.5) == pytest.approx(wanted, rel=0.25)


def test_an_idle_one_gets_what_others_leave(runtime: Runtime, bundle: Make) -> None:
    need("cpu")
    need("cpuset")
    busy = Limited(runtime, limited(bundle, BUSY, cpu={"cpus": "0"}))
    idle = Limited(runtime, limited(bundle, BUSY, cpu={"idle": 1, "cpus": "0"}))
    assert shares_of(idle, busy, 0.7) < 0.1


def test_a_quota_holds_over_seconds(runtime: Runtime, bundle: Make) -> None:
    """Within a tenth, as its users count on. On a host with other work a container may not
    come to use its whole quota; where it was stopped it has."""
    need("cpu")
    quota = {"quota": 30_000, "period": 100_000}
    container = Limited(runtime, limited(bundle, BUSY, cpu=quota))
    file = container.file("cpu", "cpu.stat")
    until(lambda: field(file, "nr_throttled") > 1, "throttled")
    start, before, stops = time.monotonic(), container.cpu_seconds(), field(file, "nr_throttled")
    time.sleep(5)  # what is measured is a rate, over this time
    stops = field(file, "nr_throttled") - stops
    used, time_passed = container.cpu_seconds() - before, time.monotonic() - start
    assert stops > 10
    assert 0.9 * 0.03 * stops < used < 1.1 * 0.3 * time_passed


def test_a_burst_uses_what_was_saved(runtime: Runtime, bundle: Make) -> None:
    need("cpu")
    work = f"sh -c '{BUSY}' & sleep 0.2; kill $!"
    script = f"while :; do {work}; sleep 0.3; done"
    quota = {"quota": 10_000, "period": 100_000}
    without = Limited(runtime, limited(bundle, script, cpu=quota))
    burst = Limited(runtime, limited(bundle, script, cpu={**quota, "burst": 10_000}))
    until(lambda: field(burst.file("cpu", "cpu.stat"), "nr_bursts") >= 2, "bursts")
    until(lambda: field(without.file("cpu", "cpu.stat"), "nr_throttled") >= 2, "throttled")
    assert field(without.file("cpu", "cpu.stat"), "nr_bursts") == 0


def test_real_time_takes_a_budget(runtime: Runtime, bundle: Make) -> None:
    if "cpu" not in HOST.v1 or not Path(HOST.v1["cpu"], "cpu.rt_runtime_us").exists():
        pytest.skip("kernel: no budgets of real time (CONFIG_RT_GROUP_SCHED, cgroup v1)")
    made = limited(bundle, "echo in time", cpu={"shares": 512})
    capabilities = {key: ["CAP_SYS_NICE"] for key in ("bounding", "effective", "permitted")}
    fifo = {"policy": "SCHED_FIFO", "priority": 1}
    made.change(process={"scheduler": fifo, "capabilities": capabilities})
    refused = runtime.run(made, check=False)
    assert refused.returncode == 1
    assert "process.scheduler: sched_setattr: Operation not permitted" in refused.stderr
    budget = {"realtimeRuntime": 10_000, "realtimePeriod": 1_000_000}
    made.change(linux={"resources": {"cpu": budget}})
    assert runtime.run(made).stdout == "in time\n"


def test_the_cpus_and_memory_that_were_given(runtime: Runtime, bundle: Make) -> None:
    need("cpuset")
    if os.cpu_count() == 1:
        pytest.skip("machine: one CPU is all CPUs")
    script = "grep -E '(Cpus|Mems)_allowed_list' /proc/self/status"
    made = limited(bundle, script, cpu={"cpus": "1", "mems": "0"})
    words = ["Cpus_allowed_list:", "1", "Mems_allowed_list:", "0"]
    assert runtime.run(made).stdout.split() == words
