# SPDX-License-Identifier: Apache-2.0
"""Scheduling, CPUs, memory nodes and the execution domain, as steps."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.plan.describe import sentence, step_error
from pyruntime.plan.placement import CPUS_MAX, numbers
from pyruntime.plan.plan import Plan
from pyruntime.plan.process import Process
from pyruntime.plan.step import Step


def create(process: dict[str, Any] | None = None, **linux: Any) -> Plan:
    document = plans.config()
    document["process"] |= process or {}
    document["linux"] |= linux
    return plans.create(document)


def add(process: dict[str, Any], **linux: Any) -> Plan:
    document = plans.config()
    document["linux"] |= linux
    return plans.add({"cwd": "/", "args": ["/bin/true"], **process}, document)


def one(plan: Plan, name: str) -> Step:
    (step,) = plans.named(plan, name)
    return step


SCHEDULER = {
    "policy": "SCHED_DEADLINE",
    "flags": ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM"],
    "runtime": 1,
    "deadline": 2,
    "period": 3,
}


def test_scheduler() -> None:
    for plan in (create({"scheduler": SCHEDULER}), add({"scheduler": SCHEDULER})):
        step = one(plan, "scheduler")
        assert step.args == {
            "policy": 6,
            "nice": 0,
            "priority": 0,
            "flags": 3,
            "runtime": 1,
            "deadline": 2,
            "period": 3,
        }
    assert sentence(step) == (
        "set the scheduling policy SCHED_DEADLINE (flags 3, runtime 1, deadline 2, period 3)"
    )


def test_nice_may_be_negative() -> None:
    step = one(create({"scheduler": {"policy": "SCHED_OTHER", "nice": -20}}), "scheduler")
    assert step.args["nice"] == -20


def test_why_the_scheduler_may_be_refused() -> None:
    step = one(create({"scheduler": SCHEDULER}), "scheduler")
    error = step_error(step, 1, "sched_setattr", "", "")
    assert str(error) == "process.scheduler: sched_setattr: Operation not permitted"
    assert "cpuset" in error.hint


def test_memory_policy_of_both_kinds_of_process() -> None:
    policy = {"mode": "MPOL_BIND", "nodes": "0-1,3", "flags": ["MPOL_F_STATIC_NODES"]}
    for plan in (create(memoryPolicy=policy), add({}, memoryPolicy=policy)):
        step = one(plan, "memory_policy")
        assert step.args == {"mode": 2 | 1 << 15, "nodes": [0, 1, 3]}
    assert sentence(step) == (
        "set the memory policy MPOL_BIND on the nodes 0, 1, 3 (MPOL_F_STATIC_NODES)"
    )


def test_personality_of_both_kinds_of_process() -> None:
    personality = {"domain": "LINUX32"}
    for plan in (create(personality=personality), add({}, personality=personality)):
        assert one(plan, "personality").args == {"domain": 8}
    assert one(create(personality={"domain": "LINUX"}), "personality").args == {"domain": 0}


def test_affinity_is_for_added_processes_only() -> None:
    plan = create({"execCPUAffinity": {"initial": "0", "final": "1"}})
    assert plans.named(plan, "affinity") == [] and plan.cpus == []
    assert len(plans.named(plan, "affinity_reset")) == 1


@pytest.mark.parametrize(
    ("affinity", "initial", "final"),
    [
        ({"initial": "0-1,3", "final": "2"}, [0, 1, 3], [2]),
        ({"initial": "1"}, [1], None),
        ({"initial": "1", "final": ""}, [1], None),
        ({"final": "0"}, [], [0]),
    ],
)
def test_affinity(affinity: dict[str, str], initial: list[int], final: list[int] | None) -> None:
    plan = add({"execCPUAffinity": affinity})
    assert plan.cpus == initial
    assert [step.args["cpus"] for step in plans.named(plan, "affinity")] == (
        [final] if final else []
    )
    # What is not asked for is left as the cgroup made it.
    assert plans.named(plan, "affinity_reset") == []


@pytest.mark.parametrize("affinity", [None, {}, {"initial": "", "final": ""}])
def test_no_affinity(affinity: Any) -> None:
    plan = add({"execCPUAffinity": affinity})
    assert plan.cpus == [] and plans.named(plan, "affinity") == []
    assert len(plans.named(plan, "affinity_reset")) == 1


def test_all_of_it_comes_in_the_cgroup_and_before_the_user() -> None:
    plan = create(
        {"scheduler": {"policy": "SCHED_IDLE"}},
        memoryPolicy={"mode": "MPOL_LOCAL"},
        personality={"domain": "LINUX"},
    )
    order = plans.order(plan)
    for name in ("scheduler", "memory_policy", "personality"):
        assert order.index("sync") < order.index(name) < order.index("user")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("0", [0]),
        ("3,0-1,1", [0, 1, 3]),
        (" 4 - 5 , 7 ", [4, 5, 7]),
        ("0-9:2/4", [0, 1, 4, 5, 8, 9]),
        ("8191", [8191]),
    ],
)
def test_numbers(text: str, expected: list[int]) -> None:
    assert numbers(text, CPUS_MAX, "/p") == expected


@pytest.mark.parametrize("text", ["8192", "0-999999999", "0-9:0/4", "0-9:5/4"])
def test_numbers_out_of_range(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        numbers(text, CPUS_MAX, "/p")
    assert refused.value.pointer == "/p"


def test_a_process_that_asks_for_nothing_imports_nothing() -> None:
    section = {"cwd": "/", "args": ["a"]}
    process = Process(section, "", container={}, linux={}, first=True)
    assert not process.linux
    assert [step.op for step in plans.named(create(), "affinity_reset")] == ["affinity_reset"]
