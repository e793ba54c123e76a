# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pyruntime.cgroups.detect import parse_mounts, parse_own, unescape

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
