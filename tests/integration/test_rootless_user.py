# SPDX-License-Identifier: Apache-2.0
"""Containers of a real ordinary user, with what Debian gives him: subordinate ids that
newuidmap(1) knows of, and a part of the cgroup2 tree that systemd has delegated.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.asking import kill, pid, state
from integration.inside import namespaces
from support.bundle import Bundle
from support.runtime import Runtime

pytestmark = pytest.mark.vm_user

Make = Callable[..., Bundle]
KINDS = ("pid", "network", "ipc", "uts", "mount", "cgroup", "user")
CGROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def rootless(pyruntime: Path, state_root: Path, prefix: str) -> Iterator[Runtime]:
    made = Runtime(pyruntime, state_root, prefix)
    yield made
    made.cleanup()
    assert not state_root.exists() or list(state_root.iterdir()) == []


def own_cgroup() -> Path:
    text = Path("/proc/self/cgroup").read_text().strip()
    return CGROUPS / text.removeprefix("0::/")


def ranges(kind: str, own: int, *, subordinate: bool) -> list[dict[str, int]]:
    found = [{"containerID": 0, "hostID": own, "size": 1}]
    if subordinate:
        [line] = Path(f"/etc/sub{kind}").read_text().split()
        _, first, size = line.split(":")
        found.append({"containerID": 1, "hostID": int(first), "size": int(size)})
    return found


def container(bundle: Make, script: str, *, subordinate: bool = False, **changes: Any) -> Bundle:
    """Without a cgroupsPath."""
    linux = {
        "namespaces": namespaces(*KINDS),
        "uidMappings": ranges("uid", os.getuid(), subordinate=subordinate),
        "gidMappings": ranges("gid", os.getgid(), subordinate=subordinate),
    }
    return bundle(["/bin/sh", "-c", script], linux=linux | changes.pop("linux", {}), **changes)


def test_all_of_his_ids(rootless: Runtime, bundle: Make) -> None:
    user = {"uid": 5, "gid": 6, "additionalGids": [7]}
    script = "id; cat /proc/self/uid_map; stat -c %u /bin /proc/self/"
    made = container(bundle, script, subordinate=True, process={"user": user})
    name, first, second, *owners = rootless.run(made).stdout.splitlines()
    assert name.startswith("uid=5 gid=6 groups=6,7") or name == "uid=5 gid=6 groups=7"
    assert first.split() == ["0", str(os.getuid()), "1"]
    assert second.split()[0] == "1" and int(second.split()[2]) >= 65_536
    assert owners == ["0", "5"]


def test_a_life(rootless: Runtime, bundle: Make) -> None:
    """Every command, on a cgroup that was not asked for."""
    name = rootless.create(container(bundle, "exec sleep 1000", subordinate=True))
    assert state(rootless, name)["status"] == "created"
    show = ("exec", name, "/bin/sh", "-c", "id -u; hostname; cat /proc/self/cgroup")
    assert rootless(*show).stdout.split() == ["0", "test", "0::/"]
    rootless("start", name)
    init = pid(rootless, name)
    place = own_cgroup().parent / name
    assert str(init) in (place / "cgroup.procs").read_text().split()
    assert json.loads(rootless("ps", "--format", "json", name).stdout) == [init]
    rootless("pause", name)
    assert "frozen 1" in (place / "cgroup.events").read_text()
    rootless("resume", name)
    rootless("update", "--pids-limit", "33", name)
    assert (place / "pids.max").read_text() == "33\n"
    [line] = rootless("events", "--stats", name).stdout.splitlines()
    assert json.loads(line)["data"]["pids"]["limit"] == 33
    kill(rootless, name, "KILL")
    rootless("delete", name)
    assert not place.exists()


def test_limits_without_a_path(rootless: Runtime, bundle: Make) -> None:
    resources = {"pids": {"limit": 20}, "memory": {"limit": 64 << 20}, "cpu": {"shares": 512}}
    script = "cd /sys/fs/cgroup; cat pids.max memory.max cpu.weight"
    done = rootless.run(container(bundle, script, linux={"resources": resources}))
    assert done.stdout.split() == ["20", str(64 << 20), "59"]


def test_what_the_plan_says(rootless: Runtime, bundle: Make) -> None:
    made = container(bundle, "true")
    place = str(own_cgroup().parent).removeprefix(str(CGROUPS))
    assert f"cgroup {place}/ID\n" in rootless("plan", made).stdout
    assert rootless("validate", "--host", made).returncode == 0


@pytest.fixture
def alone(prefix: str) -> Iterator[Path]:
    """A cgroup of the user's below one that is not, as a service of the system's has it."""
    above = own_cgroup().parent / f"{prefix}above"
    own = above / "own"
    own.mkdir(parents=True)
    above.chmod(0o555)
    yield own
    above.chmod(0o755)
    own.rmdir()
    above.rmdir()


def test_where_only_his_own_cgroup_is_delegated(
    alone: Path, rootless: Runtime, bundle: Make, tmp_path: Path
) -> None:
    """The container's is below that one, without limits: the user's processes are in it."""
    name = rootless.new_id()
    said = tmp_path / "said"
    words = rootless.command("run", "--detach", "--bundle", container(bundle, "sleep 1000"), name)
    script = f"echo $$ >{alone}/cgroup.procs && {shlex.join(words)} >/dev/null 2>{said}"
    done = subprocess.run(["sh", "-c", script], check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, said.read_text()
    place = alone / name
    assert str(pid(rootless, name)) in (place / "cgroup.procs").read_text().split()
    rootless("pause", name)
    assert "frozen 1" in (place / "cgroup.events").read_text()
    rootless("resume", name)
    rootless("kill", "--all", name, "KILL")
    rootless("delete", "--force", name)
    assert not place.exists()


def test_a_relative_path_without_a_cgroup_namespace(
    rootless: Runtime, bundle: Make, prefix: str
) -> None:
    """What is mounted is the container's own cgroup, wherever that is."""
    kinds = [kind for kind in KINDS if kind != "cgroup"]
    linux: dict[str, Any] = {"namespaces": namespaces(*kinds), "cgroupsPath": f"{prefix}r"}
    script = "cat /sys/fs/cgroup/pids.max; mkdir /sys/fs/cgroup/x || echo refused"
    linux["resources"] = {"pids": {"limit": 9}}
    assert rootless.run(container(bundle, script, linux=linux)).stdout.split() == ["9", "refused"]


def test_doctor_finds_it_all(rootless: Runtime) -> None:
    found = json.loads(rootless("doctor", "--format", "json", check=False).stdout)
    by_name = {(entry["area"], entry["name"]): entry["status"] for entry in found["findings"]}
    for name in ("user namespaces", "newuidmap", "subordinate ids"):
        assert by_name["rights", name] == "ok", found
    assert by_name["cgroups", "delegation"] == "ok"
