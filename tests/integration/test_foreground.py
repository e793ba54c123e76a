# SPDX-License-Identifier: Apache-2.0
"""A foreground `run` or `exec` whose caller is slow, impatient or gone: nothing hangs, no byte
is lost that somebody reads, and the terminal is as it was."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from integration.asking import QUIET, status
from integration.terminal import PATIENCE_MS, Seat, read_all, read_until
from support.bundle import Bundle
from support.leftovers import exited
from support.runtime import Runtime

Make = Callable[..., Bundle]
WAIT = PATIENCE_MS / 1000
FORWARDED = sorted(
    set(signal.Signals)
    - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG}
    - {signal.SIGPIPE}
)


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


@pytest.fixture
def on_terminal(bundle: Make) -> Callable[[str], Bundle]:
    return lambda script: bundle(shell(script), process={"terminal": True})


@pytest.fixture
def seats() -> Iterator[list[Seat]]:
    taken: list[Seat] = []
    yield taken
    for seat in taken:
        if seat.process.poll() is None:
            seat.process.kill()
            seat.process.wait()
        seat.close()


@contextlib.contextmanager
def started(command: list[str], **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The command with pipes; killed at the end if it still runs."""
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **how}
    with subprocess.Popen(command, **how) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def stream(found: IO[bytes] | None) -> IO[bytes]:
    assert found is not None
    return found


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_every_signal_is_forwarded(
    verb: str, runtime: Runtime, bundle: Make, running: str, tmp_path: Path
) -> None:
    """In the order sent: each is answered before the next one goes."""
    numbers = [int(number) for number in FORWARDED]
    traps = "".join(f"trap 'echo {number}' {number}; " for number in numbers)
    # The trap of a signal runs when `read` is interrupted, or between two reads.
    script = f"{traps} echo up; while :; do sleep 0.02; done"
    words = ["exec", running, *shell(script)]
    if verb == "run":
        words = ["run", "--bundle", str(bundle(shell(script))), runtime.new_id()]
    with started(runtime.command(*words)) as process:
        out = stream(process.stdout)
        assert out.readline() == b"up\n"
        for number in numbers:
            process.send_signal(number)
            assert select.select([out], [], [], WAIT)[0], f"signal {number} is not answered"
            assert out.readline() == b"%d\n" % number
        inside = runtime.ids[-1] if verb == "run" else running
        runtime("kill", "--all", inside, "KILL")
        assert process.wait(WAIT) == 128 + signal.SIGKILL


def test_stop_characters_go_to_the_container(
    runtime: Runtime, bundle: Make, seats: list[Seat]
) -> None:
    """Without a terminal of its own it shares the caller's, not the caller's job: ^Z and ^C
    are the runtime's, which passes them on and goes on itself."""
    made = bundle(
        shell("trap 'echo stop' TSTP; trap 'exit 9' INT; echo up; while :; do sleep 0.02; done")
    )
    seat = Seat(runtime.command("run", "--bundle", made, runtime.new_id()))
    seats.append(seat)
    read_until(seat.master, b"up")
    os.write(seat.master, b"\x1a")
    read_until(seat.master, b"stop")
    os.write(seat.master, b"\x03")
    assert seat.finish() == 9
    assert termios.tcgetattr(seat.slave) == seat.settings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_the_terminal_is_restored_when_a_signal_ends_it(
    number: int, runtime: Runtime, on_terminal: Callable[[str], Bundle], seats: list[Seat]
) -> None:
    made = on_terminal(f"trap 'exit 7' {number}; echo up; while :; do sleep 0.02; done")
    command = runtime.command("run", "--bundle", made, runtime.new_id())
    seat = Seat(["/bin/sh", "-c", 'echo $$; exec "$@"', "sh", *command])
    seats.append(seat)
    runtime_pid = int(read_until(seat.master, b"up").split()[0])
    assert termios.tcgetattr(seat.slave) != seat.settings
    os.kill(runtime_pid, number)
    assert seat.finish() == 7
    assert termios.tcgetattr(seat.slave) == seat.settings


def test_the_terminal_is_restored_when_the_container_is_killed(
    runtime: Runtime, on_terminal: Callable[[str], Bundle], seats: list[Seat]
) -> None:
    name = runtime.new_id()
    seat = Seat(runtime.command("run", "--bundle", on_terminal("echo up; read line"), name))
    seats.append(seat)
    read_until(seat.master, b"up")
    runtime("kill", name, "KILL")
    assert seat.finish() == 128 + signal.SIGKILL
    assert termios.tcgetattr(seat.slave) == seat.settings


def test_a_burst_before_the_end_arrives_whole(
    runtime: Runtime, on_terminal: Callable[[str], Bundle]
) -> None:
    """A MiB to a pipe whose reader waits until the program must have filled it."""
    made = on_terminal("head -c 1048576 /dev/zero | tr '\\0' x; printf end")
    with started(runtime.command("run", "--bundle", made, runtime.new_id())) as process:
        out = stream(process.stdout)
        poll = select.poll()
        poll.register(out.fileno(), select.POLLIN)
        assert poll.poll(PATIENCE_MS)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        assert out.read() == b"x" * 1048576 + b"end"
        assert process.wait(WAIT) == 0


