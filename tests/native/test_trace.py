# SPDX-License-Identifier: Apache-2.0
"""The init tells when its steps began, when the plan asks for it and only then."""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

import pytest
from support.initproc import Init, program

from pyruntime.host.seccomp import library
from pyruntime.host.seccomp.compiler import compile_filter
from pyruntime.launch import protocol
from pyruntime.plan import ops
from pyruntime.plan.encode import encode_steps

READY = ops.sync("", phase=ops.PHASE_READY)


def traced(steps: list[ops.Step]) -> Init:
    return Init(encode_steps(steps, traced=True))


def receive(init: Init) -> tuple[int, tuple[int, ...]]:
    """First step and times of the TRACE message that comes next."""
    message = init.receive()
    assert message and message.kind == ops.MSG_TRACE
    return message.step, struct.unpack(f"<{len(message.data) // 8}Q", message.data)


def test_times_of_a_run() -> None:
    before = time.time_ns()
    with traced([ops.setsid(""), READY, *program("/bin/true")]) as init:
        first, times = receive(init)
        assert (first, len(times)) == (0, 2)
        message = init.receive()
        assert message and message.kind == ops.MSG_SYNC
        init.go()
        first, late = receive(init)
        assert (first, len(late)) == (2, 3)
        assert init.receive() is None
        assert init.wait() == 0
    stamps = [before, *times, *late, time.time_ns()]
    assert stamps == sorted(stamps)


def test_the_step_that_fails_has_an_end() -> None:
    with traced([ops.setsid(""), ops.hostname("", name="x" * 100)]) as init:
        first, times = receive(init)
        assert (first, len(times)) == (0, 3)
        message = init.receive()
        assert message and (message.kind, message.step) == (ops.MSG_ERROR, 1)


def test_more_steps_than_fit_into_one_message() -> None:
    steps = [ops.umask("", mask=0o22)] * 600
    with traced([*steps, READY]) as init:
        found = [receive(init) for _ in range(3)]
        assert [(first, len(times)) for first, times in found] == [(0, 256), (256, 256), (512, 89)]


def test_a_filter_ends_it() -> None:
    """It may kill for the very calls that it takes: here for clock_gettime and sendmsg."""
    kill = [{"names": ["clock_gettime", "sendmsg"], "action": "SCMP_ACT_KILL_PROCESS"}]
    section = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": kill}
    code = compile_filter(section, library.locate(), lambda _: None)
    loaded = [ops.no_new_privs(""), ops.seccomp("", flags=0, program=code)]
    lookup, close, execve = program("/bin/true")
    with traced([lookup, *loaded, close, execve]) as init:
        assert [len(times) for _, times in [receive(init)]] == [3]
        assert init.receive() is None
        assert init.wait() == 0


@pytest.mark.parametrize("asked", [False, True])
def test_start_asks_anew(asked: bool, tmp_path: Path) -> None:
    """Whatever create did."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen()
        steps = encode_steps([READY, ops.wait_start(""), *program("/bin/true")], traced=not asked)
        with Init(steps, start=listener.fileno()) as init:
            while message := init.receive():
                if message.kind == ops.MSG_SYNC:
                    init.go()
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
                sock.connect(str(tmp_path / "sock"))
                sock.send(protocol.GO_TRACED if asked else protocol.GO)
                found = protocol.receive(sock)[0]
                assert (found is not None and found.kind == ops.MSG_TRACE) == asked
                assert found is None or (found.step, len(found.data)) == (2, 3 * 8)
                assert protocol.receive(sock)[0] is None
            assert init.wait() == 0


def test_nothing_unless_asked_for() -> None:
    with Init([ops.setsid(""), READY]) as init:
        message = init.receive()
        assert message and message.kind == ops.MSG_SYNC
