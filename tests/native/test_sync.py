# SPDX-License-Identifier: Apache-2.0
"""The handshake, seen from the runtime's side of the socket."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.initproc import GO, HEADER, Init, program, receive

from pyruntime.plan import ops

READY = ops.sync("", phase=ops.PHASE_READY)
CGROUP = ops.sync("", phase=ops.PHASE_CGROUP)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.bind(str(tmp_path / "start.sock"))
        sock.listen(8)
        yield sock


def connect(listener: socket.socket) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(20)
    sock.connect(listener.getsockname())
    return sock


def test_phases_wait_for_go() -> None:
    with Init([CGROUP, READY, *program("/bin/true")]) as init:
        for step, phase in enumerate((ops.PHASE_CGROUP, ops.PHASE_READY)):
            message = init.receive()
            assert message and (message.step, message.phase) == (step, phase)
            assert not select.select([init.sync, init.pidfd], [], [], 0.05)[0]
            init.go()
        assert init.receive() is None
        assert init.wait() == 0


def test_failure_after_ready_arrives() -> None:
    with Init([READY, *program("/nonexistent")]) as init:
        init.receive()
        init.go()
        message = init.receive()
        assert message and (message.kind, message.step) == (ops.MSG_ERROR, 1)
        assert message.detail == ["stat", "/nonexistent", ""]
        assert os.waitstatus_to_exitcode(init.wait()) == 1


@pytest.mark.parametrize("phase", [CGROUP, READY])
def test_end_of_file_ends_the_init(phase: ops.Step) -> None:
    with Init([phase, *program("/bin/true")]) as init:
        init.receive()
        init.sync.close()
        assert os.waitstatus_to_exitcode(init.wait()) == 1


@pytest.mark.parametrize(
    "answer", [b"x", HEADER.pack(ops.MSG_SYNC, 0, 0, 0), HEADER.pack(ops.MSG_GO, 0, 0, 9) + b"z"]
)
def test_other_answers_than_go_are_errors(answer: bytes) -> None:
    with Init([CGROUP]) as init:
        init.receive()
        init.sync.send(answer)
        message = init.receive()
        assert message and message.kind == ops.MSG_ERROR


def test_init_dies_with_the_runtime_until_ready() -> None:
    """The runtime is killed; that its end of the socket stays open elsewhere is no help."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        init = Init([CGROUP, READY])
        init.receive()
        socket.send_fds(theirs, [b"%d" % init.pid], [init.sync.fileno()])
        signal.pause()
    answer, fds, _, _ = socket.recv_fds(ours, 64, 1)
    pidfd = os.pidfd_open(int(answer))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert select.select([pidfd], [], [], 20)[0]
    for fd in (pidfd, *fds):
        os.close(fd)
    ours.close()
    theirs.close()


def test_created_container_outlives_the_runtime(listener: socket.socket) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        init = Init([READY, ops.wait_start(""), *program("/bin/true")], start=listener.fileno())
        init.receive()
        init.go()
        assert init.receive() is None  # the pair is closed: the init waits for start
        os.write(write, b"%d" % init.pid)
        os._exit(0)
    os.close(write)
    pidfd = os.pidfd_open(int(os.read(read, 16)))
    os.waitpid(pid, 0)
    listener.close()
    assert not select.select([pidfd], [], [], 0.1)[0]
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    assert select.select([pidfd], [], [], 20)[0]
    os.close(pidfd)
    os.close(read)


def created(listener: socket.socket, *rest: ops.Step) -> Init:
    init = Init([READY, ops.wait_start(""), *rest], start=listener.fileno())
    init.receive()
    init.go()
    assert init.receive() is None
    return init


def test_start_ignores_probes_and_takes_go(listener: socket.socket) -> None:
    with created(listener, *program("/bin/true")) as init:
        for probe in (b"", b"nonsense"):
            with connect(listener) as sock:
                if probe:
                    sock.send(probe)
                    assert sock.recv(16) == b""
        assert not select.select([init.pidfd], [], [], 0.05)[0]
        with connect(listener) as sock:
            sock.send(GO)
            assert sock.recv(16) == b""
        assert init.wait() == 0


def test_start_is_told_of_failures(listener: socket.socket) -> None:
    hook = ops.hook("", path="/bin/false", args=["false"])
    with created(listener, hook) as init, connect(listener) as sock:
        sock.send(GO)
        message = receive(sock)
        assert message and (message.kind, message.step) == (ops.MSG_ERROR, 2)
        assert os.waitstatus_to_exitcode(init.wait()) == 1


def test_nobody_listens_once_started(listener: socket.socket, tmp_path: Path) -> None:
    """Not even while the startContainer hooks run."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    hook = ops.hook("", path="/bin/sh", args=["sh", "-c", f"echo >{fifo}; cat {fifo}"])
    with created(listener, hook, *program("/bin/true")) as init, connect(listener) as sock:
        sock.send(GO)
        assert fifo.read_text() == "\n"
        name = listener.getsockname()
        listener.close()
        with pytest.raises(ConnectionRefusedError):
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(name)
        fifo.write_text("")
        assert sock.recv(16) == b""
        assert init.wait() == 0
