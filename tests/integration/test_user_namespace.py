# SPDX-License-Identifier: Apache-2.0
"""Containers with a user namespace, made by root.

The tests' directories are root's alone (0700), so whatever the container's root needs of them
has to be opened for it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, kill, pid
from integration.inside import FIRST, KINDS, MAPS, give, mapped
from support.bundle import Bundle, mount
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]
UID = "grep Uid /proc/self/status"
RIGHTS = ("effective", "permitted", "bounding", "inheritable", "ambient")


def lines(runtime: Runtime, made: Bundle) -> list[str]:
    return runtime.run(made).stdout.splitlines()


@pytest.mark.vm
def test_root_inside_is_nobody_outside(runtime: Runtime, bundle: Make) -> None:
    made = mapped(bundle, "exec sleep 1000")
    name = runtime.create(made)
    runtime("start", name)
    init = pid(runtime, name)
    status = Path(f"/proc/{init}/status").read_text()
    assert f"Uid:\t{FIRST}\t{FIRST}\t{FIRST}\t{FIRST}\n" in status
    assert f"Gid:\t{FIRST}\t{FIRST}\t{FIRST}\t{FIRST}\n" in status
    assert "Groups:\t \n" in status
    assert "NSpid:\t" in status and status.partition("NSpid:\t")[2].split("\n")[0].endswith("\t1")
    inside = runtime("exec", name, "/bin/sh", "-c", f"id; {UID}; cat /proc/self/uid_map").stdout
    assert inside.splitlines()[0] == "uid=0(root) gid=0(root)"
    assert inside.splitlines()[2].split() == ["0", str(FIRST), "65536"]
    listed = json.loads(runtime("ps", "--format", "json", name).stdout)
    assert listed == [init]


@pytest.mark.vm
def test_files_of_in_and_outside(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    os.chown(shared, FIRST, FIRST)
    (shared / "roots").touch()
    rights = {kind: ["CAP_CHOWN"] for kind in RIGHTS}
    script = "stat -c %u:%g /s/roots; touch /s/new; chown 5:6 /s/new; stat -c %u /bin"
    made = mapped(bundle, script, process={"capabilities": rights})
    made.change(mounts=[*made.config["mounts"], mount("/s", "", str(shared), "bind")])
    os.mkdir(made.rootfs / "s")
    assert lines(runtime, made) == ["65534:65534", "0"]
    new = os.stat(shared / "new")
    assert (new.st_uid, new.st_gid) == (FIRST + 5, FIRST + 6)


def test_another_user_with_groups(runtime: Runtime, bundle: Make) -> None:
    user = {"uid": 1000, "gid": 1000, "additionalGids": [7, 8]}
    made = mapped(bundle, "id -u; id -G; cat /proc/self/setgroups", process={"user": user})
    assert lines(runtime, made) == ["1000", "1000 7 8", "allow"]


def test_capabilities_count_inside(runtime: Runtime, bundle: Make) -> None:
    rights = {kind: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_CHOWN"] for kind in RIGHTS}
    script = "mount -t tmpfs none /tmp && ip link set lo down && touch /tmp/f && chown 9 /tmp/f"
    made = mapped(bundle, f"{script} && stat -c %u /tmp/f", process={"capabilities": rights})
    assert lines(runtime, made) == ["9"]
    made = mapped(bundle, "mount -t tmpfs none /tmp")
    assert runtime.run(made, check=False).returncode != 0


@pytest.mark.vm
def test_names_devices_and_masks(runtime: Runtime, bundle: Make) -> None:
    script = """
        hostname
        echo x >/dev/null && head -c 4 /dev/zero | wc -c && ls /dev/pts
        stat -c %t:%T /dev/null /dev/full
        wc -c </proc/keys; ls /proc/acpi | wc -l
        echo 1 >/proc/sys/kernel/panic || echo kept
        cat /sys/class/net/lo/operstate
    """
    made = mapped(bundle, script, hostname="inner")
    assert lines(runtime, made) == ["inner", "4", "ptmx", "1:3", "1:7", "0", "0", "kept", "unknown"]


def test_a_sysctl_of_its_own_network(runtime: Runtime, bundle: Make) -> None:
    linux = {"sysctl": {"net.ipv4.ip_default_ttl": "77"}}
    made = mapped(bundle, "cat /proc/sys/net/ipv4/ip_default_ttl", linux=linux)
    assert lines(runtime, made) == ["77"]


def test_a_terminal_and_streams(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """What the runtime was started with belongs to the user on the host's side too."""
    made = mapped(
        bundle, "echo said; echo again >>/proc/self/fd/1", process={"user": {"uid": 3, "gid": 3}}
    )
    out = tmp_path / "out"
    with out.open("w") as stream:
        runtime.run(made, stdout=stream, stderr=stream)
    assert out.read_text() == "said\nagain\n"
    assert out.stat().st_uid == FIRST + 3
    name = runtime.create(mapped(bundle, "exec sleep 1000"))
    assert runtime("exec", "-t", name, "/bin/tty").stdout.strip() == "/dev/pts/0"


