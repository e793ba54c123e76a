# SPDX-License-Identifier: Apache-2.0
"""Containers with a terminal: the console socket, the size, raw mode and its undoing."""

from __future__ import annotations

import json
import os
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, await_end, pid
from integration.terminal import Receiver, Seat, read_until, set_size
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path / "console")
    yield made
    made.close()


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def with_terminal(bundle: Make, script: str, **process: object) -> Bundle:
    return bundle(shell(script), process={"terminal": True, **process})


def test_console_socket(
    runtime: Runtime, bundle: Make, receiver: Receiver, leftovers: Snapshot
) -> None:
    script = "tty; stty size; ls -l /dev/console | cut -c1; read line; echo got $line"
    made = with_terminal(bundle, script, consoleSize={"height": 33, "width": 77})
    name = runtime.new_id()
    runtime("create", "--console-socket", receiver.path, "--bundle", made, name, **QUIET)
    console = receiver.descriptor()
    init = pid(runtime, name)
    runtime("start", name)
    said = read_until(console, b"c\r\n").decode().split()
    assert said == ["/dev/pts/0", "33", "77", "c"]
    os.write(console, b"words\n")
    assert b"got words" in read_until(console, b"got words")
    await_end(init)
    os.close(console)
    runtime("delete", name)
    assert leftovers.compare() == []


def test_console_socket_with_a_long_path(
    runtime: Runtime, bundle: Make, tmp_path: Path, only_ours: None
) -> None:
    """A unix socket's address holds 107 bytes, the paths that engines make may be longer."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    here = Path.cwd()
    os.chdir(deep)
    try:
        receiver = Receiver(Path("console"))
    finally:
        os.chdir(here)
    made = with_terminal(bundle, "echo here; exec sleep 1000")
    name = runtime.new_id()
    runtime("create", "--console-socket", deep / "console", "--bundle", made, name, **QUIET)
    console = receiver.descriptor()
    receiver.close()
    runtime("start", name)
    read_until(console, b"here")
    os.close(console)


def test_exec_with_a_console_socket(
    runtime: Runtime, running: str, receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "process.json"
    file.write_text(
        json.dumps(
            {
                "terminal": True,
                "consoleSize": {"height": 20, "width": 60},
                "cwd": "/",
                "args": shell("tty; stty size; echo end"),
                "env": ["PATH=/bin"],
                "user": {"uid": 0, "gid": 0},
            }
        )
    )
    pid_file = tmp_path / "pid"
    options = ["--detach", "--process", str(file), "--console-socket", str(receiver.path)]
    runtime("exec", *options, "--pid-file", pid_file, running, **QUIET)
    console = receiver.descriptor()
    said = read_until(console, b"end").decode().split()
    assert said == ["/dev/pts/0", "20", "60", "end"]
    await_end(int(pid_file.read_text()))
    os.close(console)


@pytest.fixture
def seats() -> Iterator[list[Seat]]:
    taken: list[Seat] = []
    yield taken
    for seat in taken:
        seat.close()


def test_run_on_a_terminal(
    runtime: Runtime, bundle: Make, seats: list[Seat], leftovers: Snapshot
) -> None:
    made = with_terminal(bundle, "stty size; read line; echo got $line; exit 6")
    seat = Seat(runtime.command("run", "--bundle", made, runtime.new_id()), rows=31, columns=91)
    seats.append(seat)
    read_until(seat.master, b"31 91\r\n")
    os.write(seat.master, b"words\r")
    assert b"got words\r\n" in read_until(seat.master, b"got words\r\n")
    assert seat.finish() == 6
    assert termios.tcgetattr(seat.slave) == seat.settings
    assert leftovers.compare() == []


def test_an_interrupt_character_reaches_the_program(
    runtime: Runtime, bundle: Make, seats: list[Seat]
) -> None:
    """The caller's terminal is raw, so ^C is the container's terminal's to read."""
    made = with_terminal(bundle, "trap 'exit 8' INT; echo up; while :; do sleep 0.1; done")
    seat = Seat(runtime.command("run", "--bundle", made, runtime.new_id()))
    seats.append(seat)
    read_until(seat.master, b"up\r\n")
    os.write(seat.master, b"\x03")
    assert seat.finish() == 8


def test_the_size_follows(runtime: Runtime, bundle: Make, seats: list[Seat]) -> None:
    made = with_terminal(
        bundle, "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.1; done"
    )
    seat = Seat(runtime.command("run", "--bundle", made, runtime.new_id()))
    seats.append(seat)
    read_until(seat.master, b"up\r\n")
    set_size(seat.master, 44, 99)
    assert b"44 99" in read_until(seat.master, b"44 99")
    assert seat.finish() == 0


def test_much_output_arrives_whole(runtime: Runtime, bundle: Make, seats: list[Seat]) -> None:
    made = with_terminal(bundle, "seq 1 20000; echo end")
    seat = Seat(runtime.command("run", "--bundle", made, runtime.new_id()))
    seats.append(seat)
    lines = read_until(seat.master, b"end\r\n").split()
    assert lines == [str(n).encode() for n in range(1, 20_001)] + [b"end"]
    assert seat.finish() == 0


def test_exec_on_a_terminal(runtime: Runtime, running: str, seats: list[Seat]) -> None:
    command = runtime.command("exec", "--tty", running, *shell("tty; stty size; exit 4"))
    seat = Seat(command, rows=22, columns=66)
    seats.append(seat)
    said = read_until(seat.master, b"22 66\r\n").decode().split()
    assert said == ["/dev/pts/0", "22", "66"]
    assert seat.finish() == 4
    assert termios.tcgetattr(seat.slave) == seat.settings


def test_exec_is_the_leader_of_a_session_with_that_terminal(
    runtime: Runtime, running: str, seats: list[Seat]
) -> None:
    script = "echo $$ $(cut -d' ' -f4-7 /proc/$$/stat) > /dev/tty; sleep 100 & wait"
    seat = Seat(runtime.command("exec", "--tty", running, *shell(script)))
    seats.append(seat)
    number, _, group, session, terminal = read_until(seat.master, b"\r\n").split()
    assert number == group == session
    assert int(terminal) >> 8 == 136, "of the major number of pts"
    os.write(seat.master, b"\x03")
    assert seat.finish() == 130


def test_a_failed_run_leaves_the_terminal_as_it_was(
    runtime: Runtime, bundle: Make, seats: list[Seat], leftovers: Snapshot
) -> None:
    made = bundle(["/bin/absent"], process={"terminal": True})
    seat = Seat(runtime.command("run", "--bundle", made, runtime.new_id()))
    seats.append(seat)
    assert b"no such file or directory" in read_until(seat.master, b"directory")
    assert seat.finish() == 1
    assert termios.tcgetattr(seat.slave) == seat.settings
    assert leftovers.compare() == []
