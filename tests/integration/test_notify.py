# SPDX-License-Identifier: Apache-2.0
"""NOTIFY_SOCKET: a container tells the runtime's service manager that it is ready."""

from __future__ import annotations

import os
import select
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, kill, pid, status
from integration.gate import Gate
from support.bundle import Bundle
from support.runtime import Runtime

SENDER = """
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int n, char **argv) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path, getenv("NOTIFY_SOCKET"), sizeof to.sun_path - 1);
  int s = socket(AF_UNIX, SOCK_DGRAM, 0);
  for (int i = 1; i < n; i++)
    if (sendto(s, argv[i], strlen(argv[i]), 0, (void *)&to, sizeof to) < 0 && i < n - 1)
      return 1; /* behind the last one the runtime may be gone: it waited for the one before */
  char byte;
  return read(0, &byte, 1) < 0; /* until stdin is closed */
}
"""
READY = ["/notify", "STATUS=starting", "MAINPID=1\nREADY=1\nSTATUS=up", "READY=1"]


class Manager:
    """A service manager's end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.settimeout(20)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "NOTIFY_SOCKET": self.address}

    def receive(self) -> str:
        text, fds, _, _ = socket.recv_fds(self.socket, 4096, 4)
        for fd in fds:
            os.close(fd)  # which answers a barrier
        return text.decode()

    def silent(self) -> bool:
        return not select.select([self.socket], [], [], 0)[0]


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, prefix: str) -> Iterator[Manager]:
    (tmp_path / "a directory").mkdir()
    address = f"@{prefix}notify" if request.param == "abstract" else f"{tmp_path}/a directory/n s"
    made = Manager(address)
    yield made
    made.socket.close()


@pytest.fixture(scope="session")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sender")
    (directory / "notify.c").write_text(SENDER)
    subprocess.run(["gcc", "-static", "-o", "notify", "notify.c"], cwd=directory, check=True)
    return directory / "notify"


@pytest.fixture
def ready(bundle: Callable[..., Bundle], sender: Path) -> Bundle:
    """A container whose user says some things, then that it is ready, then waits."""
    user = {"uid": 1000, "gid": 1000}
    made = bundle(READY, process={"user": user, "env": ["NOTIFY_SOCKET=/nowhere"]})
    (made.rootfs / "notify").write_bytes(sender.read_bytes())
    (made.rootfs / "notify").chmod(0o755)
    return made


def told(manager: Manager) -> list[str]:
    return [manager.receive() for _ in range(2)]


def test_start_waits_until_the_container_is_ready(
    runtime: Runtime, ready: Bundle, manager: Manager, tmp_path: Path
) -> None:
    read, write = os.pipe()
    name = runtime.new_id()
    environment = manager.environment()
    runtime("create", "--bundle", ready, name, stdin=read, env=environment, **QUIET)
    init = pid(runtime, name)
    command = runtime.command("start", name)
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as start:
        assert told(manager) == ["READY=1\n", f"MAINPID={init}\n"]
        # It stays until the service manager has read everything.
        barrier, fds, _, _ = socket.recv_fds(manager.socket, 4096, 4)
        assert barrier == b"BARRIER=1" and start.poll() is None
        # Meanwhile the container is as any other.
        assert status(runtime, name) == "running"
        for fd in fds:
            os.close(fd)
        assert start.wait(20) == 0
    assert manager.silent()
    os.close(read)
    os.close(write)


def test_run_detached(runtime: Runtime, ready: Bundle, manager: Manager) -> None:
    read, write = os.pipe()
    name = runtime.new_id()
    command = runtime.command("run", "--detach", "--bundle", ready, name)
    with subprocess.Popen(command, env=manager.environment(), stdin=read, **QUIET) as run:
        first = told(manager)
        assert manager.receive() == "BARRIER=1"
        assert run.wait(20) == 0
    assert first == ["READY=1\n", f"MAINPID={pid(runtime, name)}\n"]
    os.close(read)
    os.close(write)


def test_run_in_the_foreground(runtime: Runtime, ready: Bundle, manager: Manager) -> None:
    """There the runtime itself is the service's main process."""
    command = runtime.command("run", "--bundle", ready, runtime.new_id())
    environment = manager.environment()
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as run:
        assert told(manager) == ["READY=1\n", f"MAINPID={run.pid}\n"]
        assert run.poll() is None and manager.silent()
        assert run.stdin
        run.stdin.close()
        assert run.wait(20) == 0


def test_a_container_that_is_never_ready(
    runtime: Runtime, bundle: Callable[..., Bundle], gate: Gate, tmp_path: Path
) -> None:
    manager = Manager(str(tmp_path / "n"))
    name = runtime.new_id()
    made = bundle(["/bin/sleep", "1000"])
    environment = manager.environment()
    runtime("create", "--bundle", made, name, env=environment, **QUIET)
    with subprocess.Popen(runtime.command("start", name), env=environment) as start:
        while status(runtime, name) != "running":
            pass
        kill(runtime, name, "KILL")
        assert start.wait(20) == 0
    assert manager.silent()
    manager.socket.close()


def test_the_container_cannot_write_there(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    manager = Manager(str(tmp_path / "n"))
    script = "touch /run/notify/x; ls -ld /run/notify; echo $NOTIFY_SOCKET; mount | grep notify"
    made = bundle(["/bin/sh", "-c", script])
    done = runtime.run(made, env=manager.environment())
    assert "Read-only file system" in done.stderr
    listed, variable, mounted = done.stdout.splitlines()
    assert listed.startswith("drwxr-xr-x")
    assert variable == "/run/notify/notify.sock"
    assert "(ro,nosuid,nodev,noexec" in mounted
    manager.socket.close()


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative"])
def test_no_service_manager(runtime: Runtime, bundle: Callable[..., Bundle], address: str) -> None:
    made = bundle(["/bin/sh", "-c", "ls /run; echo ${NOTIFY_SOCKET-none}"])
    done = runtime.run(made, env={**os.environ, "NOTIFY_SOCKET": address})
    assert done.stdout == "none\n"
