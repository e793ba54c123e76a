# SPDX-License-Identifier: Apache-2.0
"""What the doctor makes of hosts that are made up, and that it finds this one."""

from __future__ import annotations

import copy
import errno
import os

import pytest

from pyruntime.cli.doctor import as_data, as_text
from pyruntime.host.doctor import judge, verdict
from pyruntime.host.finding import LIMITED, MISSING, OK, Finding
from pyruntime.host.survey import CALLS, LIMITS, Survey, survey
from pyruntime.plan.capabilities import BITS
from pyruntime.plan.facts import CgroupFacts

V1 = ("memory", "cpu", "pids", "cpuset", "blkio", "hugetlb", "devices", "freezer")


def complete() -> Survey:
    """A host that lacks nothing."""
    host = Survey()
    host.kernel, host.release, host.machine, host.python = (6, 12), "6.12.0", "x86_64", "3.13.1"
    host.euid = 0
    host.calls = dict.fromkeys(CALLS, 0)
    host.namespaces = frozenset(LIMITS)
    host.limits = dict.fromkeys(LIMITS, 1000)
    host.userns_forbidden = ("", "")
    host.filesystems = frozenset(("proc", "sysfs", "tmpfs", "devpts", "mqueue", "overlay"))
    paths = {name: f"/sys/fs/cgroup/{name}" for name in V1}
    host.cgroup = CgroupFacts("v1", paths, "", (), dict.fromkeys(V1, "/"))
    host.writable = dict.fromkeys(V1, True)
    host.security = ("apparmor", "selinux")
    host.apparmor = host.selinux = True
    host.seccomp_actions, host.seccomp_mode = ("errno", "user_notif"), 0
    host.libseccomp, host.resctrl = "/usr/lib/libseccomp.so.2", ""
    host.last_cap, host.effective, host.bounding = 40, (2 << 40) - 1, (2 << 40) - 1
    host.nofile = 1024
    host.subordinate = {"uid": [(100000, 65536)], "gid": [(100000, 65536)]}
    host.mappers = {"newuidmap": "", "newgidmap": ""}
    host.systemd = host.bus = True
    host.programs = {"criu": "/usr/sbin/criu", "ps": "/bin/ps"}
    return host


def bad(host: Survey) -> list[Finding]:
    return [finding for finding in judge(host) if finding.status != OK]


def only(host: Survey) -> tuple[str, str, str]:
    """Area, name and status of the one thing that is wrong, whose consequence is told."""
    (found,) = bad(host)
    assert found.consequence
    return found.area, found.name, found.status


def test_a_complete_host() -> None:
    findings = judge(complete())
    assert verdict(findings) == OK
    assert bad(complete()) == []
    assert not any(finding.consequence for finding in findings)


def test_old_kernel() -> None:
    host = complete()
    host.kernel = (5, 10)
    assert only(host) == ("kernel", "version", MISSING)


@pytest.mark.parametrize(
    ("call", "name", "status"),
    [("openat2", "openat2", MISSING), ("fsopen", "mount API", MISSING), ("keyctl", "keyctl", LIMITED)],
)  # fmt: skip
def test_missing_call(call: str, name: str, status: str) -> None:
    host = complete()
    host.calls[call] = errno.ENOSYS
    assert only(host) == ("kernel", name, status)


def test_blocked_call_of_root_and_of_others() -> None:
    host = complete()
    host.calls["clone3"] = errno.EPERM
    (found,) = bad(host)
    assert found.text == "clone3: blocked"
    assert "seccomp filter" in found.consequence
    host.euid = 1000
    assert {finding.area for finding in bad(host)} == {"rights"}


@pytest.mark.parametrize("kind", ["user", "time", "net"])
def test_namespace_that_is_forbidden_or_not_there(kind: str) -> None:
    host = complete()
    host.limits[kind] = 0
    assert only(host) == ("namespaces", kind, LIMITED)
    host = complete()
    host.namespaces -= {kind}
    assert only(host) == ("namespaces", kind, LIMITED)


