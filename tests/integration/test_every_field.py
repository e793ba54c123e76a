# SPDX-License-Identifier: Apache-2.0
"""bundles/every-field: one container with every property that goes together on this kernel.

Each property of the schema is in the bundle, or in ELSEWHERE with its reason.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from integration.asking import QUIET
from support import everything
from support.bundle import Bundle, make_rootfs
from support.runtime import REPO, Runtime

from pyruntime.cgroups.detect import detect

SOURCE = REPO / "bundles/every-field"
CONFIG: dict[str, Any] = json.loads((SOURCE / "config.json").read_text())
ELSEWHERE = {
    "process.commandLine": "Windows only",
    "process.user.username": "Windows only",
    "process.consoleSize": "needs a terminal, and a caller who has one: test_terminal.py",
    "process.apparmorProfile": "this kernel has not got it: test_labels.py",
    "process.selinuxLabel": "needs a policy: test_labels.py",
    "linux.mountLabel": "needs a policy: test_labels.py",
    "process.scheduler.priority": "of another policy: test_placement.py",
    "process.scheduler.runtime": "of another policy: test_placement.py",
    "process.scheduler.deadline": "of another policy: test_placement.py",
    "process.scheduler.period": "of another policy: test_placement.py",
    "linux.namespaces.*.path": "of a namespace that is joined: test_net_devices.py",
    "linux.uidMappings": "ids would change all others: the tests of user namespaces",
    "linux.gidMappings": "ids would change all others: the tests of user namespaces",
    "mounts.*.uidMappings": "needs a filesystem that can do it: the tests of id-mapped mounts",
    "mounts.*.gidMappings": "needs a filesystem that can do it: the tests of id-mapped mounts",
    "linux.netDevices": "needs a device: test_net_devices.py",
    "linux.intelRdt": "needs resctrl: test_resctrl.py",
    "linux.personality.flags": "none is defined",
    "linux.seccomp.defaultErrnoRet": "of another default action: test_seccomp.py",
    "linux.seccomp.listenerPath": "needs an agent: test_seccomp.py",
    "linux.seccomp.listenerMetadata": "needs an agent: test_seccomp.py",
    "linux.resources.memory": "hosts differ in the rest: test_cgroups_limits.py",
    "linux.resources.cpu": "hosts differ in the rest: test_cgroups_limits.py",
    "linux.resources.blockIO": "needs a disk: test_cgroups_limits.py",
    "linux.resources.hugepageLimits": "needs huge pages: test_cgroups_limits.py",
    "linux.resources.network": "cgroup v1 only: test_cgroups_limits.py",
    "linux.resources.rdma": "needs the device: test_plan_resources.py",
    "linux.resources.unified": "cgroup v2 only: test_cgroups_limits.py",
}
LINUX = [
    path
    for path in everything.properties()
    if path[0] not in ("windows", "solaris", "zos", "freebsd", "vm")
]


def has(value: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    if path[0] == "*":
        members = value.values() if isinstance(value, dict) else value
        return any(has(member, path[1:]) for member in members)
    return isinstance(value, dict) and path[0] in value and has(value[path[0]], path[1:])


def test_no_property_is_missing_without_a_reason() -> None:
    used = set()
    for path in LINUX:
        names = [".".join(path[:length]) for length in range(1, len(path) + 1)]
        reasons = [name for name in names if name in ELSEWHERE]
        used.update(reasons)
        assert has(CONFIG, path) or reasons, ".".join(path)
    assert used == set(ELSEWHERE)


@pytest.fixture
def every(bundle: Callable[..., Bundle], prefix: str) -> Bundle:
    made = bundle()
    shutil.rmtree(made.rootfs)
    make_rootfs(made.rootfs)
    (made.rootfs / "place").mkdir()
    shutil.copy(SOURCE / "tell", made.rootfs / "tell")
    made.config = json.loads(json.dumps(CONFIG))
    made.config["linux"]["cgroupsPath"] = f"/{prefix}every-field"
    made.save()
    return made


def test_every_field(runtime: Runtime, every: Bundle) -> None:
    done = runtime.run(every, check=False)
    words = [line.split(None, 1) for line in done.stdout.splitlines()]
    facts = {name.rstrip(":"): rest for name, rest in words}
    assert facts == {
        "names": "every-field example.org",
        "user": "1000 1001 1001 1002 1003",
        "umask": "0027",
        "cwd": "/place hello",
        "limit": "100 200",
        "oom": "500",
        "io": "best-effort: prio 6",
        "scheduler": "5 3",
        "machine": {"x86_64": "i686", "aarch64": "armv8l"}[platform.machine()],
        "uptime": "1",
        "device": "character special file 666 1000:1001",
        "sysctl": "4096 99",
        "CapEff": "0000000000000420",
        "NoNewPrivs": "1",
        "Seccomp": "2",
        "Cpus_allowed_list": "0",
        "Mems_allowed_list": "0",
        "memory": "bind=static:0",
    }
    assert "/file: Read-only file system" in done.stderr
    assert "'/place/directory': Operation not supported" in done.stderr
    assert "Function not implemented" in done.stderr
    assert done.returncode == 1


def test_limits_of_every_field(runtime: Runtime, every: Bundle, prefix: str) -> None:
    every.change(process={"args": ["/bin/sleep", "1000"]})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", every, name, **QUIET)
    shown = json.loads(runtime("state", name).stdout)
    assert shown["annotations"] == {"org.example.purpose": "every property at once"}
    pids = detect().v1.get("pids") or detect().v2
    with open(f"{pids}/{prefix}every-field/pids.max") as file:
        assert file.read() == "50\n"
    assert runtime("exec", name, "/bin/id", "-u").stdout == "1000\n"
