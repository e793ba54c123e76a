# SPDX-License-Identifier: Apache-2.0
"""Looking the program up and executing it: what it gets, and how failures are told."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support import sandbox
from support.initproc import Init, output, program

from pyruntime.plan import ops


@pytest.fixture
def places(tmp_path: Path) -> Path:
    for name, mode in (("plain", 0o644), ("tool", 0o755)):
        for place in ("one", "two"):
            path = tmp_path / place / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"#!/bin/sh\necho {place}\n")
            path.chmod(mode)
    (tmp_path / "one/tool").chmod(0o644)
    (tmp_path / "two/dir").mkdir()
    return tmp_path


def lookup(file: str, path: str = "") -> tuple[int, str, str]:
    found = sandbox.run([ops.exec_lookup("", file=file, path=path)])
    return found.errno, found.what, found.path


def test_first_executable_of_path_is_taken(places: Path) -> None:
    env = [f"PATH=:{'x' * 5000}:/nonexistent:{places}/one:{places}/two:/bin"]
    assert output(program("tool", env=env)) == "two\n"


@pytest.mark.parametrize("file", ["plain", "dir", "nonexistent", "x" * 5000])
def test_not_in_path(places: Path, file: str) -> None:
    found = lookup(file, f"{places}/one:{places}/two")
    assert found[:2] == (errno.ENOENT, "lookup")


def test_an_empty_entry_of_path_is_no_directory(places: Path) -> None:
    def before() -> None:
        os.chroot(places / "two")
        os.chdir("/")

    steps = [ops.exec_lookup("", file="tool", path=":/nonexistent:")]
    found = sandbox.run(steps, before=before)
    assert (found.errno, found.what) == (errno.ENOENT, "lookup")


def test_no_path_at_all() -> None:
    assert lookup("sh") == (errno.ENOENT, "lookup", "sh")


@pytest.mark.parametrize(
    ("file", "expected", "what"),
    [
        ("/nonexistent", errno.ENOENT, "stat"),
        ("", errno.ENOENT, "stat"),
        ("{}/one/plain/x", errno.ENOTDIR, "stat"),
        ("{}/one/plain", errno.EACCES, "access"),
        ("{}/two/dir", errno.EISDIR, "access"),
        ("/" + "x" * 5000, errno.ENAMETOOLONG, "stat"),
    ],
)
def test_named_by_path(places: Path, file: str, expected: int, what: str) -> None:
    assert lookup(file.format(places))[:2] == (expected, what)


def test_relative_name_counts_from_the_working_directory(places: Path) -> None:
    steps = [ops.cwd("", path=str(places)), *program("two/tool")]
    assert output(steps) == "two\n"


def test_arguments_and_environment_arrive_as_they_are() -> None:
    text = output(program("/bin/sh", "-c", 'printf "<%s>" "$0" "$@"', "", "a b", "", "ä"))
    assert text == "<><a b><><ä>"
    assert output(program("/usr/bin/env", env=["A=1", "B=", "C=x=y"])) == "A=1\nB=\nC=x=y\n"


def test_own_home_is_kept() -> None:
    steps = [ops.home("", uid=0), *program("/usr/bin/env", env=["HOME=/own", "A=b"])]
    assert output(steps) == "HOME=/own\nA=b\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("#!/nonexistent/shell\n", errno.ENOENT), ("neither\0nor", errno.ENOEXEC)],
)
def test_what_the_kernel_refuses_is_reported(tmp_path: Path, text: str, expected: int) -> None:
    path = tmp_path / "tool"
    path.write_text(text)
    path.chmod(0o755)
    with Init(program(str(path))) as init:
        message = init.receive()
        assert message and (message.kind, message.err) == (ops.MSG_ERROR, expected)
        assert message.detail[:2] == ["execve", str(path)]


def test_descriptors_are_really_closed() -> None:
    """Not by close-on-exec alone; the one to report on stays."""
    with open("/proc/self/ns/uts") as uts:
        slots = [uts.fileno()] * 3
        init = Init([ops.fds_close("", keep=0), ops.sync("", phase=ops.PHASE_READY)], slots=slots)
    with init:
        assert init.receive() is not None
        assert set(os.listdir(f"/proc/{init.pid}/fd")) == {"0", "1", "2", "3"}


@pytest.mark.parametrize(("keep", "left"), [(0, "3 5"), (2, "3 4 5 7")])
def test_the_socket_of_start_stays_open(keep: int, left: str) -> None:
    """Between it and the one to report on there was the plan, behind it are slots."""
    steps = [ops.fds_close("", keep=keep, start=1), ops.sync("", phase=ops.PHASE_READY)]
    with open("/proc/self/ns/uts") as uts:
        fds = [os.dup(uts.fileno()) for _ in range(10)]  # so that 3 and 4 are open
        init = Init(steps, slots=fds[-2:], start=fds[-3], preserve=keep)
        for fd in fds:
            os.close(fd)
    with init:
        assert init.receive() is not None
        assert set(os.listdir(f"/proc/{init.pid}/fd")) == {"0", "1", "2", *left.split()}
