# SPDX-License-Identifier: Apache-2.0
"""What the caller gets, and what it gives to a process: --pidfd-socket, $LISTEN_FDS of exec."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, pid
from support.bundle import Bundle
from support.leftovers import exited
from support.runtime import Runtime


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(f"{tmp_path}/pidfd.sock")
    sock.listen(1)
    sock.settimeout(20)
    yield sock
    sock.close()


def pid_of(listener: socket.socket) -> int:
    """The process that the pidfd names which came over the socket."""
    connection, _ = listener.accept()
    with connection:
        _, fds, _, _ = socket.recv_fds(connection, 64, 4)
    (fd,) = fds
    info = Path(f"/proc/self/fdinfo/{fd}").read_text()
    os.close(fd)
    fields = dict(line.split(":", 1) for line in info.splitlines())
    return int(fields["Pid"])


@pytest.mark.parametrize("command", ["create", "run"])
def test_pidfd_of_a_container(
    runtime: Runtime, bundle: Callable[..., Bundle], listener: socket.socket, command: str
) -> None:
    options = ["--pidfd-socket", str(listener.getsockname()), "--bundle"]
    detach = ["--detach"] if command == "run" else []
    name = runtime.new_id()
    runtime(command, *detach, *options, bundle(["/bin/sleep", "1000"]), name, **QUIET)
    assert pid_of(listener) == pid(runtime, name)


def test_pidfd_of_an_added_process(
    runtime: Runtime, running: str, listener: socket.socket, tmp_path: Path
) -> None:
    options = ["--pidfd-socket", str(listener.getsockname()), "--pid-file", tmp_path / "pid"]
    runtime("exec", "--detach", *options, running, "/bin/sleep", "1000", **QUIET)
    added = int((tmp_path / "pid").read_text())
    assert pid_of(listener) == added != pid(runtime, running)
    os.kill(added, signal.SIGKILL)
    assert exited(added)


def test_nobody_listens_for_the_pidfd(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    failed = runtime.run(bundle(), "--pidfd-socket", str(tmp_path / "none"), check=False)
    assert failed.returncode == 1
    assert f"connect to socket {tmp_path}/none: No such file" in failed.stderr


def test_socket_activation_of_exec(runtime: Runtime, running: str) -> None:
    """As for the first process: $LISTEN_FDS descriptors from 3 on, and LISTEN_PID=1."""
    script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3</dev/null'
    show = "echo $LISTEN_FDS $LISTEN_PID; ls /proc/self/fd"
    command = ["/bin/sh", "-c", script, "sh"]
    command += runtime.command("exec", running, "/bin/sh", "-c", show)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    variables, *fds = done.stdout.splitlines()
    assert variables == "1 1"
    assert "3" in fds and "5" not in fds  # 4 is that of ls
