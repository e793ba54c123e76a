# SPDX-License-Identifier: Apache-2.0
"""Namespaces, cgroups and names."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support import sandbox
from support.initproc import Init, lib, output, program

from pyruntime.plan import ops

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


def test_names_of_a_new_uts_namespace() -> None:
    own = os.uname().nodename
    steps = [
        ops.ns_unshare("", flags=lib.CLONE_NEWUTS),
        ops.hostname("", name="pyrt-host"),
        ops.domainname("", name="pyrt-domain"),
    ]
    domain = Path("/proc/sys/kernel/domainname").read_text
    found = sandbox.run(steps, lambda: [os.uname().nodename, domain()])
    assert found.value == ["pyrt-host", "pyrt-domain\n"]
    assert os.uname().nodename == own


def test_name_that_is_too_long() -> None:
    steps = [ops.ns_unshare("", flags=lib.CLONE_NEWUTS), ops.hostname("", name="x" * 65)]
    found = sandbox.run(steps)
    assert (found.step, found.errno, found.what) == (1, errno.EINVAL, "sethostname")


@pytest.mark.parametrize("name", ["uts", "net", "ipc", "mnt"])
def test_joining(name: str) -> None:
    bit = {
        "uts": lib.CLONE_NEWUTS,
        "net": lib.CLONE_NEWNET,
        "ipc": lib.CLONE_NEWIPC,
        "mnt": lib.CLONE_NEWNS,
    }[name]
    with Init([ops.sync("", phase=ops.PHASE_READY)], flags=bit) as other:
        assert other.receive() is not None
        wanted = os.readlink(f"/proc/{other.pid}/ns/{name}")
        assert wanted != os.readlink(f"/proc/self/ns/{name}")
        fd = os.open(f"/proc/{other.pid}/ns/{name}", os.O_RDONLY)
        try:
            assert lib.pyr_ns_type(fd) == bit
            steps = [
                ops.ns_join("", slot=3, nstype=bit),
                *program("/bin/readlink", f"/proc/self/ns/{name}"),
            ]
            assert output(steps, slots=[fd]).strip() == wanted
        finally:
            os.close(fd)


def test_joining_a_user_namespace_makes_its_root() -> None:
    with Init([ops.sync("", phase=ops.PHASE_READY)], flags=lib.CLONE_NEWUSER) as other:
        assert other.receive() is not None
        for kind in ("uid", "gid"):
            Path(f"/proc/{other.pid}/{kind}_map").write_text("0 100000 65536\n")
        fd = os.open(f"/proc/{other.pid}/ns/user", os.O_RDONLY)
        steps = [
            ops.ns_join("", slot=3, nstype=lib.CLONE_NEWUSER),
            *program("/bin/sh", "-c", "id -u; id -g; cat /proc/self/uid_map"),
        ]
        try:
            assert output(steps, slots=[fd]).split()[:2] == ["0", "0"]
        finally:
            os.close(fd)


def test_joining_the_wrong_kind() -> None:
    with open("/proc/self/ns/uts") as uts:
        steps = [ops.ns_join("", slot=3, nstype=lib.CLONE_NEWNET)]
        with Init(steps, slots=[uts.fileno()]) as init:
            message = init.receive()
            assert message and (message.err, message.detail[0]) == (errno.EINVAL, "setns")


def test_ns_type_of_what_is_none() -> None:
    with open("/dev/null") as file:
        assert lib.pyr_ns_type(file.fileno()) == -errno.ENOTTY
    assert lib.pyr_ns_type(999) == -errno.EBADF


def test_cgroup_join(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.write_text("-")
    assert sandbox.run([ops.cgroup_join("", path=str(tasks))]).result == 0
    assert tasks.read_text() == "0"
    found = sandbox.run([ops.cgroup_join("", path=str(tmp_path / "none"))])
    assert (found.errno, found.what, found.path) == (errno.ENOENT, "open", str(tmp_path / "none"))
