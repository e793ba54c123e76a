# SPDX-License-Identifier: Apache-2.0
"""What an init that somebody has taken over may send, and what comes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyruntime.errors import HostError
from pyruntime.launch import protocol
from pyruntime.lifecycle.filter import Agent
from pyruntime.lifecycle.launching import Launch, LaunchRequest
from pyruntime.lifecycle.undo import Undo
from pyruntime.log import Log
from pyruntime.plan import ops
from pyruntime.plan.plan import CgroupPlan, Listener, Plan


@pytest.fixture
def launch() -> Launch:
    request = LaunchRequest(
        "/root",
        "id",
        detach=True,
        pid_file="",
        console_socket="",
        pidfd_socket="",
        preserve_fds=0,
        given=None,
    )
    made = Launch(request, "running", Undo(), Log())
    made.plan = Plan(CgroupPlan("", []))
    return made


@pytest.fixture
def fd() -> int:
    return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)


def is_open(fd: int) -> bool:
    return Path(f"/proc/self/fd/{fd}").is_symlink()


@pytest.mark.parametrize("name", ["console", "seccomp", "init", "", "\ufffd"])
def test_a_descriptor_that_nobody_waits_for_is_closed(name: str, launch: Launch, fd: int) -> None:
    with pytest.raises(HostError, match="descriptor"):
        launch._take_descriptor(name, fd)
    assert not is_open(fd)


def test_there_is_one_terminal(launch: Launch, fd: int) -> None:
    launch.plan.terminal, launch.plan.console_size = True, (1, 1)
    launch._take_descriptor("console", fd)
    assert launch.master == fd
    second = os.dup(fd)
    with pytest.raises(HostError, match="console"):
        launch._take_descriptor("console", second)
    assert not is_open(second) and is_open(fd)
    launch.undo.run(print)
    assert not is_open(fd)


def test_a_listener_comes_after_the_agent(fd: int) -> None:
    with pytest.raises(HostError, match="too early"):
        Agent(Listener("/run/agent", "")).deliver(fd, 1, {})
    assert not is_open(fd)


def test_a_name_that_is_no_text(fd: int) -> None:
    found: list[str] = []

    def keep(name: str, fd: int) -> None:
        found.append(name)
        os.close(fd)

    message = protocol.decode(protocol.HEADER.pack(ops.MSG_FD, 0, 0, 2) + b"\xff\0")
    protocol.take(message, [fd], keep)
    assert found == ["\ufffd"]
