# SPDX-License-Identifier: Apache-2.0
"""Which mount of a container is which of its configuration's, and what a restore makes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError, StateError, Unsupported
from pyruntime.host.criu import mounts, yard
from pyruntime.host.criu.mounts import Mounted
from pyruntime.plan import external
from pyruntime.plan.external import Bind

BIND = {"type": "bind", "options": ["bind"]}


def line(number: int, what: str, point: str) -> Mounted:
    device, _, root = what.partition(" ")
    return Mounted(f"{number} 1 {device} {root} {point} rw - ext4 /dev/x rw".encode())


HERE = [line(1, "8:1 /", "/")]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.mkdir()
    return path


def what(path: Path) -> str:
    found = mounts.identity(str(path), mounts.mounted("self"))
    assert found is not None
    return f"{found[0]} {found[1]}"


def find(binds: list[Bind], *there: Mounted) -> list[tuple[str, str, str]]:
    found = mounts.find(binds, mounts.mounted("self"), there)
    return [(one.key, one.mount.point, one.bind.target) for one in found]


def test_a_line_with_escapes() -> None:
    mount = line(7, r"0:5 /a\040b//deleted", r"/c\134d")
    assert (mount.id, mount.what, mount.point) == (7, ("0:5", "/a b"), "/c\\d")
    assert not mount.read_only
    assert Mounted(b"1 1 0:5 / /p noexec,ro,relatime - ext4 /dev/x rw").read_only


def test_identity_is_of_the_file_and_not_of_its_name(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    here = mounts.mounted("self")
    found = mounts.identity(str(source), here)
    assert found is not None and found[1].endswith("/source")
    assert mounts.identity(str(tmp_path / "link"), here) == found
    assert mounts.identity(str(tmp_path / "missing"), here) is None
    proc = mounts.identity("/proc", here)
    assert proc is not None and proc[1] == "/"


def test_a_target_that_leads_elsewhere(source: Path) -> None:
    bind = Bind("/mounts/0", str(source), "/link/x")
    assert find([bind], line(5, what(source), "/real/x")) == [("mount-0", "/real/x", "/link/x")]


def test_of_the_same_thing_the_exact_target_comes_first(source: Path) -> None:
    first = Bind("/mounts/0", str(source), "/link")
    second = Bind("/mounts/1", str(source), "/there")
    there = [line(5, what(source), "/there"), line(6, what(source), "/real")]
    assert find([first, second], *there) == [
        ("mount-0", "/real", "/link"),
        ("mount-1", "/there", "/there"),
    ]


def test_another_thing_on_the_target_is_not_it(source: Path, tmp_path: Path) -> None:
    """As when a container has exchanged two directories with mounts in them."""
    (tmp_path / "other").mkdir()
    binds = [Bind("", str(source), "/a/x"), Bind("", str(tmp_path / "other"), "/b/x")]
    there = [line(5, what(source), "/b/x"), line(6, what(tmp_path / "other"), "/a/x")]
    assert find(binds, *there) == [("mount-0", "/b/x", "/a/x"), ("mount-1", "/a/x", "/b/x")]


def test_what_was_unmounted_is_left_out(source: Path) -> None:
    assert find([Bind("", str(source), "/gone")], line(5, "8:1 /other", "/gone")) == []


@pytest.mark.parametrize("point", ["/a]:b", r"/a\012b"])
def test_a_mount_point_that_would_be_misread(source: Path, point: str) -> None:
    bind = Bind("/mounts/3", str(source), "/link")
    found = mounts.find([bind], mounts.mounted("self"), [line(5, what(source), point)])
    with pytest.raises(StateError, match="criu can't be told of the mount") as caught:
        mounts.check_points(found)
    assert caught.value.pointer == "/mounts/3"


@pytest.fixture
def images(tmp_path: Path) -> int:
    return os.open(tmp_path, os.O_RDONLY | os.O_CLOEXEC)


def test_keys_come_back_with_the_sources_of_now(images: int, source: Path) -> None:
    bind = Bind("", str(source), "/target")
    found = mounts.find([bind], mounts.mounted("self"), [line(5, what(source), "/real")])
    mounts.write_list(images, found)
    now = [Bind("", "/other", "/first"), Bind("", "/moved", "/target")]
    assert mounts.sources(images, now) == [("mount-0", "/moved")]
    with pytest.raises(ConfigError, match=r"config.json has no mount on '/target'"):
        mounts.sources(images, now[:1])


def test_images_of_another_runtime(images: int) -> None:
    binds = [Bind("", "/s", "/data"), Bind("", "/evil", "/a]:/etc")]
    assert mounts.sources(images, binds) == [("/data", "/s"), ("/dev/null", "/dev/null")]


def test_a_damaged_list(images: int, tmp_path: Path) -> None:
    (tmp_path / mounts.LIST).write_text(json.dumps(["/data"]))
    with pytest.raises(ConfigError, match="damaged"):
        mounts.sources(images, [])


def compiled(**changes: Any) -> Any:
    return plans.create(plans.config(**changes))


def test_the_binds_of_a_plan() -> None:
    entry = {"destination": "/data", "source": "/srv", **BIND}
    [bind] = external.binds(compiled(mounts=[{"destination": "/x", "type": "tmpfs"}, entry]))
    assert (bind.pointer, bind.source, bind.target) == ("/mounts/1", "/srv", "/data")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"mounts": [{**BIND, "destination": "/d", "source": "/s", "options": ["bind", "idmap"]}]},
         "id-mapped"),
        ({"mounts": [{**BIND, "destination": "/d", "source": "/s",
                      "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}]}, "id-mapped"),
        ({"linux": {"namespaces": [{"type": "cgroup", "path": "/c"}]}}, "cgroup namespace"),
    ],
)  # fmt: skip
def test_what_criu_would_change_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(Unsupported, match=f"criu can't .*{word}"):
        external.refuse(plans.config(**changes))


def test_read_only_binds() -> None:
    def entry(name: str, *options: str, kind: str = "bind") -> dict[str, Any]:
        return {"destination": name, "source": "/s", "type": kind, "options": list(options)}

    made = compiled(
        mounts=[
            entry("/a", "bind"),
            entry("/b", "bind", "ro"),
            entry("/c", "rbind", "rro"),
            entry("/d", "bind", "ro"),
            entry("/d", "bind", "remount", "rw"),
        ]
    )
    assert [bind.target for bind in external.read_only_binds(made)] == ["/b", "/c"]


def test_links_to_the_hierarchies() -> None:
    host = plans.v1_host()
    host.v2 = "/cg/unified"
    text = "3:cpu,cpuacct:/x\n2:name=systemd:/\n0::/\n"
    assert yard.links(host, text) == {
        "cpu,cpuacct": "/sys/fs/cgroup/cpu,cpuacct",
        "systemd": "/sys/fs/cgroup/systemd",
        "unified": "/cg/unified",
    }
    host.v2 = ""
    assert yard.links(host, text) == {}


def test_steps_to_prepare_a_rootfs() -> None:
    """All that makes something in it; for a cgroup mount a tmpfs, which asks nothing of it."""
    config = plans.config(
        linux={"namespaces": [{"type": "mount"}, {"type": "pid"}]},
        mounts=[
            {"destination": "/proc", "type": "proc"},
            {"destination": "/cg", "type": "cgroup"},
            {"destination": "/data", "source": "/srv", **BIND},
        ],
    )
    steps = external.preparing_steps(config, plans.create(config))
    names = [step.op for step in steps]
    assert names[:3] == ["propagation", "procfs_open", "rootfs_open"]
    assert {"pivot_root", "execve", "sync", "masked_path", "mount_attr"}.isdisjoint(names)
    assert "device" in names and "symlink" in names
    of_cgroup = [step.args["fstype"] for step in steps if step.pointer == "/mounts/1"]
    assert set(of_cgroup) == {"tmpfs"}


def test_a_config_without_its_user_namespace() -> None:
    linux = {
        "namespaces": [{"type": "user"}, {"type": "mount"}, {"type": "time"}],
        "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}],
        "timeOffsets": {"boottime": {"secs": 1}},
    }
    config = plans.config(linux=linux)
    found = external.without_user_namespace(config)
    assert found["linux"] == {"namespaces": [{"type": "mount"}]}
    assert len(config["linux"]["namespaces"]) == 3
