# SPDX-License-Identifier: Apache-2.0
"""Steps in words, and the texts of their failures."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from pyruntime.plan import ops
from pyruntime.plan.describe import dotted, sentence, step_error
from pyruntime.plan.sentences import SENTENCES
from pyruntime.plan.step import Step


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (
            ops.mount_fs("", attr_set=0xE, fstype="proc", source="proc", target="/proc"),
            "mount proc on /proc (nosuid, nodev, noexec)",
        ),
        (
            ops.mount_fs("", fstype="tmpfs", source="shm", target="/dev/shm", options=["size=1m"]),
            "mount tmpfs shm on /dev/shm (size=1m)",
        ),
        (
            ops.mount_bind(
                "", flags=1, attr_clr=9, rec_set=1, propagation=0x84000, source="/a", target="/b"
            ),
            "bind /a with all below it on /b (rw, exec, rro, rslave)",
        ),
        (
            ops.mount_remount("", flags=16, attr_set=1, target="/a", options=["sync"]),
            "change the mount /a and its superblock (ro, sync)",
        ),
        (ops.mount_remount("", attr_clr=1, target="/a"), "change the mount /a (rw)"),
        (ops.mount_attr("", attr_set=1, target="/dev"), "change the mount /dev (ro)"),
        (
            ops.mount_bind("", attr_set=0x10, attr_clr=0x70, source="/a", target="/b"),
            "bind /a on /b (noatime)",
        ),
        (
            ops.device("", mode=0o60600, major=8, minor=1, gid=6, path="/dev/sda1"),
            "make block device 8:1 /dev/sda1 (mode 0600, owner 0:6)",
        ),
        (ops.device("", mode=0o10644, path="/p"), "make FIFO /p (mode 0644)"),
        (
            ops.rlimit("", resource=7, soft=5, hard=(1 << 64) - 1),
            "limit RLIMIT_NOFILE to 5, at most unlimited",
        ),
        (
            ops.caps_set("", effective=1, permitted=1),
            "set capabilities: effective and permitted CAP_CHOWN; inheritable none",
        ),
        (ops.caps_bounding("", mask=(1 << 41) - 1), "limit capabilities to all"),
        (
            ops.execve("", args=["a", "b"], env=["PASSWORD=hunter2"]),
            "execute a b with 1 environment variable",
        ),
        (ops.ns_join("", slot=3, nstype=0x40000000), "join the network namespace (descriptor 3)"),
    ],
)
def test_sentences(step: Step, text: str) -> None:
    assert sentence(step) == text


def test_every_operation_has_a_sentence() -> None:
    assert set(SENTENCES) == set(ops.SIGNATURES)


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/mounts/3", "mounts[3]"),
        ("/process/user/uid", "process.user.uid"),
        ("/linux/sysctl/net.core.somaxconn", 'linux.sysctl["net.core.somaxconn"]'),
        ("/linux/rdma/a~1b~0", 'linux.rdma["a/b~"]'),
        ("", ""),
    ],
)
def test_fields_as_people_write_them(pointer: str, text: str) -> None:
    assert dotted(pointer) == text


LOOKUP = ops.exec_lookup("/process/args/0", file="X", path="/bin")
# Engines choose between exit codes 126 and 127 by these words.
EXEC = [
    (errno.ENOENT, "lookup", 'exec: "X": executable file not found in $PATH'),
    (errno.ENOENT, "stat", 'exec: "X": stat X: no such file or directory'),
    (errno.ENOTDIR, "stat", 'exec: "X": stat X: not a directory'),
    (errno.EACCES, "access", 'exec: "X": permission denied'),
    (errno.EACCES, "stat", 'exec: "X": permission denied'),
    (errno.EISDIR, "access", 'exec: "X": is a directory'),
]


@pytest.mark.parametrize(("number", "what", "text"), EXEC)
def test_a_program_that_cannot_be_executed(number: int, what: str, text: str) -> None:
    error = step_error(LOOKUP, number, what, "X", "")
    assert str(error) == text
    assert (error.pointer, error.errno, error.op) == ("/process/args/0", number, what)


MOUNT = ops.mount_fs("/mounts/3", fstype="tmpfs", source="t", target="/a")
START_HOOK = ops.hook("/hooks/startContainer/1", path="/h", timeout_ms=2000)


@pytest.mark.parametrize(
    ("step", "report", "text"),
    [
        (
            ops.masked_path("/linux/maskedPaths/0", path="/proc/acpi"),
            (errno.EPERM, "mount", "/proc/acpi", ""),
            "linux.maskedPaths[0] (/proc/acpi): mount: Operation not permitted",
        ),
        (
            MOUNT,
            (errno.EINVAL, "fsconfig", "/a", "tmpfs: Bad value for 'size'"),
            "mounts[3] (/a): fsconfig: Invalid argument: tmpfs: Bad value for 'size'",
        ),
        (
            ops.setsid(""),
            (errno.EPERM, "setsid", "", ""),
            "start a session: setsid: Operation not permitted",
        ),
        (
            ops.execve("/process/args", args=["/bin/a"], env=[]),
            (errno.ENOEXEC, "execve", "/bin/a", ""),
            "exec /bin/a: exec format error",
        ),
        (
            START_HOOK,
            (errno.EIO, "hook", "/h", "exit status 3\n12\nno such\nluck\n"),
            "startContainer hook #1 (/h): exit status 3, output: no such\nluck",
        ),
        (
            START_HOOK,
            (errno.ETIMEDOUT, "hook", "/h", "timed out\n2000\n"),
            "startContainer hook #1 (/h): still running after 2 s, killed",
        ),
        (
            START_HOOK,
            (errno.ENOENT, "execve", "/h", ""),
            "startContainer hook #1 (/h): execve: No such file or directory",
        ),
        (
            ops.caps_set("/process/capabilities"),
            (errno.EPERM, "capset", "0x1000001", ""),
            "process.capabilities (CAP_CHOWN, CAP_SYS_RESOURCE): capset: Operation not permitted",
        ),
        (
            ops.mount_bind("/mounts/0", source="/nope", target="/x"),
            (errno.ENOENT, "open bind source", "/nope", ""),
            "mounts[0] (/x): open bind source /nope: No such file or directory",
        ),
        (
            ops.mount_fs("/mounts/0", fstype="nofs", target="/x"),
            (errno.ENODEV, "fsopen", "/x", "unknown filesystem type"),
            "mounts[0] (/x): fsopen nofs: No such device: unknown filesystem type",
        ),
        (
            ops.symlink("", target="pts/ptmx", path="/dev/ptmx"),
            (errno.EEXIST, "symlink", "/dev/ptmx", ""),
            "link /dev/ptmx to pts/ptmx (/dev/ptmx): symlink: File exists",
        ),
        (MOUNT, (0, "copy", "/a", "words"), "mounts[3] (/a): copy: words"),
        (MOUNT, (99999, "copy", "", ""), "mounts[3] (/a): copy: error 99999"),
    ],
)
def test_failures(step: Step, report: tuple[int, str, str, str], text: str) -> None:
    assert str(step_error(step, *report)) == text


@pytest.mark.parametrize(
    ("step", "number", "what", "words"),
    [
        (ops.caps_set("", permitted=1 << 21), errno.EPERM, "capset", "CAP_SYS_ADMIN"),
        (ops.mount_bind("/mounts/0"), errno.ENOENT, "open bind source", "host"),
        (ops.mount_bind("/mounts/0"), errno.EROFS, "mkdirat", "mount point"),
        (ops.pivot_root(""), errno.EINVAL, "pivot_root", "--no-pivot"),
        (ops.rlimit(""), errno.EPERM, "prlimit", "CAP_SYS_RESOURCE"),
    ],
)
def test_hints_for_known_causes(step: Step, number: int, what: str, words: str) -> None:
    assert words in step_error(step, number, what, "", "").hint


def test_a_hint_of_one_call_is_none_of_another() -> None:
    assert "host" not in step_error(ops.mount_bind("/m"), errno.ENOENT, "mkdirat", "", "").hint


def test_an_unknown_cause_has_no_hint() -> None:
    assert step_error(MOUNT, errno.EIO, "fsmount", "/a", "").hint == ""


def test_environment_values_are_in_no_error() -> None:
    step: Any = ops.execve("/process/args", args=["/bin/a"], env=["TOKEN=hunter2"])
    error = step_error(step, errno.ENOENT, "execve", "/bin/a", "")
    assert "hunter2" not in f"{error} {error.details()}"


@pytest.mark.parametrize(
    ("errno_", "what", "text", "code", "facts"),
    [
        (
            errno.ECHILD,
            "hook",
            "exit status 3\n12\nno such\nluck\n",
            "hook-failed",
            {"status": 3, "seconds": 0.012, "output": "no such\nluck"},
        ),
        (errno.ECHILD, "hook", "signal 9\n0\n", "hook-failed", {"signal": 9, "seconds": 0.0}),
        (errno.ETIMEDOUT, "hook", "timed out\n2000\n", "hook-timeout", {"seconds": 2.0}),
        (errno.ENOENT, "execve", "", "hook-not-started", {}),
    ],
)
def test_facts_of_a_hook(
    errno_: int, what: str, text: str, code: str, facts: dict[str, object]
) -> None:
    found = step_error(START_HOOK, errno_, what, "/h", text)
    assert found.code == code
    assert found.facts == {"hook": "startContainer", "index": 1, **facts}


@pytest.mark.parametrize(
    ("step", "errno_", "code"),
    [
        (ops.exec_lookup("", file="a", path=""), errno.ENOENT, "exec-not-found"),
        (ops.exec_lookup("", file="a", path=""), errno.EACCES, "exec-denied"),
        (ops.execve("", args=["/a"], env=[]), errno.ENOEXEC, "exec-format"),
        (ops.execve("", args=["/a"], env=[]), errno.EIO, "exec-failed"),
        (ops.mount_bind("/mounts/0", source="/a", target="/b"), errno.EPERM, "mount"),
        (ops.setsid(""), errno.EPERM, "step"),
    ],
)
def test_codes(step: ops.Step, errno_: int, code: str) -> None:
    assert step_error(step, errno_, "", "", "").code == code
