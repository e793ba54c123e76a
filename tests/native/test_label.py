# SPDX-License-Identifier: Apache-2.0
"""Labels of the security modules. What a module does with them is tested where one is in
use; here is how the init gets at the files, and what it makes of a refusal."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support import sandbox

from pyruntime.host import lsm
from pyruntime.plan import ops

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")

NONE_IN_USE = not (lsm.apparmor_enabled() or lsm.selinux_enabled())


def attr(name: str, value: str, flags: int = 0) -> ops.Step:
    return ops.process_attr("", flags=flags, name=name, value=value)


def test_a_module_that_the_kernel_has_not_got() -> None:
    found = sandbox.run([ops.procfs_open(""), attr("novelty/exec", "exec a")])
    assert (found.errno, found.what, found.path) == (errno.ENOENT, "open", "novelty/exec")


@pytest.mark.skipif(not NONE_IN_USE, reason="machine: a security module is in use")
@pytest.mark.parametrize("name", ["exec", "keycreate"])
def test_no_module_takes_the_label(name: str) -> None:
    found = sandbox.run([ops.procfs_open(""), attr(name, "a:b:c:s0")])
    assert (found.errno, found.what, found.path) == (errno.EINVAL, "write", name)


@pytest.mark.skipif(not NONE_IN_USE, reason="machine: a security module is in use")
@pytest.mark.parametrize("name", ["apparmor/exec", "exec"])
def test_optional_means_where_the_module_is_in_use(name: str) -> None:
    found = sandbox.run([ops.procfs_open(""), attr(name, "exec unconfined", ops.ATTR_OPTIONAL)])
    assert found.result == 0


def test_a_false_procfs_gets_nothing(tmp_path: Path) -> None:
    bait = tmp_path / "thread-self/attr/exec"
    bait.parent.mkdir(parents=True)
    bait.write_text("")
    steps = [ops.procfs_open(""), attr("exec", "nobody:knows:this", ops.ATTR_OPTIONAL)]
    sandbox.run(steps, before=lambda: sandbox.mount(str(tmp_path), "/proc", flags=sandbox.MS_BIND))
    assert bait.read_text() == ""


@pytest.mark.parametrize("name", ["../oom_score_adj", "../../../self/oom_score_adj", "/etc/a"])
def test_no_other_file_can_be_named(name: str) -> None:
    found = sandbox.run([ops.procfs_open(""), attr(name, "1")])
    assert found.errno == errno.EXDEV


def test_the_label_of_a_directory(tmp_path: Path) -> None:
    label = "system_u:object_r:container_file_t:s0"
    directory = tmp_path / "rootfs/dev/mqueue"
    directory.mkdir(parents=True)
    steps = [
        *sandbox.container(tmp_path / "rootfs"),
        ops.mount_fs("", fstype="tmpfs", source="tmpfs", target="/dev/mqueue"),
        ops.file_label("", path="/dev/mqueue", label=label),
    ]
    found = sandbox.run(steps, lambda: os.getxattr(directory, "security.selinux"))
    assert found.value == label.encode() + b"\0"


def test_the_label_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    steps = [*sandbox.container(tmp_path), ops.file_label("", path="/link", label="a:b:c:s0")]
    assert sandbox.run(steps).errno in (errno.ENOTDIR, errno.ELOOP)
