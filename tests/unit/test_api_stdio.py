# SPDX-License-Identifier: Apache-2.0
"""The streams that are given away and kept, and the talk over them; children that are no containers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import monotonic

import pytest

from pyruntime.api.stdio import DEVNULL, PIPE, STDOUT, Stdio
from pyruntime.api.talk import Streams
from pyruntime.errors import TimeoutExpired, UsageError


def open_fds() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def started(stdio: Stdio, script: str) -> int:
    moves = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(stdio.given)]
    return os.posix_spawn("/bin/sh", ["sh", "-c", script], {"PATH": "/bin"}, file_actions=moves)


def waiter(pid: int) -> Callable[[float | None], bool]:
    def wait(deadline: float | None) -> bool:
        assert deadline is None or deadline > monotonic() - 60
        return os.waitpid(pid, 0)[0] == pid

    return wait


def test_the_numbers_are_those_of_subprocess() -> None:
    assert (PIPE, STDOUT, DEVNULL) == (subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL)


def test_what_each_stream_becomes() -> None:
    before = open_fds()
    with tempfile.TemporaryFile() as file:
        with Stdio(None, file, STDOUT, [file.fileno()]) as stdio:
            assert stdio.given == [0, *[file.fileno()] * 3]
        with Stdio(PIPE, PIPE, file.fileno()) as stdio:
            assert len(set(stdio.given)) == 3 and stdio.given[2] == file.fileno()
            assert not any(os.get_inheritable(fd) for fd in (*stdio.given, *stdio.ends[:2]))
            assert stdio.ends[2] == -1
            given = stdio.given[:2]
        for fd in given:
            with pytest.raises(OSError, match="Bad file"):
                os.fstat(fd)
        for fd in stdio.ends[:2]:
            os.close(fd)
        with Stdio(DEVNULL, DEVNULL, DEVNULL) as stdio:
            assert {os.readlink(f"/proc/self/fd/{fd}") for fd in stdio.given} == {"/dev/null"}
    assert open_fds() == before


@pytest.mark.parametrize("wrong", [(PIPE, STDOUT, None), (PIPE, -9, None), (PIPE, PIPE, 4711)])
def test_a_failure_closes_all(wrong: tuple[int, int, int | None]) -> None:
    before = open_fds()
    with pytest.raises((UsageError, OSError)):
        Stdio(*wrong)
    with pytest.raises(KeyError), Stdio(PIPE, PIPE, PIPE):
        raise KeyError
    assert open_fds() == before


def test_closed_streams_of_a_daemon() -> None:
    """A descriptor of the library's own must not be taken for the program's stream."""
    code = """
import os, sys
from pyruntime.api.stdio import Stdio
os.closerange(0, 3)
own = os.open("/", os.O_RDONLY)
os.dup2(os.open("/proc", os.O_RDONLY), 2)
with Stdio(None, None, None) as stdio:
    found = [os.readlink(f"/proc/self/fd/{fd}") for fd in stdio.given]
os._exit(0 if (own, found) == (0, ["/dev/null", "/dev/null", "/proc"]) else 1)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_more_than_a_pipe_holds_both_ways() -> None:
    data = os.urandom(500_000)
    with Stdio(PIPE, PIPE, PIPE) as stdio:
        pid = started(stdio, "tee /dev/stderr")
    streams: Streams[bytes] = Streams(stdio.ends, None, None)
    assert streams.communicate(data, waiter(pid), None) == (data, data)
    assert streams.stdin is not None and streams.stdin.closed


def test_a_reader_that_goes_away() -> None:
    with Stdio(PIPE, PIPE, None) as stdio:
        pid = started(stdio, "exec 0<&-; echo done")
    streams: Streams[str] = Streams(stdio.ends, "utf-8", None)
    assert streams.communicate("x" * 500_000, waiter(pid), None) == ("done\n", "")


def test_text_and_its_newlines() -> None:
    with Stdio(PIPE, PIPE, None) as stdio:
        pid = started(stdio, r"printf 'a\r\nb\rc\303\274\n\377'; cat")
    streams: Streams[str] = Streams(stdio.ends, "utf-8", "replace")
    assert streams.communicate("ü", waiter(pid), None) == ("a\nb\ncü\n\ufffdü", "")


def test_a_talk_that_takes_too_long() -> None:
    """A part may end within a character."""
    with Stdio(PIPE, PIPE, None) as stdio:
        pid = started(stdio, r"printf 'a\303'; cat; printf '\274'")
    streams: Streams[str] = Streams(stdio.ends, "utf-8", None)
    assert streams.stdin is not None
    with pytest.raises(TimeoutExpired) as caught:
        # Not given any input, it is closed at once: a descriptor of it keeps the program.
        held = os.dup(streams.stdin.fileno())
        streams.communicate(None, waiter(pid), 0.1)
    assert caught.value.stdout in ("", "a\ufffd")
    with pytest.raises(UsageError, match="before"):
        streams.communicate("more", waiter(pid), 0.1)
    os.close(held)
    assert streams.communicate(None, waiter(pid), 20) == ("aü", "")


def test_no_pipes_at_all() -> None:
    with Stdio(DEVNULL, DEVNULL, DEVNULL) as stdio:
        pid = started(stdio, "exit 0")
    streams: Streams[bytes] = Streams(stdio.ends, None, None)
    assert streams.communicate(None, waiter(pid), 20) == (b"", b"")
    streams.close()
