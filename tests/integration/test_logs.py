# SPDX-License-Identifier: Apache-2.0
"""Where log lines go when that place is odd, and what an engine finds in its log file."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bundle import Bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]
ABSENT = ("start", "absent")


@pytest.mark.parametrize("what", ["log", "trace"])
def test_a_fifo_without_a_reader_is_an_error_and_no_wait(
    what: str, runtime: Runtime, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    done = runtime(f"--{what}", tmp_path / "fifo", *ABSENT, check=False, timeout=20)
    assert done.returncode == 1
    assert f"open {what}" in done.stderr and "does anybody read" in done.stderr


def test_a_reader_that_has_gone(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """What nobody reads is lost, the container is not."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    made = bundle(["/bin/sh", "-c", "read line; echo ran"])
    command = runtime.command("--log", tmp_path / "fifo", "--debug", "run", "-b", made)
    with subprocess.Popen(
        [*command, runtime.new_id()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        assert poll.poll(20_000)
        os.close(reader)
        said, _ = run.communicate(b"line\n", timeout=20)
    assert (run.returncode, said) == (0, b"ran\n")


@pytest.mark.parametrize("place", ["/dev/full", "/dev/null", "/dev/stderr"])
def test_devices(place: str, runtime: Runtime, bundle: Make) -> None:
    done = runtime("--log", place, "--debug", *ABSENT, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("container does not exist\n")
    assert ("level=error" in done.stderr) == (place == "/dev/stderr")
    ran = runtime("--log", place, "--debug", "run", "-b", bundle(), runtime.new_id())
    assert ("step 0: " in ran.stderr) == (place == "/dev/stderr")


def test_standard_error_that_is_a_socket(runtime: Runtime) -> None:
    """As a service manager gives one: it can't be opened by its name."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = runtime.command("--log", "/dev/stderr", *ABSENT)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=theirs, check=False)
        theirs.close()
        said = ours.makefile().read()
    assert done.returncode == 1
    assert "level=error" in said and said.endswith("container does not exist\n")


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (["create", "--bogus", "x"], "unknown-option", 1),
        (["create"], "argument-count", 1),
        (["bogus"], "unknown-command", 3),
        (["exec", "absent", "/bin/true"], "not-found", 255),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_wrong_command_line_is_in_the_log(
    words: list[str], code: str, status: int, runtime: Runtime, tmp_path: Path
) -> None:
    """An engine that is newer than its runtime has no other place to learn it from."""
    log = tmp_path / "log.json"
    done = runtime("--log", log, "--log-format", "json", *words, check=False)
    assert done.returncode == status
    (line,) = [json.loads(text) for text in log.read_text().splitlines()]
    assert (line["level"], line["code"]) == ("error", code)
    assert done.stderr == f"{line['msg']}\n"
