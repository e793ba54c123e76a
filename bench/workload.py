# SPDX-License-Identifier: Apache-2.0
"""The bundle that every runtime is measured with.

The configuration is the common default of `spec`, without a terminal, on a root filesystem
that holds one static busybox.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import runpy
import shutil
from pathlib import Path

# The newest version that every runtime in use accepts.
OCI_VERSION = "1.0.2"

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

MOUNTS: list[tuple[str, str, str, list[str]]] = [
    ("/proc", "proc", "proc", []),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    (
        "/dev/pts",
        "devpts",
        "devpts",
        ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    ),
    ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
    ("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
]

MASKED = ["acpi", "asound", "kcore", "keys", "latency_stats", "timer_list", "timer_stats"]
MASKED += ["sched_debug", "scsi"]
READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"]

DEFAULT: dict[str, object] = {
    "ociVersion": OCI_VERSION,
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["/bin/true"],
        "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
        "cwd": "/",
        "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES),
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "bench",
    "mounts": [
        {"destination": where, "type": kind, "source": source, "options": options}
        for where, kind, source, options in MOUNTS
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": ["/sys/firmware", *(f"/proc/{name}" for name in MASKED)],
        "readonlyPaths": [f"/proc/{name}" for name in READ_ONLY],
    },
}


def make_rootfs(where: Path, busybox: str) -> None:
    """A root filesystem with busybox as every program that is measured."""
    for name in ("bin", "dev", "proc", "sys", "tmp"):
        (where / name).mkdir(parents=True)
    shutil.copy(busybox, where / "bin/busybox")
    for name in ("sh", "sleep", "true"):
        (where / "bin" / name).symlink_to("busybox")


def engine_profile() -> dict[str, object] | None:
    """The filter that engines ask for by default; None where it is not installed, or is for
    another processor.
    """
    names = runpy.run_path(os.fspath(Path(__file__).parents[1] / "tests/support/profile.py"))
    if not names["ENGINES"].exists() or platform.machine() != "x86_64":
        return None
    profile: dict[str, object] = names["engine_profile"]()
    return profile


def make_bundle(
    where: Path,
    rootfs: Path,
    args: list[str],
    memory: int = 0,
    seccomp: dict[str, object] | None = None,
) -> Path:
    """Write a bundle for `args`; `memory` is a limit in bytes, 0 for none."""
    config = copy.deepcopy(DEFAULT)
    process, root, linux = config["process"], config["root"], config["linux"]
    assert isinstance(process, dict) and isinstance(root, dict) and isinstance(linux, dict)
    process["args"] = args
    root["path"] = os.fspath(rootfs)
    if memory:
        linux["resources"]["memory"] = {"limit": memory}
    if seccomp:
        linux["seccomp"] = seccomp
    where.mkdir(exist_ok=True)
    (where / "config.json").write_text(json.dumps(config))
    return where
