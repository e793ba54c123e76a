# SPDX-License-Identifier: Apache-2.0
"""The trusted procfs, what is written through it, and the loopback interface."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from pathlib import Path

import pytest
from support.sandbox import (
    CLONE_NEWNET,
    CLONE_NEWUSER,
    MS_BIND,
    Outcome,
    mount,
    mounts,
    run,
)

from pyruntime.plan import ops

pytestmark = pytest.mark.usefixtures("root_user")

FORWARD = "/proc/sys/net/ipv4/ip_forward"
SIOCGIFFLAGS, IFF_UP = 0x8913, 1


def sysctl(path: str, value: str = "1") -> Outcome:
    steps = [ops.procfs_open(""), ops.sysctl("", path=path, value=value)]
    return run(steps, Path(FORWARD).read_text, namespaces=CLONE_NEWNET)


def test_sysctl_of_the_new_namespace() -> None:
    before = Path(FORWARD).read_text()
    outcome = sysctl("net/ipv4/ip_forward", "1")
    assert outcome.result == 0, outcome
    assert outcome.value == "1\n"
    assert Path(FORWARD).read_text() == before


def test_sysctl_is_not_fooled_by_what_lies_over_proc(tmp_path: Path) -> None:
    """A writable file of the attacker's over the sysctl is not what is written."""
    bait = tmp_path / "bait"
    bait.write_text("")
    steps = [ops.procfs_open(""), ops.sysctl("", path="net/ipv4/ip_forward", value="1")]
    outcome = run(
        steps, before=lambda: mount(str(bait), FORWARD, flags=MS_BIND), namespaces=CLONE_NEWNET
    )
    assert outcome.result == 0, outcome
    assert bait.read_text() == ""


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("net/ipv4/missing", errno.ENOENT),
        ("../self/comm", errno.EXDEV),
        ("net/../../self/comm", errno.EXDEV),
        ("/proc/self/comm", errno.EXDEV),
        ("net/ipv4", errno.EISDIR),
        ("", errno.ENOENT),
    ],
)
def test_sysctl_that_is_none(path: str, number: int) -> None:
    outcome = sysctl(path)
    assert outcome.errno == number
    assert (outcome.what, outcome.path) == ("open sysctl", path)


def test_sysctl_refused() -> None:
    outcome = sysctl("net/ipv4/ip_local_port_range", "9 x")
    assert outcome.errno == errno.EINVAL
    assert outcome.what == "write sysctl"


def test_procfs_is_attached_nowhere() -> None:
    before = sorted(mounts())
    outcome = run([ops.procfs_open("")], lambda: sorted(mounts()))
    assert outcome.result == 0, outcome
    assert outcome.value == before


def test_present_procfs_serves_in_a_user_namespace() -> None:
    steps = [ops.procfs_open(""), ops.sysctl("", path="net/ipv4/ip_forward", value="1")]
    outcome = run(steps, Path(FORWARD).read_text, namespaces=CLONE_NEWNET | CLONE_NEWUSER)
    assert outcome.value == "1\n", outcome


@pytest.mark.parametrize("bait", ["tmpfs", "part of a procfs"])
def test_present_procfs_must_be_one(bait: str) -> None:
    def before() -> None:
        if bait == "tmpfs":
            mount("bait", "/proc", "tmpfs")
        else:
            mount("/proc/sys", "/proc", flags=MS_BIND)

    outcome = run([ops.procfs_open("")], before=before, namespaces=CLONE_NEWUSER)
    assert outcome.errno == errno.EINVAL
    assert outcome.what == "open procfs: something else is mounted there"


def interface_flags(name: str) -> int:
    request = struct.pack("16sh22x", os.fsencode(name), 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock, SIOCGIFFLAGS, request)
    return int(struct.unpack("16sh22x", answer)[1])


def test_loopback_is_set_up() -> None:
    steps = [ops.loopback_up(""), ops.loopback_up("")]
    before = run([ops.procfs_open("")], lambda: interface_flags("lo"), namespaces=CLONE_NEWNET)
    outcome = run(steps, lambda: interface_flags("lo"), namespaces=CLONE_NEWNET)
    assert outcome.result == 0, outcome
    assert not before.value & IFF_UP
    assert outcome.value & IFF_UP