def asleep(pid: int) -> bool:
    """As a program that writes all the time is when there is no room for more."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("S")


def fill(pipe: int) -> None:
    """To the last byte, by a description of our own, which may not wait."""
    own = os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(own, b".")
    except BlockingIOError:
        os.close(own)


def test_a_reader_that_stops_does_not_keep_signals_back(
    runtime: Runtime, running: str, tmp_path: Path
) -> None:
    """Nobody reads, the pipe is full; what is left after the end is given up at a signal."""
    file = tmp_path / "pid"
    command = runtime.command("exec", "--tty", "--pid-file", file, running, "/bin/yes")
    reading, writing = os.pipe()
    with started(command, stdout=writing) as process:
        assert os.read(reading, 1)
        while select.select([], [writing], [], 0)[1]:
            time.sleep(0.01)  # no event says that a pipe is full
        fill(writing)
        while not asleep(int(file.read_text())):
            time.sleep(0.01)  # until then it may have written nothing that has not been read
        process.terminate()
        assert exited(int(file.read_text()), PATIENCE_MS), "the signal did not get there"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        process.terminate()
        assert process.wait(WAIT) == 128 + signal.SIGTERM
    os.close(reading)
    os.close(writing)


def test_a_reader_that_is_gone_hangs_up(
    runtime: Runtime, on_terminal: Callable[[str], Bundle]
) -> None:
    """As in `run ... | head -1`: the program's terminal is gone, which ends most programs."""
    made = on_terminal("while echo words; do :; done; exit 6")
    with started(runtime.command("run", "--bundle", made, runtime.new_id())) as process:
        out = stream(process.stdout)
        assert out.readline() == b"words\r\n"
        out.close()
        assert process.wait(WAIT) == 6


def test_a_full_disk_loses_output_only(
    runtime: Runtime, on_terminal: Callable[[str], Bundle]
) -> None:
    made = on_terminal("seq 1 20000; exit 4")
    with Path("/dev/full").open("w") as full:
        command = runtime.command("run", "--bundle", made, runtime.new_id())
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=full, check=False, timeout=WAIT
        )
    assert done.returncode == 4


def test_a_terminal_that_closes_hangs_up(
    runtime: Runtime, on_terminal: Callable[[str], Bundle], tmp_path: Path
) -> None:
    """The window is closed: SIGHUP for the program, and the end of its input."""
    name = runtime.new_id()
    made = on_terminal("trap 'exit 3' HUP; echo up; read line; exit 4")
    seat = Seat(runtime.command("run", "--keep", "--bundle", made, name))
    read_until(seat.master, b"up")
    seat.close()
    assert seat.finish() in (3, 128 + signal.SIGHUP)
    assert status(runtime, name) == "stopped"


def test_another_container_of_its_name_is_left_alone(runtime: Runtime, bundle: Make) -> None:
    """Deleted by somebody while it waited; and when it comes to clean up, the next one is there."""
    name = runtime.new_id()
    words = ["run", "--bundle", str(bundle(shell("echo up; sleep 1000"))), name]
    with started(runtime.command(*words)) as process:
        assert stream(process.stdout).readline() == b"up\n"
        runtime("update", "--pids-limit", "100", name)  # which waits for the lock that `run` had
        process.send_signal(signal.SIGSTOP)
        runtime("delete", "--force", name)
        runtime("run", "--detach", *words[1:], **QUIET)
        process.send_signal(signal.SIGCONT)
        assert process.wait(WAIT) == 128 + signal.SIGKILL
    assert status(runtime, name) == "running"


def test_what_lives_on_does_not_hold_exec_up(runtime: Runtime, running: str) -> None:
    """A background process that writes for ever to the terminal of an exec that has ended."""
    words = ("exec", "--tty", running, *shell("trap '' HUP; yes & exit 8"))
    with started(runtime.command(*words)) as process:
        out = stream(process.stdout)
        while out.read(65536):
            pass
        assert process.wait(WAIT) == 8


@pytest.mark.parametrize("terminal", [False, True])
def test_the_end_of_input(terminal: bool, runtime: Runtime, bundle: Make) -> None:
    """Without a terminal the program sees it; a terminal has no end of file to pass on."""
    made = bundle(shell("read line; echo got $line; cat"), process={"terminal": terminal})
    name = runtime.new_id()
    with started(runtime.command("run", "--bundle", made, name)) as process:
        into = stream(process.stdin)
        into.write(b"words\n")
        into.close()
        wanted = b"got words\n" if not terminal else b"words\r\ngot words\r\n"
        assert stream(process.stdout).read(len(wanted)) == wanted
        if terminal:
            assert status(runtime, name) == "running"
            runtime("kill", name, "KILL")
        assert process.wait(WAIT) == (128 + signal.SIGKILL if terminal else 0)


def test_in_the_background_it_stops_until_it_is_brought_forward(
    runtime: Runtime, on_terminal: Callable[[str], Bundle]
) -> None:
    """With a terminal it needs that of the shell, which has another job in the foreground."""
    made = on_terminal("echo up; read line; echo got $line; exit 2")
    command = runtime.command("run", "--bundle", made, runtime.new_id())
    shell_pid, master = pty.fork()
    if shell_pid == 0:
        # What an interactive shell does: a group of its own for the job, in the background.
        job = subprocess.Popen(command, process_group=0)
        _, code = os.waitpid(job.pid, os.WUNTRACED)
        os.write(1, b"stopped %d\n" % os.WSTOPSIG(code))
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, job.pid)
        os.killpg(job.pid, signal.SIGCONT)
        _, code = os.waitpid(job.pid, 0)
        os.write(1, b"status %d\n" % os.waitstatus_to_exitcode(code))
        os._exit(0)
    try:
        said = read_until(master, b"up\r\n")
        assert said == b"stopped %d\r\nup\r\n" % signal.SIGTTOU
        os.write(master, b"words\r")
        assert b"status 2" in read_until(master, b"status 2\r\n")
        assert read_all(master) == b""
    finally:
        os.close(master)
        os.waitpid(shell_pid, 0)
