# SPDX-License-Identifier: Apache-2.0
"""linux.seccomp in a plan: the policy, the flags, the place among the steps, the listener."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.plan import render, seccomp
from pyruntime.plan.encode import encode
from pyruntime.plan.plan import Plan

PROGRAM = b"\x06\0\0\0\0\0\xff\x7f"
HOOKS = {"startContainer": [{"path": "/bin/hook"}]}


def section(*syscalls: dict[str, Any], default: str = "ALLOW", **more: Any) -> dict[str, Any]:
    return {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(syscalls), **more}


def rule(action: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"names": list(names or ["mkdir"]), "action": f"SCMP_ACT_{action}", **more}


def arg(index: int, op: str, value: int, second: int | None = None) -> dict[str, Any]:
    found = {"index": index, "op": f"SCMP_CMP_{op}", "value": value}
    return found if second is None else found | {"valueTwo": second}


def create(filtered: dict[str, Any], *, privileges: bool = False, **document: Any) -> Plan:
    found = plans.config(**document)
    found["linux"]["seccomp"] = filtered
    found["process"]["noNewPrivileges"] = not privileges
    return plans.create(found, seccomp_program=PROGRAM)


def step(plan: Plan) -> dict[str, Any]:
    [found] = plans.named(plan, "seccomp")
    assert found.pointer == "/linux/seccomp"
    return found.args


@pytest.mark.parametrize(
    ("name", "errno", "value"),
    [
        ("KILL", None, 0),
        ("KILL_THREAD", None, 0),
        ("KILL_PROCESS", None, 0x80000000),
        ("TRAP", None, 0x00030000),
        ("ERRNO", None, 0x00050001),
        ("ERRNO", 0, 0x00050000),
        ("ERRNO", 38, 0x00050026),
        ("TRACE", None, 0x7FF00001),
        ("TRACE", 0xFFFF, 0x7FF0FFFF),
        ("ALLOW", None, 0x7FFF0000),
        ("LOG", None, 0x7FFC0000),
        ("NOTIFY", None, 0x7FC00000),
    ],
)
def test_actions(name: str, errno: int | None, value: int) -> None:
    assert seccomp.action(f"SCMP_ACT_{name}", errno) == value
    extra = {} if errno is None else {"errnoRet": errno}
    default = "KILL" if name != "KILL" and value else "ALLOW"
    [found] = seccomp.policy(section(rule(name, **extra), default=default)).rules
    assert found.action == value


def test_rules_name_by_name() -> None:
    found = seccomp.policy(section(rule("ERRNO", "open", "close"), rule("KILL", "ptrace")))
    assert [(each.name, each.action, each.pointer) for each in found.rules] == [
        ("open", 0x00050001, "/linux/seccomp/syscalls/0"),
        ("close", 0x00050001, "/linux/seccomp/syscalls/0"),
        ("ptrace", 0, "/linux/seccomp/syscalls/1"),
    ]
    assert all(each.conditions == [] for each in found.rules)


def test_a_rule_like_the_default_is_left_out_but_its_names_count() -> None:
    found = seccomp.policy(section(rule("ERRNO", "open"), default="ERRNO", defaultErrnoRet=1))
    assert (found.rules, found.names) == ([], ["open"])
    found = seccomp.policy(section(rule("ERRNO", "open"), default="ERRNO", defaultErrnoRet=38))
    assert [each.name for each in found.rules] == ["open"]


def test_conditions_on_different_arguments_hold_together() -> None:
    args = [arg(0, "EQ", 5), arg(2, "MASKED_EQ", 0xF0, 0x10)]
    [found] = seccomp.policy(section(rule("ERRNO", args=args))).rules
    assert found.conditions == [(0, 4, 5, 0), (2, 7, 0xF0, 0x10)]


def test_conditions_on_one_argument_are_rules_of_their_own() -> None:
    args = [arg(0, "EQ", 5), arg(0, "GT", 9), arg(1, "NE", 1)]
    found = seccomp.policy(section(rule("ERRNO", args=args))).rules
    assert [each.conditions for each in found] == [[(0, 4, 5, 0)], [(0, 6, 9, 0)], [(1, 1, 1, 0)]]


@pytest.mark.parametrize(
    ("flags", "bits"),
    [
        (None, 4),
        ([], 0),
        (["TSYNC"], 0),
        (["LOG"], 2),
        (["LOG", "SPEC_ALLOW"], 6),
    ],
)
def test_flags(flags: list[str] | None, bits: int) -> None:
    more = {} if flags is None else {"flags": [f"SECCOMP_FILTER_FLAG_{name}" for name in flags]}
    assert step(create(section(rule("ERRNO"), **more)))["flags"] == bits


def test_killable_waits_are_a_listener_s() -> None:
    flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
    plan = create(section(rule("NOTIFY"), flags=flags, listenerPath="/run/agent"))
    assert step(plan)["flags"] == 32 | 8
    assert plan.warnings == []
    plan = create(section(rule("ERRNO"), flags=flags))
    assert step(plan)["flags"] == 0
    assert [each.pointer for each in plan.warnings] == ["/linux/seccomp/flags"]


def test_the_listener() -> None:
    where = {"listenerPath": "/run/agent", "listenerMetadata": "words"}
    plan = create(section(rule("NOTIFY"), **where))
    assert plan.listener is not None
    assert (plan.listener.path, plan.listener.metadata) == ("/run/agent", "words")
    assert step(plan)["flags"] == 4 | 8
    assert "\nseccomp listener /run/agent\n" in render.text(plan)
    plan = create(section(rule("ERRNO"), **where))
    assert plan.listener is None, "nobody would be told of anything"
    assert step(plan)["flags"] == 4


@pytest.mark.parametrize("privileges", [False, True])
def test_last_of_all(privileges: bool) -> None:
    plan = create(section(rule("ERRNO", "accept4")), privileges=privileges)
    assert plans.order(plan)[-3:] == ["wait_start", "seccomp", "execve"]
    assert step(plan)["privileged"] == privileges
    [caps] = plans.named(plan, "caps_set")
    assert caps.args["permitted"] == (1 << 21 if privileges else 0)
    assert caps.args["effective"] == 0


def test_a_waiting_init_has_no_right_for_the_filter_any_more() -> None:
    plan = create(section(rule("ERRNO")), privileges=True)
    names = plans.order(plan)
    assert names[-6:] == ["fds_close", "seccomp", "caps_set", "sync", "wait_start", "execve"]
    first, second = plans.named(plan, "caps_set")
    assert (first.args["permitted"], second.args["permitted"]) == (1 << 21, 0)
    names = plans.order(create(section(rule("NOTIFY"), listenerPath="/run/agent"), privileges=True))
    assert names[-3:] == ["wait_start", "seccomp", "execve"], "start takes the listener"


@pytest.mark.parametrize("privileges", [False, True])
def test_start_container_hooks_are_under_the_filter(privileges: bool) -> None:
    names = plans.order(create(section(rule("ERRNO")), hooks=HOOKS, privileges=privileges))
    assert names[-4:] == ["wait_start", "seccomp", "hook", "execve"]


@pytest.mark.parametrize("privileges", [False, True])
def test_exec_is_under_the_container_s_filter(privileges: bool) -> None:
    document = plans.config()
    document["linux"]["seccomp"] = section(rule("NOTIFY"), listenerPath="/run/agent")
    process = {"cwd": "/", "args": ["ls"], "noNewPrivileges": not privileges}
    plan = plans.add(process, document, seccomp_program=PROGRAM)
    assert plans.order(plan)[-2:] == ["seccomp", "execve"]
    assert step(plan)["privileged"] == privileges
    assert step(plan)["program"] == PROGRAM
    assert plan.listener is not None


def test_the_step_in_words_and_bytes() -> None:
    filtered = section(rule("ERRNO", "open", "close"), flags=["SECCOMP_FILTER_FLAG_LOG"])
    plan = create(filtered)
    assert "load a seccomp filter of 2 rules (LOG)  [linux.seccomp]" in render.text(plan)
    assert PROGRAM in encode(plan)
    [shown] = [each for each in render.data(plan)["steps"] if each["op"] == "seccomp"]
    assert shown["args"] == {"flags": 2, "rules": 2, "privileged": 0}


def test_without_a_section_there_is_no_step() -> None:
    assert plans.named(plans.create(plans.config()), "seccomp") == []


def added(filtered: dict[str, Any], *, privileges: bool = True, **process: Any) -> Plan:
    """exec in a container with a pid namespace, into which the init forks."""
    document = plans.config()
    document["linux"]["namespaces"].append({"type": "pid"})
    document["linux"]["seccomp"] = filtered
    wanted = {"cwd": "/", "args": ["ls"], "noNewPrivileges": not privileges} | process
    return plans.add(wanted, document, seccomp_program=PROGRAM)


def test_a_filter_that_takes_a_right_comes_before_the_fork_of_exec() -> None:
    """Who has the right is out of the container's sight."""
    plan = added(section(rule("ERRNO")))
    names = plans.order(plan)
    assert names[-7:] == ["fds_close", "seccomp", "caps_set", "fork", "setsid", "sync", "execve"]
    first, second = plans.named(plan, "caps_set")
    assert (first.args["permitted"], second.args["permitted"]) == (1 << 21, 0)
    names = plans.order(added(section(rule("ERRNO")), privileges=False))
    assert names[-3:] == ["sync", "seccomp", "execve"], "without one it comes last"
    plan = added(section(rule("NOTIFY"), listenerPath="/run/agent"))
    assert plans.order(plan)[-3:] == ["sync", "seccomp", "execve"], "after the agent is there"


