# SPDX-License-Identifier: Apache-2.0
"""The process section: capabilities, limits, user, environment, and their order."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError, Problem
from pyruntime.plan import capabilities, ops, rlimits
from pyruntime.plan.plan import Plan
from pyruntime.plan.process import environment

KILL, CHOWN, NET_RAW = 1 << 5, 1 << 0, 1 << 13


def run(**changes: Any) -> Plan:
    document = plans.config()
    document["process"] |= changes
    return plans.create(document)


def one(plan: Plan, op: str) -> dict[str, Any]:
    [step] = plans.named(plan, op)
    return step.args


def read(caps: dict[str, Any], *, last_cap: int = 40) -> Any:
    warnings: list[Problem] = []
    found = capabilities.read(caps, "/process/capabilities", last_cap, warnings)
    return found, [f"{each.pointer}: {each.message}" for each in warnings]


def test_capability_numbers_are_the_kernel_s() -> None:
    text = Path("/usr/include/linux/capability.h").read_text()
    found = {
        name: 1 << int(number)
        for name, number in re.findall(r"^#define (CAP_\w+)\s+(\d+)$", text, re.M)
    }
    assert found == capabilities.BITS
    assert len(capabilities.NAMES) == 41


def test_capability_sets() -> None:
    sets = {"bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "permitted": None}
    found, warnings = read(sets)
    assert (found.bounding, found.effective, found.permitted) == (KILL | CHOWN, KILL, 0)
    assert warnings == []


def test_unknown_capabilities_are_left_out_with_a_warning() -> None:
    sets = {"bounding": ["CAP_KILL", "CAP_FLY"]}
    found, warnings = read(sets)
    assert found.bounding == KILL
    [warning] = warnings
    assert warning.startswith("/process/capabilities/bounding/1: ignore capability CAP_FLY")


def test_a_create_warns_of_unknown_capabilities() -> None:
    """Its rules leave that to the plan."""
    sets = {"bounding": ["CAP_FLY"]}
    [warning] = run(capabilities=sets).warnings
    assert "CAP_FLY" in warning.message


def test_capabilities_of_a_newer_kernel_are_left_out_with_a_warning() -> None:
    names = ["CAP_AUDIT_READ", "CAP_PERFMON"]
    found, warnings = read({"bounding": names}, last_cap=37)
    assert found.bounding == 1 << 37
    assert len(warnings) == 1 and "CAP_PERFMON" in warnings[0]


def test_ambient_needs_permitted_and_inheritable() -> None:
    names = ["CAP_KILL", "CAP_CHOWN"]
    sets = {"ambient": names, "permitted": names, "inheritable": ["CAP_KILL"]}
    found, warnings = read(sets)
    assert found.ambient == KILL
    assert len(warnings) == 1 and "CAP_CHOWN" in warnings[0]


@pytest.mark.parametrize("absent", [{}, {"capabilities": None}, {"capabilities": {}}])
def test_no_capabilities_means_none_at_all(absent: dict[str, Any]) -> None:
    plan = run(**absent)
    assert one(plan, "caps_bounding")["mask"] == 0
    assert one(plan, "caps_set") == {"effective": 0, "permitted": 0, "inheritable": 0}
    assert plans.named(plan, "caps_ambient") == []


def test_rights_go_in_the_order_that_they_allow() -> None:
    caps = {kind: ["CAP_KILL"] for kind in capabilities.SETS}
    names = plans.order(run(capabilities=caps, noNewPrivileges=True))
    at = names.index("caps_bounding")
    assert names[at : at + 8] == [
        "caps_bounding",
        "caps_keep",
        "groups",
        "user",
        "caps_keep",
        "caps_set",
        "caps_ambient",
        "no_new_privs",
    ]


def test_capabilities_are_kept_across_the_switch_alone() -> None:
    kept = [step.args["on"] for step in plans.named(run(), "caps_keep")]
    assert kept == [1, 0]


def test_a_terminal_without_a_size_keeps_the_kernel_s() -> None:
    wanted = {"rows": 0, "columns": 0, "flags": ops.CONSOLE_DEV_CONSOLE}
    assert one(run(terminal=True), "console_open") == wanted


def test_limit_numbers_are_the_kernel_s() -> None:
    for name in dir(resource):
        if name.startswith("RLIMIT_") and name != "RLIMIT_OFILE":
            assert rlimits.NUMBERS[name] == getattr(resource, name)


def test_limits() -> None:
    plan = run(rlimits=[{"type": "RLIMIT_CORE", "soft": 0, "hard": rlimits.INFINITY}])
    assert one(plan, "rlimit") == {"resource": 4, "soft": 0, "hard": (1 << 64) - 1}


@pytest.mark.parametrize("types", [["RLIMIT_FUN"], ["RLIMIT_CPU", "RLIMIT_CPU"]])
def test_refused_limits(types: list[str]) -> None:
    with pytest.raises(ConfigError):
        run(rlimits=[{"type": name, "soft": 1, "hard": 1} for name in types])


def test_of_several_variables_the_last_one_counts() -> None:
    assert environment(["A=1", "B=2", "A=3", "C=a=b"]) == ["B=2", "A=3", "C=a=b"]


@pytest.mark.parametrize("env", [["PATH=/bin"], ["PATH=/bin", "HOME="], None])
def test_home_is_looked_up_when_unset_or_empty(env: Any) -> None:
    plan = run(env=env, user={"uid": 7, "gid": 8})
    assert one(plan, "home") == {"uid": 7}
    assert not any(str(each).startswith("HOME") for each in one(plan, "execve")["env"])


def test_home_of_the_config_stays() -> None:
    plan = run(env=["HOME=/srv"])
    assert plans.named(plan, "home") == []
    assert one(plan, "execve")["env"] == ["HOME=/srv"]


@pytest.mark.parametrize(
    ("env", "path"),
    [(["PATH=/a:/b"], "/a:/b"), (["PATH=/a", "PATH=/b"], "/b"), (["A=b"], "/bin:/usr/bin")],
)
def test_the_program_is_looked_up_in_the_container_s_path(env: list[str], path: str) -> None:
    assert one(run(env=env, args=["top", "-b"]), "exec_lookup") == {"file": "top", "path": path}


def test_the_user() -> None:
    plan = run(user={"uid": 1, "gid": 2, "umask": 0o27, "additionalGids": [5, 5]})
    assert one(plan, "user") == {"uid": 1, "gid": 2}
    assert one(plan, "groups") == {"gids": [5, 5]}
    assert one(plan, "umask") == {"mask": 0o27}
    assert one(plan, "stdio_owner") == {"uid": 1}


def test_groups_are_replaced_even_by_none() -> None:
    assert one(run(user={"additionalGids": None}), "groups") == {"gids": []}


def test_umask_of_the_first_process() -> None:
    assert one(run(), "umask") == {"mask": 0o22}


def test_a_missing_cwd_is_made_before_the_root_turns_read_only() -> None:
    document = plans.config(root={"path": "rootfs", "readonly": True})
    document["process"]["cwd"] = "/srv/new"
    plan = plans.create(document)
    names = plans.order(plan)
    assert names.index("pivot_root") < names.index("cwd") < names.index("root_readonly")
    flags = [step.args["flags"] for step in plans.named(plan, "cwd")]
    assert flags == [
        ops.CWD_CREATE | ops.CWD_MAY_FAIL_EACCES,
        ops.CWD_MAY_FAIL_EACCES,
        ops.CWD_STAY,
    ]


def test_oom_score_is_left_alone_unless_asked_for() -> None:
    assert plans.named(run(), "oom_score_adj") == []
    assert one(run(oomScoreAdj=0), "oom_score_adj") == {"value": 0}


def test_a_terminal() -> None:
    plan = run(terminal=True, consoleSize={"height": 25, "width": 1 << 40})
    assert plan.terminal
    assert plan.console_size == (25, 65535)
    wanted = {"rows": 25, "columns": 65535, "flags": ops.CONSOLE_DEV_CONSOLE}
    assert one(plan, "console_open") == wanted


def test_console_size_without_a_terminal_is_ignored() -> None:
    plan = run(consoleSize={"height": 25, "width": 80})
    assert plan.console_size is None
    assert plans.named(plan, "console_open") == []


@pytest.mark.parametrize("args", [None, []])
def test_a_process_needs_a_program(args: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        run(args=args)
    assert refused.value.pointer == "/process/args"


def test_io_priority() -> None:
    plan = run(ioPriority={"class": "IOPRIO_CLASS_IDLE", "priority": 7})
    assert one(plan, "io_priority") == {"kind": 3, "priority": 7}
    assert plans.named(run(), "io_priority") == []
    assert plans.named(run(ioPriority=None), "io_priority") == []
