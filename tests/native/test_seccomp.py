# SPDX-License-Identifier: Apache-2.0
"""Filters as libseccomp and the stub make them: on paper, and loaded by the init's handler."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import socket
from typing import Any

import pytest
from support import bpf, initproc, notify, profile, sandbox

from pyruntime.errors import ConfigError
from pyruntime.host.seccomp import library
from pyruntime.host.seccomp.compiler import compile_filter
from pyruntime.host.seccomp.flags import supported_flags
from pyruntime.host.seccomp.listener import connect, deliver
from pyruntime.plan import ops, seccomp
from pyruntime.plan.plan import Listener
from pyruntime.plan.step import Step

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="architecture: the numbers are those of x86-64"
)
READ, WRITE, SENDMSG, GETPID, MKDIR = 0, 1, 46, 39, 83
MKDIR_I386, GETPID_I386 = 39, 20
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


def rule(action: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"names": list(names), "action": f"SCMP_ACT_{action}", **more}


def section(*syscalls: dict[str, Any], default: str = "ALLOW", **more: Any) -> dict[str, Any]:
    return {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(syscalls), **more}


def program(*syscalls: dict[str, Any], debug: list[str] | None = None, **more: Any) -> bytes:
    words = [] if debug is None else debug
    return compile_filter(section(*syscalls, **more), library.locate(), words.append)


def arg(index: int, op: str, value: int, second: int = 0) -> dict[str, Any]:
    return {"index": index, "op": f"SCMP_CMP_{op}", "value": value, "valueTwo": second}


# ---- on paper ------------------------------------------------------------------------------


def test_a_rule_and_the_default() -> None:
    code = program(rule("ERRNO", "mkdir", errnoRet=7))
    assert bpf.answer(code, MKDIR) == bpf.ERRNO | 7
    assert bpf.answer(code, GETPID) == bpf.ALLOW
    code = program(rule("ALLOW", "mkdir"), default="KILL_PROCESS")
    assert bpf.answer(code, MKDIR) == bpf.ALLOW
    assert bpf.answer(code, GETPID) == 0x80000000


def test_calls_newer_than_the_profile() -> None:
    code = program(rule("ALLOW", "mkdir"), default="ERRNO")
    assert bpf.answer(code, GETPID) == bpf.ERRNO | errno.EPERM
    assert bpf.answer(code, MKDIR + 1) == bpf.ENOSYS
    # a rule that does as the default does says as much about the profile's age
    code = program(rule("ALLOW", "mkdir"), rule("ERRNO", "rmdir"), default="ERRNO")
    assert bpf.answer(code, MKDIR + 1) == bpf.ERRNO | errno.EPERM
    assert bpf.answer(code, MKDIR + 2) == bpf.ENOSYS


@pytest.mark.parametrize(
    ("default", "more"), [("ALLOW", {}), ("LOG", {}), ("TRACE", {}), ("ERRNO", {"errno": 38})]
)
def test_defaults_that_need_no_enosys(default: str, more: dict[str, int]) -> None:
    extra = {"defaultErrnoRet": more["errno"]} if more else {}
    code = program(rule("KILL", "mkdir"), default=default, **extra)
    assert bpf.answer(code, 9999) == seccomp.action(f"SCMP_ACT_{default}", more.get("errno"))


def test_architectures_have_their_own_numbers() -> None:
    arches = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    code = program(rule("ALLOW", "mkdir"), default="ERRNO", architectures=arches)
    assert bpf.answer(code, MKDIR_I386, bpf.I386) == bpf.ALLOW
    assert bpf.answer(code, MKDIR, bpf.I386) == bpf.ENOSYS
    assert bpf.answer(code, GETPID_I386, bpf.I386) == bpf.ERRNO | errno.EPERM
    assert bpf.answer(code, MKDIR | bpf.X32_BIT) == bpf.ALLOW
    assert bpf.answer(code, 999 | bpf.X32_BIT) == bpf.ENOSYS


@pytest.mark.parametrize("arches", [[], ["SCMP_ARCH_X86_64"], ["SCMP_ARCH_X32"]])
def test_the_machine_s_own_is_always_there(arches: list[str]) -> None:
    code = program(rule("ALLOW", "mkdir"), default="ERRNO", architectures=arches)
    assert bpf.answer(code, MKDIR) == bpf.ALLOW
    assert bpf.answer(code, 999) == bpf.ENOSYS
    assert bpf.answer(code, MKDIR_I386, bpf.I386) == bpf.KILL, "as libseccomp does it"
    if "SCMP_ARCH_X32" not in arches:
        assert bpf.answer(code, MKDIR | bpf.X32_BIT) == bpf.KILL


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        (arg(0, "EQ", 5), 5, 6),
        (arg(0, "NE", 5), 6, 5),
        (arg(0, "LT", 5), 4, 5),
        (arg(0, "LE", 5), 5, 6),
        (arg(0, "GT", 5), 6, 5),
        (arg(0, "GE", 5), 5, 4),
        (arg(0, "EQ", 5 << 40), 5 << 40, 5),
        (arg(0, "MASKED_EQ", 0xF0, 0x30), 0x13F, 0x14F),
    ],
)
def test_operators(condition: dict[str, Any], holds: int, fails: int) -> None:
    code = program(rule("ERRNO", "read", args=[condition]))
    assert bpf.answer(code, READ, args=(holds,)) == bpf.ERRNO | 1
    assert bpf.answer(code, READ, args=(fails,)) == bpf.ALLOW


def test_conditions_together_and_on_one_argument() -> None:
    code = program(rule("ERRNO", "read", args=[arg(0, "EQ", 5), arg(1, "EQ", 6)]))
    assert bpf.answer(code, READ, args=(5, 6)) == bpf.ERRNO | 1
    assert bpf.answer(code, READ, args=(5, 7)) == bpf.ALLOW
    code = program(rule("ERRNO", "read", args=[arg(0, "EQ", 5), arg(0, "EQ", 6)]))
    assert [bpf.answer(code, READ, args=(value,)) for value in (5, 6, 7)] == [
        bpf.ERRNO | 1,
        bpf.ERRNO | 1,
        bpf.ALLOW,
    ]


def test_unknown_names_are_told_of_and_ignored() -> None:
    told: list[str] = []
    code = program(rule("ERRNO", "moonwalk", "mkdir"), debug=told)
    assert bpf.answer(code, MKDIR) == bpf.ERRNO | 1
    assert told == ["seccomp: unknown system call moonwalk is ignored"]


def test_the_same_rule_twice() -> None:
    code = program(rule("ERRNO", "mkdir"), rule("ERRNO", "mkdir"))
    assert bpf.answer(code, MKDIR) == bpf.ERRNO | 1


@pytest.mark.parametrize(
    ("arch", "words"),
    [("SCMP_ARCH_S390X", "cannot be filtered on this machine"), ("SCMP_ARCH_SHEB", "SCMP_ARCH_SH")],
)
def test_foreign_architectures_are_refused(arch: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        program(rule("ERRNO", "mkdir"), architectures=["SCMP_ARCH_X86", arch])
    assert refused.value.pointer == "/linux/seccomp/architectures/1"


def test_a_filter_can_be_too_long() -> None:
    many = [arg(0, "EQ", number << 33 | number) for number in range(2000)]
    with pytest.raises(ConfigError, match="more than 4096"):
        program(rule("ERRNO", "read", args=many))


def test_an_engine_s_profile() -> None:
    code = compile_filter(profile.engine_profile(), library.locate(), lambda _: None)
    assert bpf.answer(code, READ) == bpf.ALLOW
    assert bpf.answer(code, 246) == bpf.ERRNO | errno.EPERM  # kexec_load
    assert bpf.answer(code, 9999) == bpf.ENOSYS
    assert bpf.answer(code, MKDIR_I386, bpf.I386) == bpf.ALLOW
    assert bpf.answer(code, 135, args=(8,)) == bpf.ALLOW  # personality
    assert bpf.answer(code, 135, args=(9,)) == bpf.ENOSYS


# ---- in the kernel -------------------------------------------------------------------------


def load(code: bytes, flags: int = 0) -> list[Step]:
    return [ops.no_new_privs(""), ops.seccomp("/linux/seccomp", flags=flags, program=code)]


def make_directory() -> int:
    """The errno of mkdir on what is there already."""
    try:
        os.mkdir("/")
    except OSError as err:
        return err.errno or -1
    return 0


@needs_root
def test_a_loaded_filter_answers() -> None:
    found = sandbox.run(load(program(rule("ERRNO", "mkdir", errnoRet=77))), make_directory)
    assert (found.result, found.value) == (0, 77)
    assert sandbox.run([], make_directory).value == errno.EEXIST


def killed(code: bytes) -> int:
    """What a child that loads the filter and calls mkdir ends by: its wait status."""
    pid = os.fork()
    if pid == 0:
        raw = sandbox.encode(sandbox._Steps(load(code)))  # type: ignore[arg-type]
        initproc.checked(initproc.lib.pyr_plan_run(initproc.ffi.from_buffer(raw), len(raw), -1))
        make_directory()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize("action", ["KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP"])
def test_actions_that_kill(action: str) -> None:
    status = killed(program(rule(action, "mkdir")))
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS


@pytest.mark.parametrize("action", ["ALLOW", "LOG", "ERRNO"])
def test_actions_that_do_not(action: str) -> None:
    default = "LOG" if action == "ALLOW" else "ALLOW"
    assert killed(program(rule(action, "mkdir"), default=default)) == 0


@pytest.mark.parametrize(
    ("code", "what", "number"),
    [
        (b"", "read filter", errno.EINVAL),
        (b"\0" * 12, "read filter", errno.EINVAL),
        (b"\0" * 8 * 4097, "read filter", errno.EINVAL),
        (b"\xff" * 8, "seccomp", errno.EINVAL),
    ],
)
@needs_root
def test_refused_filters(code: bytes, what: str, number: int) -> None:
    found = sandbox.run(load(code))
    assert (found.errno, found.what, found.step) == (number, what, 1)


@needs_root
@pytest.mark.parametrize("flags", [0, seccomp.NEW_LISTENER])
def test_an_unknown_flag(flags: int) -> None:
    found = sandbox.run(load(program(), flags=flags | 1 << 20))
    assert (found.errno, found.what) == (errno.EINVAL, "seccomp")


def test_known_flags() -> None:
    assert set(supported_flags()) <= set(seccomp.FLAGS)
    assert {seccomp.TSYNC, seccomp.SPEC_ALLOW} <= set(supported_flags())
    assert initproc.lib.pyr_seccomp_knows(1 << 20) == 0


HELD = ["sendmsg", "write", "close", "futex", "exit", "sched_yield", "prctl", "recvfrom"]


@needs_root
@pytest.mark.parametrize("action", ["ERRNO", "KILL_PROCESS", "NOTIFY"])
def test_the_listener_arrives_whatever_the_filter_forbids(action: str) -> None:
    """Even sendmsg: the call that sends it, and one that would wait for its own answer."""
    code = program(rule(action, *HELD), rule("NOTIFY", "execve"))
    steps = [*load(code, seccomp.NEW_LISTENER), *initproc.program("/bin/true")]
    steps = [steps[2], steps[3], steps[0], steps[1], steps[4]]
    with initproc.Init(steps) as init:
        message = init.receive()
        assert message is not None
        assert (message.kind, message.data, message.step) == (ops.MSG_FD, b"seccomp", 3)
        [listener] = message.fds
        assert notify.answer(listener, 0, notify.CONTINUE) == 59
        assert init.receive() is None, "executed"
        os.close(listener)


@needs_root
def test_no_thread_and_no_descriptor_is_left() -> None:
    code = program(rule("NOTIFY", "mkdir"))
    look = "ls /proc/self/task | wc -l; ls -l /proc/self/fd | grep -c seccomp; true"
    end = initproc.program("/bin/sh", "-c", look)
    steps = [*end[:2], *load(code, seccomp.NEW_LISTENER), end[2]]
    read, write = os.pipe()
    saved = os.dup(1)
    os.dup2(write, 1)
    try:
        init = initproc.Init(steps)
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(write)
    with init, open(read) as pipe:
        message = init.receive()
        assert message is not None and len(message.fds) == 1
        assert pipe.read().split() == ["1", "0"]
        os.close(message.fds[0])


def test_the_message_to_the_agent(tmp_path: Any) -> None:
    path = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        container = {"ociVersion": "1.3.0", "id": "web", "status": "creating", "pid": 0}
        listener = Listener(str(path), "words")
        deliver(connect(listener), listener, os.dup(0), 4711, container)
        connection, _ = server.accept()
    with connection:
        text, fds, _, _ = socket.recv_fds(connection, 65536, 4)
        assert connection.recv(1) == b"", "closed after one message"
    assert len(fds) == 1
    os.close(fds[0])
    assert json.loads(text) == {
        "ociVersion": "1.3.0",
        "fds": ["seccompFd"],
        "pid": 4711,
        "metadata": "words",
        "state": container,
    }
