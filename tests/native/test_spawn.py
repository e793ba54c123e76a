# SPDX-License-Identifier: Apache-2.0
"""The clone: which descriptors, signals and namespaces the init gets, and its failures."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import threading
from pathlib import Path

import pytest
from support.initproc import INIT, Init, checked, lib, output, program, spawn

from pyruntime.errors import HostError
from pyruntime.launch.spawn import Child
from pyruntime.plan import ops

LIST_FDS = program("/bin/sh", "-c", "ls /proc/self/fd")


def open_fds() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def children() -> set[str]:
    """Those that are not reaped yet, too."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.fixture
def image() -> int:
    return checked(lib.pyr_init_image(os.fsencode(INIT)))


def test_program_gets_the_standard_streams_only() -> None:
    leaked = [os.open("/", os.O_RDONLY) for _ in range(20)]
    for fd in leaked:
        os.set_inheritable(fd, True)
    try:
        assert output(LIST_FDS).split() == ["0", "1", "2", "3"]  # 3 is ls's own
    finally:
        for fd in leaked:
            os.close(fd)


def test_init_gets_its_slots_only() -> None:
    """Of the runtime's descriptors none is there before the plan's first step."""
    leaked = [os.open("/", os.O_RDONLY) for _ in range(20)]
    for fd in leaked:
        os.set_inheritable(fd, True)
    with Init([ops.sync("", phase=ops.PHASE_READY)]) as init:
        assert init.receive() is not None
        assert set(os.listdir(f"/proc/{init.pid}/fd")) == {"0", "1", "2", "3"}
    for fd in leaked:
        os.close(fd)


def test_preserved_descriptors_pass_close_on_exec_or_not(tmp_path: Path) -> None:
    for number in (3, 4):
        (tmp_path / str(number)).write_text(f"file {number}\n")
    shell = "cat <&3; cat <&4; ls /proc/self/fd | tr '\\n' ' '"
    pid = os.fork()
    if pid == 0:
        with open(tmp_path / "out", "w") as out:
            os.dup2(out.fileno(), 1)
        os.closerange(3, 64)
        for number in (3, 4):
            assert os.open(tmp_path / str(number), os.O_RDONLY) == number
        init = Init(program("/bin/sh", "-c", shell, keep=2), preserve=2)
        os._exit(os.waitstatus_to_exitcode(init.wait()))
    assert os.waitpid(pid, 0)[1] == 0
    assert (tmp_path / "out").read_text() == "file 3\nfile 4\n0 1 2 3 4 5 "


def test_own_descriptor_among_the_preserved_is_refused(image: int) -> None:
    """It stands where the caller promised one of its own: the program must not get it."""
    refused(errno.EBADF, image, [-1], preserve=image - 2)
    with open("/dev/null") as ours:
        other = os.dup(ours.fileno())
        high = fcntl.fcntl(image, fcntl.F_DUPFD_CLOEXEC, 300)
        refused(errno.EBADF, high, [other], preserve=other - 2)
        for fd in (other, high, image):
            os.close(fd)


def test_given_descriptors_take_the_first_numbers(tmp_path: Path) -> None:
    """Whatever their numbers here, each other's among them; one given twice; close-on-exec."""
    read, write = os.pipe()
    with open(tmp_path / "in", "w+") as file:
        file.write("in\n")
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        shell = "cat; cat <&3; ls /proc/self/fd | tr '\\n' ' ' >&2"
        other = os.open(tmp_path / "in", os.O_RDONLY)
        given = [file.fileno(), write, write, other]
        with Init(program("/bin/sh", "-c", shell, keep=1), preserve=1, given=given) as init:
            os.close(write)
            assert os.waitstatus_to_exitcode(init.wait()) == 0
        os.close(other)
    with open(read) as pipe:
        assert pipe.read() == "in\nin\n0 1 2 3 4 "


def test_given_descriptors_and_slots_collide() -> None:
    """Given to 0.. are descriptors with the numbers that the slots are to get."""
    pid = os.fork()
    if pid == 0:
        os.closerange(3, 64)
        read, write = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        assert (read, write, null) == (3, 4, 5)
        init = Init(program("/bin/echo", "hello"), given=[null, write, null])
        os.close(write)
        os._exit(not (init.wait() == 0 and os.read(read, 100) == b"hello\n"))
    assert os.waitpid(pid, 0)[1] == 0


def test_given_descriptors_are_checked(image: int) -> None:
    refused(errno.EBADF, image, [-1], given=[0, 999, 2])
    refused(errno.E2BIG, image, [-1] * 3, preserve=257, given=[0] * 260)
    os.close(image)


def test_threads_start_at_the_same_time() -> None:
    """Each waits for its own child."""
    found: list[tuple[int, int]] = []

    def work(number: int) -> None:
        for _ in range(10):
            with Init(program("/bin/sh", "-c", f"exit {number}")) as init:
                found.append((number, os.waitstatus_to_exitcode(init.wait())))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted((number, number) for number in range(8) for _ in range(10))


