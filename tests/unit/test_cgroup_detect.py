# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from pyruntime.cgroups.detect import parse_mounts, parse_own, unescape, usual_v1

pytestmark = pytest.mark.vm

OWN = """\
12:cpu,cpuacct:/user.slice
3:name=systemd:/a:b
1:memory:/
0::/user.slice/session-1.scope
"""

MOUNTS = """\
24 30 0:22 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /odd\\040place rw - cgroup cgroup rw,xattr,name=systemd
34 31 0:31 / /second rw - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:4 master:2 - cgroup2 cgroup2 rw
42 31 0:38 / /elsewhere rw,relatime - cgroup2 cgroup2 rw
broken line
"""


def test_own_cgroups_with_joint_controllers_and_colons() -> None:
    assert parse_own(OWN) == [
        (("cpu", "cpuacct"), "/user.slice"),
        (("name=systemd",), "/a:b"),
        (("memory",), "/"),
        ((), "/user.slice/session-1.scope"),
    ]


def test_mounts_name_each_controller_once() -> None:
    v1, unified = parse_mounts(MOUNTS)
    assert unified == "/sys/fs/cgroup/unified"
    assert v1 == {
        "cpu": "/sys/fs/cgroup/cpu,cpuacct",
        "cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "name=systemd": "/odd place",
    }


def test_no_mounts() -> None:
    assert parse_mounts("") == ({}, "")


def test_octal_escapes() -> None:
    assert unescape("a\\040b\\011c\\012d\\134e") == "a b\tc\nd\\e"
    assert unescape("/plain") == "/plain"


def test_joint_controllers_under_either_name(tmp_path: Path) -> None:
    for name in ("cpu,cpuacct", "net_cls", "systemd"):
        tmp_path.joinpath(name).mkdir()
        tmp_path.joinpath(name, "tasks").touch()
    tmp_path.joinpath("memory").mkdir()  # a directory, and nothing mounted on it
    hierarchies = parse_own(
        "5:cpu,cpuacct:/\n4:net_prio,net_cls:/\n3:name=systemd:/\n2:memory:/\n1:pids:/\n0::/\n"
    )
    assert usual_v1(hierarchies, str(tmp_path)) == {
        "cpu": f"{tmp_path}/cpu,cpuacct",
        "cpuacct": f"{tmp_path}/cpu,cpuacct",
        "net_prio": f"{tmp_path}/net_cls",
        "net_cls": f"{tmp_path}/net_cls",
        "name=systemd": f"{tmp_path}/systemd",
    }