def test_controllers_of_either_version() -> None:
    host = complete()
    del host.cgroup.v1["memory"]
    assert only(host) == ("cgroups", "memory", LIMITED)
    host.cgroup = CgroupFacts(
        "v2", {}, "/sys/fs/cgroup", ("memory", "cpu", "pids", "cpuset", "io", "hugetlb"), {}
    )
    assert bad(host) == []
    host.calls["bpf"] = errno.ENOSYS
    assert {finding.name for finding in bad(host)} == {"bpf", "devices"}


def test_no_cgroups() -> None:
    host = complete()
    host.cgroup = CgroupFacts("v1", {}, "", (), {})
    assert only(host) == ("cgroups", "mode", LIMITED)


def test_resctrl() -> None:
    host = complete()
    host.filesystems |= {"resctrl"}
    assert only(host) == ("cgroups", "resctrl", LIMITED)
    host.resctrl = "/sys/fs/resctrl"
    assert bad(host) == []


def test_delegation() -> None:
    host = complete()
    host.writable["memory"] = False
    assert only(host) == ("cgroups", "delegation", LIMITED)
    assert "memory" in bad(host)[0].text


def test_capabilities() -> None:
    host = complete()
    host.effective &= ~BITS["CAP_SYS_RESOURCE"]
    assert [finding.name for finding in bad(host)] == ["CAP_SYS_RESOURCE", "open files"]
    host.effective &= ~BITS["CAP_SYS_ADMIN"]
    assert verdict(judge(host)) == MISSING


def test_ordinary_user() -> None:
    host = complete()
    host.euid, host.effective, host.nofile = 1000, 0, -1
    assert only(host) == ("rights", "user", LIMITED)
    host.mappers["newuidmap"] = "it is not installed"
    host.subordinate["gid"] = []
    assert [finding.name for finding in bad(host)] == ["user", "newuidmap", "subordinate ids"]
    assert bad(host)[2].text == "none in /etc/subgid"
    assert "usermod --add-subuids" in bad(host)[2].consequence
    host.userns_forbidden = ("kernel.unprivileged_userns_clone is 0", "`sysctl ...`")
    assert verdict(judge(host)) == MISSING
    found = next(finding for finding in bad(host) if finding.name == "user namespaces")
    assert found.text.endswith(": kernel.unprivileged_userns_clone is 0")
    assert "`sysctl ...`" in found.consequence


def test_security_and_helpers() -> None:
    host = complete()
    host.apparmor, host.seccomp_actions, host.bus = False, ("errno",), False
    host.libseccomp = ""
    host.programs = copy.copy(host.programs) | {"criu": ""}
    assert [finding.name for finding in bad(host)] == [
        *("apparmor", "seccomp", "systemd", "libseccomp", "criu"),
    ]


def test_text_and_data() -> None:
    findings = [
        Finding("kernel", "version", OK, "Linux 6.12"),
        Finding("cgroups", "memory", LIMITED, "no such controller", "limits are refused"),
    ]
    assert as_text(findings) == (
        "kernel\n"
        "  ok       version  Linux 6.12\n"
        "\n"
        "cgroups\n"
        "  limited  memory   no such controller\n"
        "                    -> limits are refused\n"
        "\n"
        "containers run; what is limited is said above\n"
    )
    assert as_data(findings)["status"] == LIMITED
    assert as_data(findings)["findings"][1]["consequence"] == "limits are refused"


def test_this_host() -> None:
    host = survey()
    assert host.release == os.uname().release
    assert host.calls == dict.fromkeys(CALLS, 0) or host.euid != 0
    assert {"mnt", "pid", "net"} <= host.namespaces
    assert "proc" in host.filesystems
    assert verdict(judge(host)) in (OK, LIMITED)
