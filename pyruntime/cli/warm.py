# SPDX-License-Identifier: Apache-2.0
"""Runs what needs no kernel before a snapshot is written, so that it comes back warm.

The interpreter rewrites code that it has met a few times for the types that it saw there
(PEP 659). In a snapshot that is done, and the pages it is written to stay the file's own.
"""

from __future__ import annotations

from pyruntime.cli.parse import parse
from pyruntime.plan.compile import compile_create
from pyruntime.plan.compile_exec import compile_exec
from pyruntime.plan.encode import encode
from pyruntime.plan.facts import CgroupFacts, Facts
from pyruntime.plan.options import Options
from pyruntime.spec.load import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROUNDS = 40  # more than any counter that the interpreter keeps for this

LINES = (
    "--root /r --log /l --log-format json create --bundle /b --pid-file /p ID",
    "--root /r run ID",
    "start ID",
    "state ID",
    "exec --process /p --detach --pid-file /f ID",
    "exec ID true",
    "kill ID 9",
    "delete --force ID",
)
CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "devices", "freezer")


# Such as engines write, and what spec gives: with everything that most containers have.
CAPABILITIES = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
MOUNTS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("/proc", "proc", "proc", []),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "gid=5"]),
    ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777"]),
    ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
    ("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
    ("/etc/hosts", "bind", "/b/hosts", ["rbind", "rprivate", "ro"]),
)
MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def example(*, user_namespace: bool) -> dict[str, Any]:
    kinds = ["pid", "network", "ipc", "uts", "mount", *(["user"] if user_namespace else [])]
    linux: dict[str, Any] = {
        "namespaces": [{"type": kind} for kind in kinds],
        "maskedPaths": MASKED,
        "readonlyPaths": READONLY,
    }
    if user_namespace:
        ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        linux |= {"uidMappings": ids, "gidMappings": ids}
    else:
        linux["resources"] = {
            "devices": [{"allow": False, "access": "rwm"}],
            "memory": {"limit": 1 << 26},
            "cpu": {"shares": 1024, "quota": 50000, "period": 100000},
            "pids": {"limit": 100},
        }
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0, "additionalGids": [0, 10]},
            "args": ["sh", "-c", "true"],
            "env": ["PATH=/usr/bin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES),
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "example",
        "mounts": [
            {"destination": to, "type": kind, "source": source, "options": options}
            for to, kind, source, options in MOUNTS
        ],
        "annotations": {"org.example.name": "value"},
        "linux": linux,
    }


class Running:
    id, pid, rootfs = "ID", 1, "/b/rootfs"


def warm() -> None:
    for _ in range(ROUNDS):
        for line in LINES:
            parse(line.split())
        for cgroup in (_v1(), _v2()):
            facts = Facts((5, 14), 40, 0, cgroup)
            for config in (example(user_namespace=False), example(user_namespace=True)):
                check(config, "config")
                plan = compile_create(
                    config, bundle="/b", container_id="ID", facts=facts, options=Options()
                )
                encode(plan, 0)
                plan = compile_exec(
                    config["process"], config=config, state=Running, facts=facts, options=Options()
                )
                encode(plan, 0)


def _v1() -> CgroupFacts:
    v1 = {name: f"/sys/fs/cgroup/{name}" for name in CONTROLLERS}
    return CgroupFacts("v1", v1, "", (), dict.fromkeys(v1, "/"))


def _v2() -> CgroupFacts:
    return CgroupFacts("v2", {}, "/sys/fs/cgroup", CONTROLLERS, {"": "/"})
