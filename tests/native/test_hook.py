# SPDX-License-Identifier: Apache-2.0
"""Hooks that the init runs: what they get, and what is told when they fail."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest
from support import sandbox
from support.initproc import Init

from pyruntime.plan import ops

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


def shell(script: str, **more: object) -> ops.Step:
    return ops.hook("", path="/bin/sh", args=["sh", "-c", script], **more)  # type: ignore[arg-type]


def failed(script: str, **more: object) -> tuple[int, str, str]:
    """errno, what failed, and the text without its second line: the milliseconds."""
    found = sandbox.run([shell(script, **more)])
    assert found.path == "/bin/sh"
    ended, milliseconds, output = found.text.split("\n", 2)
    assert 0 <= int(milliseconds) < 60_000
    return found.errno, found.what, f"{ended}\n{output}"


def test_state_comes_on_stdin(tmp_path: Path) -> None:
    step = shell(f"cat >{tmp_path}/state", state_head='{"id":"x","pid":', state_tail="}")
    found = sandbox.run([step], os.getpid)
    assert found.result == 0
    state = json.loads((tmp_path / "state").read_text())
    assert state == {"id": "x", "pid": found.value}


def test_arguments_environment_and_directory(tmp_path: Path) -> None:
    script = "echo $0 $1; env; pwd; ls /proc/self/fd"
    step = ops.hook(
        "",
        path="/bin/sh",
        args=["sh", "-c", f"{{ {script}; }} >out", "own name", "one"],
        env=["A=b"],
        cwd=str(tmp_path),
    )
    leak = lambda: os.set_inheritable(os.dup2(0, 77), True)  # noqa: E731
    assert sandbox.run([step], before=leak).result == 0
    lines = (tmp_path / "out").read_text().split("\n")
    assert lines[0] == "own name one"
    assert {line for line in lines if "=" in line} <= {"A=b", f"PWD={tmp_path}"}
    assert str(tmp_path) in lines
    assert "77" not in lines


def test_no_arguments_means_the_path() -> None:
    assert sandbox.run([ops.hook("", path="/bin/true")]).result == 0


def test_exit_status_and_output() -> None:
    err, what, text = failed("echo out; echo err >&2; exit 3")
    assert (err, what, text) == (errno.ECHILD, "hook", "exit status 3\nout\nerr\n")


def test_signal() -> None:
    assert failed("kill -9 $$")[2] == "signal 9\n"


def test_the_time_that_it_took() -> None:
    began = time.monotonic()
    text = sandbox.run([shell("sleep 0.2; exit 1")]).text
    assert 200 <= int(text.split("\n")[1]) <= (time.monotonic() - began) * 1000


def test_the_end_of_long_output_is_kept() -> None:
    script = "i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i + 1)); done; exit 1"
    text = failed(script)[2]
    assert text.startswith("exit status 1\n")
    kept = text.partition("\n")[2]
    assert "".join(f"{number}\n" for number in range(3000)).endswith(kept)
    assert len(kept) == 1024


def test_timeout_kills() -> None:
    begin = time.monotonic()
    err, what, text = failed("echo started; exec sleep 60", timeout_ms=200)
    assert (err, what, text) == (errno.ETIMEDOUT, "hook", "timed out\nstarted\n")
    assert 0.2 <= time.monotonic() - begin < 20


def test_timeout_that_is_not_reached() -> None:
    assert sandbox.run([shell("exit 0", timeout_ms=60_000)]).result == 0


def test_hook_need_not_read_its_state() -> None:
    big = "x" * 300_000
    assert sandbox.run([shell("exit 0", state_head=big)]).result == 0
    assert sandbox.run([shell("exec 0<&-; echo; exit 0", state_head=big)]).result == 0


def test_talking_before_reading_does_not_block(tmp_path: Path) -> None:
    script = f"head -c 500000 /dev/zero; wc -c >{tmp_path}/size"
    assert sandbox.run([shell(script, state_head="x" * 300_000)]).result == 0
    assert 300_001 <= int((tmp_path / "size").read_text()) <= 300_020  # the head, and a pid


def test_daemon_that_holds_the_output_does_not_block(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    begin = time.monotonic()
    assert sandbox.run([shell(f"cat {fifo} & exit 0")]).result == 0
    assert time.monotonic() - begin < 20
    os.close(os.open(fifo, os.O_WRONLY))  # the daemon reads the end and goes


@pytest.mark.parametrize(
    ("step", "expected", "what"),
    [
        (ops.hook("", path="/nonexistent"), errno.ENOENT, "execve"),
        (ops.hook("", path="/etc/passwd"), errno.EACCES, "execve"),
        (ops.hook("", path="/bin/true", cwd="/nonexistent"), errno.ENOENT, "chdir"),
    ],
)
def test_hook_that_cannot_start(step: ops.Step, expected: int, what: str) -> None:
    def children() -> bool:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        return True

    found = sandbox.run([step], children)
    assert (found.errno, found.what, found.path) == (expected, what, step.args["path"])
    assert found.value is False


def test_nothing_stays_open() -> None:
    steps = [shell("exit 0"), ops.hook("", path="/bin/true")]
    before: list[int] = []
    found = sandbox.run(
        steps,
        lambda: len(os.listdir("/proc/thread-self/fd")) - before[0],
        before=lambda: before.append(len(os.listdir("/proc/thread-self/fd"))),
    )
    assert found.value == 0


def test_hook_of_the_built_init() -> None:
    with Init([shell("echo from the hook; exit 4")]) as init:
        message = init.receive()
        assert message
        ended, _, output = message.detail[2].split("\n", 2)
        assert (ended, output) == ("exit status 4", "from the hook\n")
