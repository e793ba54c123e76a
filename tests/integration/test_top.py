# SPDX-License-Identifier: Apache-2.0
"""`top` of running containers, off a terminal and on one."""

from __future__ import annotations

import os
import pty
import select
import subprocess

import pytest
from integration.asking import kill
from support.runtime import Runtime

pytestmark = pytest.mark.usefixtures("only_ours")


def test_off_a_terminal_the_table_comes_once(runtime: Runtime, running: str) -> None:
    for names in ([], [running]):
        heading, line = runtime("top", "--interval", "50ms", *names).stdout.splitlines()
        assert heading.startswith("CONTAINER")
        assert line.split()[0] == running


def test_a_container_that_does_not_run_is_an_error(runtime: Runtime, running: str) -> None:
    kill(runtime, running, "KILL")
    refused = runtime("top", running, check=False)
    assert refused.returncode == 1
    assert "is not running" in refused.stderr
    assert runtime("top", "--interval", "1ms").stdout.startswith("CONTAINER")


def test_on_a_terminal_it_is_renewed_until_q(runtime: Runtime, running: str) -> None:
    master, slave = pty.openpty()
    command = runtime.command("top", "--interval", "50ms")
    with subprocess.Popen(command, stdin=slave, stdout=slave) as process:
        os.close(slave)
        said = b""
        while said.count(b"\x1b[H\x1b[J") < 2:
            assert select.select([master], [], [], 30)[0]
            said += os.read(master, 4096)
        os.write(master, b"q")
        assert process.wait(10) == 0
    os.close(master)
    assert running.encode() in said
