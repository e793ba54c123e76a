# SPDX-License-Identifier: Apache-2.0
"""A conversation with criu, whose part a script of this test plays; and its log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.runtime import REPO

from pyruntime.errors import Error, HookError, HostError
from pyruntime.host.criu import protocol as p
from pyruntime.host.criu import report
from pyruntime.host.criu.service import Criu
from pyruntime.host.criu.wire import encode

HEAD = f"""#!{sys.executable} -IS
import os, socket, sys
sys.path.insert(0, {str(REPO)!r})
from pyruntime.host.criu.wire import Message, encode
assert sys.argv[1] == "swrk"
sock = socket.socket(fileno=int(sys.argv[2]))
def take(): return Message(sock.recv(65536))
def give(*fields): sock.send(encode(fields))
def notify(script, pid=0): give((1, 6), (2, True), (5, encode([(1, script), (2, pid)])))
"""

Play = Callable[[str], Criu]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Start a criu that runs this script after HEAD."""

    def start(script: str) -> Criu:
        program = tmp_path / "criu"
        program.write_text(HEAD + script)
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return Criu(quiet=True)

    return start


def no_notice(script: str, pid: int, fd: int) -> None:
    raise AssertionError(script)


def version(major: int, minor: int) -> str:
    return f"take(); give((1, 10), (2, True), (10, encode([(1, {major}), (2, {minor})])))\n"


def test_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError, match=r"run criu: not found in \$PATH") as caught:
        Criu(quiet=True)
    assert caught.value.code == "criu-missing"
    assert "install criu 3.16" in caught.value.hint


def test_too_old(play: Play) -> None:
    criu = play(version(3, 15))
    with pytest.raises(HostError, match=r"criu 3.15 is too old") as caught:
        criu.require_version()
    assert caught.value.code == "criu-missing"
    assert criu.close() == 0


def test_new_enough(play: Play) -> None:
    criu = play(version(4, 2))
    assert criu.require_version() == 40200
    criu.close()


@pytest.mark.parametrize("answer", ["(8, encode([(1, True), (2, False)]))", "(8, b'')"])
def test_without_a_feature(play: Play, answer: str) -> None:
    criu = play(f"take(); give((1, 9), (2, True), {answer})")
    with pytest.raises(HostError, match="checkpoint with --lazy-pages: criu or the kernel"):
        criu.require_features([p.LAZY], "checkpoint with --lazy-pages")
    criu.close()


def test_notifications_and_their_descriptor(play: Play) -> None:
    criu = play(
        "assert take().number(1) == 1\n"
        "notify('pre-dump', 5)\n"
        "assert take().number(3) == 1\n"
        "r, w = os.pipe(); os.write(w, b'x')\n"
        "data = encode([(1, 6), (2, True), (5, encode([(1, 'orphan-pts-master')]))])\n"
        "socket.send_fds(sock, [data], [r])\n"
        "assert take().number(3) == 1\n"
        "give((1, 1), (2, True))\n"
    )
    seen: list[tuple[str, int]] = []

    def notified(script: str, pid: int, fd: int) -> None:
        seen.append((script, pid))
        if fd >= 0:
            assert os.read(fd, 1) == b"x" and not os.get_inheritable(fd)
            os.close(fd)

    assert criu.run(p.DUMP, [], notified).success
    assert seen == [("pre-dump", 5), ("orphan-pts-master", 0)]
    assert criu.close() == 0


def test_what_a_notification_raises_is_what_is_raised(play: Play) -> None:
    criu = play(
        "take(); notify('setup-namespaces')\nassert take().number(3) == 0\ngive((1, 2), (2, False))\n"
    )

    def notified(script: str, _pid: int, _fd: int) -> None:
        raise HookError(script)

    with pytest.raises(HookError, match="setup-namespaces"):
        criu.run(p.RESTORE, [], notified)
    assert criu.close() == 0


@pytest.mark.parametrize(
    ("end", "how"), [("os._exit(3)", "exit status 3"), ("os.kill(os.getpid(), 9)", "signal 9")]
)
def test_no_answer(play: Play, end: str, how: str) -> None:
    criu = play(f"take(); {end}")
    criu.log = "/images/dump.log"
    with pytest.raises(HostError, match=f"criu ended without an answer: {how}") as caught:
        criu.run(p.DUMP, [], no_notice)
    assert (caught.value.code, caught.value.path) == ("criu-failed", "/images/dump.log")


def test_killed(play: Play) -> None:
    criu = play("take()\ntake()\n")
    criu.kill()
    assert os.WTERMSIG(criu.close()) == 9
    criu.kill()  # which is no error


LOG = """(00.001) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation
(00.002) Something else with Error in it
(00.003)      1: Error (criu/files-reg.c:99): Can't open file: No such file
(00.003)      1: Error (criu/files-reg.c:99): Can't open file: No such file
(00.004) Error (criu/cr-restore.c:2): the end
(00.005) Error (criu/cr-dump.c:2128): Dumping FAILED.
"""


def failed(**fields: int | str) -> Error:
    numbers = {"errno": 7, "text": 9}
    data = [(1, p.DUMP), (2, False), *((numbers[key], value) for key, value in fields.items())]
    return report.failure("checkpoint", p.Answer(encode(data)), "LOG")


def test_the_error_is_what_the_log_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "LOG").write_text(LOG)
    error = failed(errno=2)
    assert error.message == ("checkpoint container: criu: Can't open file: No such file; the end")
    assert error.details()["log"] == (
        "Error (criu/files-reg.c:99): Can't open file: No such file\nError (criu/cr-restore.c:2): the end"
    )
    assert (error.errno, error.path, error.code) == (2, "LOG", "criu-failed")


def test_the_error_without_a_log() -> None:
    assert failed(errno=17).message == "checkpoint container: criu: File exists"
    assert failed(text="no images").message == "checkpoint container: criu: no images"
    assert failed().message == "checkpoint container: criu: it does not say why"