CALLS = seccomp.FORK_CALLS
EVERY_CALL = rule("ALLOW", *CALLS)


@pytest.mark.parametrize(
    ("filtered", "lets"),
    [
        (section(default="ERRNO"), False),
        (section(EVERY_CALL, default="ERRNO"), True),
        (section(rule("LOG", *CALLS), default="KILL"), True),
        (section(EVERY_CALL, rule("ERRNO", "setsid"), default="ERRNO"), False),
        (section(rule("ALLOW", *(set(CALLS) - {"ppoll"})), default="ERRNO"), False),
        (section(default="LOG"), True),
        (section(rule("ERRNO", "clone3", "mkdir")), True),
        (section(rule("KILL", "clone")), False),
        (section(rule("NOTIFY", "getpid")), False),
    ],
)
def test_whether_the_filter_lets_the_init_fork(filtered: dict[str, Any], lets: bool) -> None:
    assert seccomp.lets(filtered, CALLS) == lets
    names = plans.order(added(filtered))
    assert (names.index("seccomp") < names.index("fork")) == lets


def test_a_terminal_takes_an_ioctl() -> None:
    narrow = section(EVERY_CALL, default="ERRNO")
    assert plans.order(added(narrow, terminal=True))[-2:] == ["seccomp", "execve"]
    wide = section(rule("ALLOW", "ioctl", *CALLS), default="ERRNO")
    names = plans.order(added(wide, terminal=True))
    assert names[-4:] == ["setsid", "console_take", "sync", "execve"]