def test_exec_of_another_user(runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(mapped(bundle, "exec sleep 1000"))
    runtime("start", name)
    shown = runtime(
        "exec", "--user", "5:6", "-g", "7", name, "/bin/sh", "-c", f"id -u; id -G; {UID}"
    )
    assert shown.stdout.splitlines()[:2] == ["5", "6 7"]
    refused = runtime("exec", "--user", "70000", name, "/bin/id", check=False)
    assert (refused.returncode, refused.stdout) == (255, "")
    assert "/user/uid: 70000 is not mapped by linux.uidMappings" in refused.stderr


@pytest.mark.vm
def test_a_source_that_only_root_can_reach(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    deep = tmp_path / "closed/deep"
    deep.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    (deep / "file").write_text("text\n")
    give(deep, FIRST)
    made = mapped(bundle, "cat /s/file /f; echo new >/s/file; touch /r/x; echo $?")
    for path in ("s", "r"):
        os.mkdir(made.rootfs / path)
    (made.rootfs / "f").touch()
    more = [
        mount("/s", "", str(deep), "rbind,rprivate"),
        mount("/f", "", str(deep / "file"), "bind,ro"),
        mount("/r", "", str(deep), "bind,ro"),
    ]
    made.change(mounts=[*made.config["mounts"], *more])
    assert lines(runtime, made) == ["text", "text", "1"]
    assert (deep / "file").read_text() == "new\n"


def test_many_sources(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = mapped(bundle, "ls /m | wc -l; cat /m/119/f; ls -l /proc/self/fd | wc -l")
    more = []
    for number in range(120):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}/f").write_text(f"{number}\n")
        more.append(mount(f"/m/{number}", "", str(tmp_path / str(number)), "bind"))
    made.change(mounts=[*made.config["mounts"], *more])
    give(tmp_path / "119", FIRST)
    done = runtime.run(made)
    assert done.stdout.splitlines() == ["120", "119", "5"], done.stderr


def test_hooks_of_the_container(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    script = tmp_path / "hook"
    script.write_text("#!/bin/sh\ncat >/dev/null; id -u; ls bin/busybox; exit 3\n")
    script.chmod(0o755)
    hook = {
        "path": "/bin/sh",
        "args": ["sh", "-c", "cat >/dev/null; id -u; ls bin/busybox; exit 3"],
    }
    made = mapped(bundle, "true", hooks={"createContainer": [hook]})
    done = runtime.run(made, check=False)
    assert done.returncode == 1
    assert "createContainer hook #0 (/bin/sh): exit status 3, output: 0\nbin/busybox" in done.stderr


@pytest.mark.vm
def test_the_least_limit_of_processes(runtime: Runtime, bundle: Make) -> None:
    """The init is two processes for a moment, which must not count."""
    made = mapped(
        bundle, ["/bin/cat", "/proc/self/cgroup"], linux={"resources": {"pids": {"limit": 1}}}
    )
    shown = runtime.run(made).stdout
    assert ":pids:/" in shown or shown.startswith("0::/")


@pytest.mark.vm
def test_without_a_network_of_its_own(runtime: Runtime, bundle: Make) -> None:
    """sysfs shows the host's, read-only to its depths."""
    kinds = ("pid", "ipc", "uts", "mount", "user")
    made = mapped(bundle, "ls /sys/kernel | wc -l; grep ' /sys' /proc/self/mounts", kinds)
    made.change(mounts=[m for m in made.config["mounts"] if m["type"] != "cgroup"])
    count, *shown = lines(runtime, made)
    assert int(count) > 3
    assert len(shown) > 3 and all(line.split()[3].startswith("ro") for line in shown)


@pytest.mark.vm
@pytest.mark.parametrize("kinds", [KINDS, ("pid", "mount")], ids=["user", "id-mapped"])
def test_nothing_reaches_the_host_through_a_shared_source(
    kinds: tuple[str, ...], runtime: Runtime, bundle: Make, shared: Path
) -> None:
    """As all mounts of a host with systemd are."""
    made = mapped(bundle, "grep -c /s/below /proc/self/mounts", kinds, hostname=None)
    os.mkdir(made.rootfs / "s")
    source = mount("/s", "", str(shared), "rbind,ridmap" if "user" not in kinds else "rbind")
    if "user" not in kinds:
        source |= {"uidMappings": MAPS, "gidMappings": MAPS}
    below = mount("/s/below", "tmpfs", "tmpfs")
    made.change(mounts=[*made.config["mounts"], source, below])
    before = Path("/proc/self/mountinfo").read_text()
    name = runtime.create(made)
    assert Path("/proc/self/mountinfo").read_text() == before
    runtime("delete", "--force", name)
    assert lines(runtime, made) == ["1"]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "shared"
    made.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", made], check=True)
    subprocess.run(["mount", "--make-shared", made], check=True)
    (made / "below").mkdir()
    give(made, FIRST)
    yield made
    subprocess.run(["umount", "-R", made], check=True)


@pytest.mark.vm
@pytest.mark.parametrize("own", [True, False], ids=["own", "host"])
def test_cgroups(own: bool, runtime: Runtime, bundle: Make) -> None:
    kinds = (*KINDS, "cgroup") if own else KINDS
    v1 = os.path.isdir("/sys/fs/cgroup/pids")
    cgroup = "/sys/fs/cgroup/pids" if v1 else "/sys/fs/cgroup"
    script = f"ls {cgroup}/cgroup.procs; mkdir {cgroup}/x || echo refused"
    made = mapped(bundle, f"{script}; cut -d: -f3 /proc/self/cgroup | sort -u", kinds)
    for entry in made.config["mounts"]:
        if entry["type"] == "cgroup":
            entry["options"].remove("ro")
    made.save()
    found = lines(runtime, made)
    # Of cgroup2 a container with a cgroup namespace of its own is given its part.
    refused = [] if own and not v1 else ["refused"]
    *first, paths = found[0], *found[1 : 1 + len(refused)], found[1 + len(refused) :]
    assert first == [f"{cgroup}/cgroup.procs", *refused]
    assert (paths == ["/"]) is own


@pytest.fixture
def holder(runtime: Runtime, bundle: Make) -> Iterator[str]:
    """/proc/PID/ns of a container with all namespaces but the cgroup's new."""
    name = runtime.create(mapped(bundle, "exec sleep 1000", (*KINDS, "time")))
    runtime("start", name)
    yield f"/proc/{pid(runtime, name)}/ns"
    kill(runtime, name, "KILL")


ENTRIES = {"network": "net", "mount": "mnt"}
SHOW = "for n in user pid net ipc uts mnt time; do readlink /proc/self/ns/$n; done"


@pytest.mark.parametrize(
    "joined",
    [
        pytest.param("user", marks=pytest.mark.vm),
        "user network",
        "user ipc uts network",
        "user pid",
        "user pid network time",
        pytest.param("user pid network ipc uts time", marks=pytest.mark.vm),
    ],
)
def test_joining_namespaces_of_a_container(
    joined: str, holder: str, runtime: Runtime, bundle: Make
) -> None:
    """Containers of one pod: the others join what the first has, and have the rest new."""
    theirs = joined.split()
    kinds = [
        f"{kind}={holder}/{ENTRIES.get(kind, kind)}" if kind in theirs else kind for kind in KINDS
    ]
    if "time" in theirs:
        kinds.append(f"time={holder}/time")
    made = mapped(bundle, SHOW, kinds, hostname=None if "uts" in theirs else "x")
    mine = dict(line.partition(":")[::2] for line in lines(runtime, made))
    host = {name: os.readlink(f"/proc/self/ns/{name}").partition(":")[2] for name in mine}
    for kind in (*KINDS, "time"):
        entry = ENTRIES.get(kind, kind)
        shared = os.readlink(f"{holder}/{entry}").partition(":")[2]
        expected = "shared" if kind in theirs else "host" if kind == "time" else "new"
        where = {shared: "shared", host[entry]: "host"}.get(mine[entry], "new")
        assert (entry, where) == (entry, expected)


@pytest.mark.vm
def test_joining_everything_and_adding_a_process(
    holder: str, runtime: Runtime, bundle: Make
) -> None:
    kinds = [
        f"{kind}={holder}/{ENTRIES.get(kind, kind)}" for kind in (*KINDS, "time") if kind != "mount"
    ]
    made = mapped(bundle, "exec sleep 1000", [*kinds, "mount"], hostname=None)
    name = runtime.create(made)
    runtime("start", name)
    shown = runtime("exec", name, "/bin/sh", "-c", f"{SHOW}; id -u; cat /proc/1/comm").stdout
    found = dict(line.partition(":")[::2] for line in shown.splitlines()[:-2])
    for entry in ("user", "pid", "net", "ipc", "uts", "time"):
        assert found[entry] == os.readlink(f"{holder}/{entry}").partition(":")[2]
    assert shown.splitlines()[-2:] == ["0", "sleep"]
    kill(runtime, name, "KILL")


@pytest.mark.vm
def test_a_new_user_namespace_beside_the_hosts_network(runtime: Runtime, bundle: Make) -> None:
    kinds = ["network=/proc/self/ns/net", *(kind for kind in KINDS if kind != "network")]
    made = mapped(bundle, "readlink /proc/self/ns/net", kinds)
    assert lines(runtime, made) == [os.readlink("/proc/self/ns/net")]
    name = runtime.create(made)
    shown = runtime("exec", name, "/bin/readlink", "/proc/self/ns/net").stdout
    assert shown.strip() == os.readlink("/proc/self/ns/net")


def test_the_runtimes_own_user_namespace_is_joined_in_name(runtime: Runtime, bundle: Make) -> None:
    kinds = ["user=/proc/self/ns/user", *(kind for kind in KINDS if kind != "user")]
    made = bundle(["/bin/readlink", "/proc/self/ns/user"], linux={"namespaces": []})
    made.change(linux={"namespaces": mapped(bundle, "x", kinds).config["linux"]["namespaces"]})
    assert lines(runtime, made) == [os.readlink("/proc/self/ns/user")]


def refused(runtime: Runtime, made: Bundle, leftovers: Snapshot) -> str:
    done = runtime.run(made, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert leftovers.compare() == []
    return done.stderr


Change = dict[str, Any]


@pytest.mark.parametrize(
    ("linux", "said"),
    [
        (
            {"uidMappings": [{"containerID": 5, "hostID": 1, "size": 1}]},
            "process/user/uid: 0 is not mapped by linux.uidMappings",
        ),
        (
            {"uidMappings": [{"containerID": 0, "hostID": 1, "size": 5}] * 2},
            "overlaps with another range",
        ),
        ({"uidMappings": None}, 'needs "uidMappings", having a new user namespace'),
        (
            {"namespaces": [{"type": "user", "path": "/proc/self/ns/uts"}, {"type": "mount"}]},
            "namespace path /proc/self/ns/uts is a uts namespace, but a user namespace is wanted",
        ),
        (
            {"namespaces": [{"type": "user"}, {"type": "user"}]},
            "is a second user namespace",
        ),
    ],
)
@pytest.mark.usefixtures("only_ours")
def test_what_is_refused(
    linux: Change, said: str, runtime: Runtime, bundle: Make, leftovers: Snapshot
) -> None:
    made = mapped(bundle, "true", hostname=None, linux=linux)
    assert said in refused(runtime, made, leftovers)


@pytest.mark.usefixtures("only_ours")
def test_a_user_namespace_without_root(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    maps = [{"containerID": 7, "hostID": FIRST + 7, "size": 1}]
    made = mapped(
        bundle,
        "true",
        linux={"uidMappings": maps, "gidMappings": maps},
        process={"user": {"uid": 7, "gid": 7}},
    )
    found = refused(runtime, made, leftovers)
    assert "Invalid argument" in found
    assert "the user namespace needs a mapping of containerID 0" in found


@pytest.mark.usefixtures("only_ours")
def test_mounts_that_belong_to_others(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    kinds = ("mount", "user", "network")
    made = mapped(bundle, "true", kinds, hostname=None)
    found = refused(runtime, made, leftovers)
    assert "mounts[0] (/proc): " in found and "needs a pid namespace of its own" in found


def test_mappings_of_several_ranges(runtime: Runtime, bundle: Make) -> None:
    more = [*MAPS, {"containerID": 70_000, "hostID": 300_000, "size": 3}]
    linux = {"uidMappings": more, "gidMappings": more}
    made = mapped(bundle, "cat /proc/self/uid_map /proc/self/gid_map", linux=linux)
    numbers = [line.split() for line in lines(runtime, made)]
    assert numbers == [["0", "200000", "65536"], ["70000", "300000", "3"]] * 2


def test_oom_score_and_keyring(runtime: Runtime, bundle: Make) -> None:
    made = mapped(bundle, "cat /proc/self/oom_score_adj", process={"oomScoreAdj": 321})
    assert lines(runtime, made) == ["321"]


def test_detached_then_deleted(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", mapped(bundle, "exec sleep 1000"), name, **QUIET)
    runtime("delete", "--force", name)
    assert leftovers.compare() == []
