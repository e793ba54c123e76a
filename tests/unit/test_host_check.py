# SPDX-License-Identifier: Apache-2.0
"""`validate --host`: each thing that a host can lack, on a host that lacks that one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unit.test_doctor import complete

from pyruntime.cli.spec import default_config
from pyruntime.host.check import problems
from pyruntime.host.check_cgroup import members
from pyruntime.host.survey import Survey
from pyruntime.plan.capabilities import BITS

Change = Callable[[dict[str, Any], Survey], object]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "rootfs").mkdir()
    return tmp_path


def check(bundle: Path, change: Change = lambda config, host: None) -> list[tuple[str, str]]:
    """Severity and pointer of each problem."""
    config, host = default_config(), complete()
    host.filesystems |= {"cgroup", "cgroup2"}
    change(config, host)
    return [(problem.severity, problem.pointer) for problem in problems(config, str(bundle), host)]


def test_nothing(bundle: Path) -> None:
    assert check(bundle) == []


def mount(**entry: Any) -> Change:
    return lambda config, host: config["mounts"].append({"destination": "/x", **entry})


def forbid(host: Survey, kind: str) -> None:
    host.limits[kind] = 0


def lose(host: Survey, capability: str) -> None:
    host.effective &= ~BITS[capability]


def rlimit(config: dict[str, Any], host: Survey) -> None:
    lose(host, "CAP_SYS_RESOURCE")
    config["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "hard": 1 << 40, "soft": 1}]


def oom(config: dict[str, Any], host: Survey) -> None:
    lose(host, "CAP_SYS_RESOURCE")
    config["process"]["oomScoreAdj"] = -1000


def resources(**found: Any) -> Change:
    return lambda config, host: config["linux"]["resources"].update(found)


def no_controller(config: dict[str, Any], host: Survey) -> None:
    del host.cgroup.v1["memory"]
    config["linux"]["resources"]["memory"] = {"limit": 1 << 30}


def not_delegated(config: dict[str, Any], host: Survey) -> None:
    host.writable["memory"] = False
    config["linux"]["resources"]["memory"] = {"limit": 1 << 30}


def hook(kind: str, path: str) -> Change:
    return lambda config, host: config.update(hooks={kind: [{"path": path}]})


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda config, host: config["root"].update(path="nope"), "/root/path"),
        (lambda config, host: config["root"].update(path="link"), "/root/path"),
        (mount(type="nofs", source="x"), "/mounts/7/type"),
        (mount(type="bind", source="nope", options=["bind"]), "/mounts/7/source"),
        (lambda config, host: forbid(host, "net"), "/linux/namespaces"),
        (lambda config, host: setattr(host, "euid", 1000), "/linux/namespaces"),
        (
            lambda config, host: config["linux"]["namespaces"][1].update(path="/proc/0/ns/net"),
            "/linux/namespaces/1/path",
        ),
        (rlimit, "/process/rlimits/0/hard"),
        (oom, "/process/oomScoreAdj"),
        (no_controller, "/linux/resources/memory/limit"),
        (not_delegated, "/linux/resources/memory/limit"),
        (resources(cpu={"cpus": "0,100000"}), "/linux/resources/cpu/cpus"),
        (
            lambda config, host: config["linux"].update(sysctl={"net.no_such": "1"}),
            "/linux/sysctl/net.no_such",
        ),
        (hook("prestart", "/no/such"), "/hooks/prestart/0/path"),
        (hook("createContainer", "/etc/passwd"), "/hooks/createContainer/0/path"),
        (lambda config, host: config.update(vm={"kernel": {"path": "/k"}}), "/vm"),
    ],
)
def test_refused(bundle: Path, change: Change, pointer: str) -> None:
    (bundle / "link").symlink_to("rootfs")
    assert ("error", pointer) in check(bundle, change)


def test_capability_is_left_out(bundle: Path) -> None:
    assert check(bundle, lambda config, host: lose(host, "CAP_KILL")) == [
        ("warning", "/process/capabilities")
    ]


def test_device_nodes(bundle: Path) -> None:
    def change(config: dict[str, Any], host: Survey) -> None:
        lose(host, "CAP_MKNOD")
        config["linux"]["devices"] = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3}]

    assert ("error", "/linux/devices/0") in check(bundle, change)


def test_a_hook_of_the_container_is_not_looked_for(bundle: Path) -> None:
    assert check(bundle, hook("startContainer", "/in/the/container")) == []


def test_members() -> None:
    assert members("0-2,5") == {0, 1, 2, 5}
    assert members("") == set()


def rootless(*ranges: tuple[int, int, int], **host: Any) -> Change:
    """The bundle of an ordinary user with this mapping, on a host that has what is given."""

    def change(config: dict[str, Any], survey: Survey) -> None:
        survey.euid, survey.effective = 1000, 0
        for name, value in host.items():
            setattr(survey, name, value)
        config["linux"]["namespaces"].append({"type": "user"})
        names = ("containerID", "hostID", "size")
        maps = [dict(zip(names, entry, strict=True)) for entry in ranges]
        config["linux"] |= {"uidMappings": maps, "gidMappings": maps}
        config["process"]["rlimits"] = []

    return change


GIVEN = ((0, 5000, 1), (1, 100_000, 65_536))
UIDS, GIDS = "/linux/uidMappings", "/linux/gidMappings"


def test_an_ordinary_user(bundle: Path) -> None:
    granted = {kind: [(100_000, 65_536), (5000, 1)] for kind in ("uid", "gid")}
    assert check(bundle, rootless(*GIVEN, subordinate=granted)) == []


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ({"userns_forbidden": ("user.max_user_namespaces is 0", "x")}, ["/linux/namespaces"]),
        ({"mappers": {"newuidmap": "it is not installed", "newgidmap": ""}}, [UIDS]),
        ({"subordinate": {"uid": [(5000, 1), (100_000, 65_536)], "gid": []}}, [GIDS]),
        ({"subordinate": {kind: [(100_000, 65_535)] for kind in ("uid", "gid")}}, [UIDS, GIDS]),
    ],
)
def test_what_an_ordinary_user_lacks(host: dict[str, Any], found: list[str], bundle: Path) -> None:
    granted = {kind: [(5000, 1), (100_000, 65_536)] for kind in ("uid", "gid")}
    change = rootless(*GIVEN, **{"subordinate": granted} | host)
    assert check(bundle, change) == [("error", pointer) for pointer in found]


def test_the_id_of_another(bundle: Path) -> None:
    """As a bundle has it that root has made."""
    config, host = default_config(), complete()
    rootless((0, 0, 1))(config, host)
    host.filesystems |= {"cgroup", "cgroup2"}
    [uid] = [each for each in problems(config, str(bundle), host) if each.pointer == UIDS]
    assert uid.message == "0 is not granted to you in /etc/subuid"
    assert uid.hint == "your own uid is 1000"
