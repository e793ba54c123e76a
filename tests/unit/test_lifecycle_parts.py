# SPDX-License-Identifier: Apache-2.0
"""The parts of kill, exec, undo and the late steps that need no container."""

from __future__ import annotations

from typing import Any

import pytest

from pyruntime.errors import HostError, UsageError
from pyruntime.launch import protocol
from pyruntime.lifecycle.added import process_of
from pyruntime.lifecycle.exec import ExecRequest
from pyruntime.lifecycle.kill import parse_signal
from pyruntime.lifecycle.late import late_steps, restore
from pyruntime.lifecycle.undo import Undo
from pyruntime.plan import ops
from pyruntime.plan.plan import CgroupPlan, Plan

HUGE = "9" * 5000  # more digits than int() takes
BASE: dict[str, Any] = {
    "user": {"uid": 5, "gid": 6},
    "args": ["sh"],
    "env": ["A=1"],
    "cwd": "/w",
    "capabilities": {"bounding": ["CAP_KILL"], "effective": [], "permitted": ["CAP_KILL"]},
}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TERM", 15),
        ("SIGTERM", 15),
        ("sigkill", 9),
        ("Kill", 9),
        ("9", 9),
        ("0", 0),
        ("RTMIN", 34),
        ("SIGRTMIN+3", 37),
        ("RTMAX-1", 63),
        ("CLD", 17),
        ("64", 64),
    ],
)
def test_signals(text: str, number: int) -> None:
    assert parse_signal(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TERMX",
        "-9",
        "65",
        "1.0",
        "RTMIN-1",
        "RTMAX+1",
        "_BLOCK",
        "BLOCK",
        "KILL+1",
        "٣",
        HUGE,
        f"RTMIN+{HUGE}",
    ],
    ids=lambda text: text[:10],
)
def test_what_is_no_signal(text: str) -> None:
    with pytest.raises(UsageError, match="unknown signal"):
        parse_signal(text)


def request(*args: str, **options: Any) -> ExecRequest:
    return ExecRequest("/run/x", "c1", args, **options)


def test_exec_takes_the_containers_process() -> None:
    found = process_of(request("ls", "-l", env=["B=2"], tty=True, cwd="/x"), BASE)
    assert found["args"] == ["ls", "-l"]
    assert found["env"] == ["A=1", "B=2"]
    assert found["terminal"] is True
    assert found["cwd"] == "/x"
    assert found["user"] == {"uid": 5, "gid": 6}
    assert BASE["args"] == ["sh"], "the container's own process must stay as it is"


@pytest.mark.parametrize(
    ("user", "uid", "gid"),
    [("1", 1, 6), ("1:2", 1, 2), ("0:0", 0, 0), ("4294967294", 4294967294, 6), ("007", 7, 6)],
)
def test_exec_user(user: str, uid: int, gid: int) -> None:
    found = process_of(request("ls", user=user), BASE)["user"]
    assert (found["uid"], found["gid"]) == (uid, gid)


@pytest.mark.parametrize(
    "user",
    ["1:", ":1", "-1", "4294967295", "1x", "root", " 1", "1 ", "+1", "0x1", "1:2:3", "١", HUGE],
    ids=lambda user: user[:10],
)
def test_exec_user_is_exact_or_an_error(user: str) -> None:
    with pytest.raises(UsageError, match="is not a numeric id"):
        process_of(request("ls", user=user), BASE)


def test_exec_cap_leaves_the_inheritable_set_alone() -> None:
    found = process_of(request("ls", caps=["CAP_CHOWN"]), BASE)["capabilities"]
    assert found["bounding"] == ["CAP_KILL", "CAP_CHOWN"]
    assert found["effective"] == ["CAP_CHOWN"]
    assert "inheritable" not in found and "ambient" not in found
    with_inheritable = BASE | {"capabilities": {"inheritable": ["CAP_KILL"]}}
    found = process_of(request("ls", caps=["CAP_CHOWN"]), with_inheritable)["capabilities"]
    assert found["inheritable"] == ["CAP_KILL"]
    assert found["ambient"] == ["CAP_CHOWN"]


@pytest.mark.parametrize(
    "options", [{"cwd": "x"}, {"additional_gids": ["a"]}, {"env": ["A"]}, {"env": ["=x"]}]
)
def test_exec_refuses(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        process_of(request("ls", **options), BASE)
    with pytest.raises(UsageError, match="exec args cannot be empty"):
        process_of(request(), BASE)


def test_undo_runs_all_steps_last_first_and_once() -> None:
    done: list[str] = []
    told: list[str] = []

    def fail() -> None:
        raise OSError(16, "busy")

    undo = Undo()
    undo.push(lambda: done.append("first"))
    undo.push(fail)
    undo.push(lambda: done.append("last"))
    undo.run(told.append)
    undo.run(told.append)
    assert done == ["last", "first"]
    assert len(told) == 1 and "busy" in told[0]


def test_phases_come_in_order_and_once() -> None:
    talk = protocol.Conversation()
    talk.accept(ops.PHASE_CGROUP)
    with pytest.raises(HostError, match="out of order"):
        talk.accept(ops.PHASE_CGROUP)
    talk.accept(ops.PHASE_READY)
    assert talk.ready
    for phase in (ops.PHASE_RUNTIME_HOOKS, 0, 99):
        with pytest.raises(HostError, match="out of order"):
            talk.accept(phase)


@pytest.mark.parametrize("packet", [b"", b"\0" * 15, protocol.HEADER.pack(1, 2, 3, 4) + b"abc"])
def test_a_malformed_message_is_an_error(packet: bytes) -> None:
    with pytest.raises(HostError):
        protocol.decode(packet)


def test_a_message_carries_what_path_and_text() -> None:
    data = b"move_mount\0/proc/acpi\0no such device\0"
    message = protocol.decode(protocol.HEADER.pack(ops.MSG_ERROR, 7, -19, len(data)) + data)
    assert (message.step, message.err) == (7, 19)
    assert message.detail() == ("move_mount", "/proc/acpi", "no such device")


def test_late_steps_name_the_step_and_keep_no_environment() -> None:
    plan = Plan(CgroupPlan("/c1", []))
    plan.steps = [
        ops.setsid(""),
        ops.wait_start(""),
        ops.execve("/process/args", args=["sh", "-c", "x"], env=["SECRET=1"]),
    ]
    kept = late_steps(plan)
    assert "SECRET" not in repr(kept)
    step = restore(kept, 2)
    assert step is not None and step.op == "execve" and step.args["args"] == ["sh"]
    assert len(step.args["env"]) == 1, "how many there were is said"
    assert restore(kept, 0) is None