FLAGS = 0x7E020000  # CLONE_NEW*


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ([], True),
        ([arg(0, "MASKED_EQ", FLAGS, 0)], True),
        ([arg(0, "MASKED_EQ", FLAGS, 1 << 17)], False),
        ([arg(0, "EQ", 0x8011)], True),
        ([arg(0, "NE", 0x8011)], False),
        ([arg(0, "LT", 0x8011)], False),
        ([arg(0, "LE", 0x8011)], True),
        ([arg(0, "GE", 0x8012)], False),
        ([arg(0, "GT", 0x8010), arg(1, "EQ", 0)], True),
        ([arg(0, "GT", 0x8010), arg(1, "EQ", 1)], False),
        ([arg(0, "EQ", 1), arg(0, "EQ", 0x8011)], None),
        ([arg(5, "EQ", 0)], None),
    ],
)
def test_conditions_on_what_is_known(conditions: list[dict[str, Any]], holds: bool | None) -> None:
    clone = {"clone": CALLS["clone"]}
    allowed = section(rule("ALLOW", "clone", args=conditions), default="ERRNO")
    assert seccomp.lets(allowed, clone) == (holds is True)
    denied = section(rule("ERRNO", "clone", args=conditions))
    assert seccomp.lets(denied, clone) == (holds is False)