def test_slots_keep_their_order_when_numbers_collide() -> None:
    """Slots whose numbers here are each other's targets there."""
    pid = os.fork()
    if pid == 0:
        os.closerange(3, 64)
        uts, net = (os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("uts", "net"))
        os.dup2(uts, 7)
        os.dup2(net, 6)  # base 3: slot 3 is descriptor 6, slot 4 is 7
        steps = [
            ops.ns_join("", slot=3, nstype=lib.CLONE_NEWUTS),
            ops.ns_join("", slot=4, nstype=lib.CLONE_NEWNET),
            *program("/bin/true"),
        ]
        with Init(steps, slots=[7, 6]) as init:
            message = init.receive()
            assert message is None, message and message.detail
            os._exit(os.waitstatus_to_exitcode(init.wait()))
    assert os.waitpid(pid, 0)[1] == 0


def test_pid_is_ours_and_pidfd_its() -> None:
    with Init([ops.sync("", phase=ops.PHASE_READY)]) as init:
        assert init.receive() is not None
        assert os.readlink(f"/proc/{init.pid}/exe").startswith("/memfd:pyruntime-init")
        fields = Path(f"/proc/self/fdinfo/{init.pidfd}").read_text().split()
        assert fields[fields.index("Pid:") + 1] == str(init.pid)
        assert fcntl.fcntl(init.pidfd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_namespaces_of_the_clone() -> None:
    flags = lib.CLONE_NEWPID | lib.CLONE_NEWUTS | lib.CLONE_NEWIPC
    text = output(program("/bin/sh", "-c", "echo $$; readlink /proc/self/ns/uts"), flags=flags)
    assert text.split()[0] == "1"
    assert text.split()[1] != os.readlink("/proc/self/ns/uts")


def test_signals_are_reset() -> None:
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM})
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert len(blocked) < 10  # no start before this one has left them blocked
    try:
        text = output(program("/bin/cat", "/proc/self/status"))
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2, signal.SIGTERM})
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert fields["SigIgn"] == fields["SigBlk"] == "0" * 16


def refused(expected: int, *args: object, **how: object) -> None:
    before = open_fds(), children()
    with pytest.raises(OSError, match=os.strerror(expected)) as caught:
        spawn(*args, **how)  # type: ignore[arg-type]
    assert caught.value.errno == expected
    assert (open_fds(), children()) == before


def test_what_is_no_program_is_told_by_errno(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    with open(tmp_path / "text") as file:
        refused(errno.ENOEXEC, file.fileno(), [-1])


def test_descriptors_that_are_not_there(image: int) -> None:
    refused(errno.EBADF, 999, [-1])
    refused(errno.EBADF, image, [-1, 999])
    refused(errno.EBADF, image, [-1], preserve=500)
    os.close(image)


def test_no_cgroup_to_be_born_in(image: int) -> None:
    refused(errno.EBADF, image, [-1], cgroup=999)
    os.close(image)


def test_more_slots_than_there_is_room_for(image: int) -> None:
    refused(errno.E2BIG, image, [-1] * 1025)
    os.close(image)


def test_init_ends_without_its_plan(image: int) -> None:
    """Nobody can be told: the exit status is all there is."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid, pidfd = spawn(image, [theirs.fileno()])
    theirs.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert b"read the plan's seals" in ours.recv(4096)
    for fd in (pidfd, image):
        os.close(fd)
    ours.close()


def test_init_refuses_a_plan_that_could_still_change(image: int, tmp_path: Path) -> None:
    open_memfd = os.memfd_create("plan", os.MFD_ALLOW_SEALING)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid, pidfd = spawn(image, [theirs.fileno(), open_memfd])
    theirs.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert int.from_bytes(ours.recv(4096)[8:12], "little") == errno.EPERM
    for fd in (pidfd, image, open_memfd):
        os.close(fd)
    ours.close()


@pytest.mark.parametrize("args", [[], ["2"], ["x"], ["3x"], [""], ["99999999999"], ["3", "4"]])
def test_init_wants_its_base(args: list[str]) -> None:
    pid = os.posix_spawn(INIT, ["pyruntime-init", *args], {})
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2


def test_the_init_goes_on_as_no_strangers_child() -> None:
    """Who has taken it over could send the descriptor of any process that it sees."""
    with Init([ops.sync("", phase=ops.PHASE_READY)]) as init:
        child = Child(init.pid, os.dup(init.pidfd), init.sync.dup())
        before = open_fds()
        for stranger in (os.pidfd_open(os.getppid()), os.open("/dev/null", os.O_RDONLY)):
            with pytest.raises(HostError, match="none of ours"):
                child.go_on_as(stranger)
        assert open_fds() == before, "the descriptors are closed"
        assert child.pid == init.pid
