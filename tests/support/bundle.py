# SPDX-License-Identifier: Apache-2.0
"""Bundles for tests: a busybox rootfs and a configuration like that of `spec`.

It knows nothing of the runtime: a bundle made here runs under any OCI runtime.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
MASKED = [
    "acpi",
    "asound",
    "kcore",
    "keys",
    "latency_stats",
    "timer_list",
    "timer_stats",
    "sched_debug",
    "scsi",
]
READONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"]


def mount(destination: str, kind: str, source: str, options: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"destination": destination, "type": kind, "source": source}
    if options:
        found["options"] = options.split(",")
    return found


DEFAULT: dict[str, Any] = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["/bin/true"],
        "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
        "cwd": "/",
        "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES),
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "test",
    "mounts": [
        mount("/proc", "proc", "proc"),
        mount("/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"),
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
        ),
        mount("/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"),
        mount("/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"),
        mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro"),
    ],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": [f"/proc/{name}" for name in MASKED] + ["/sys/firmware"],
        "readonlyPaths": [f"/proc/{name}" for name in READONLY],
    },
}


def merge(config: dict[str, Any], changes: dict[str, Any]) -> None:
    """Lay changes over config, in place: objects merge, None removes, all else replaces."""
    for key, value in changes.items():
        if value is None:
            config.pop(key, None)
        elif isinstance(value, dict) and isinstance(config.get(key), dict):
            merge(config[key], value)
        else:
            config[key] = copy.deepcopy(value)


class Bundle:
    """A bundle on disk. Change `.config` and call `.save()`, or change `.rootfs` as you like."""

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        self.path = path
        self.rootfs = path / "rootfs"
        self.config = config
        self.save()

    def save(self) -> None:
        (self.path / "config.json").write_text(json.dumps(self.config, indent=1))

    def change(self, **changes: Any) -> None:
        merge(self.config, changes)
        self.save()

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)


def make_rootfs(rootfs: Path) -> None:
    """A small Unix from the system's static busybox, with every applet linked in /bin."""
    busybox = shutil.which("busybox")
    assert busybox, "busybox-static is not installed"
    for name in ("bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "var"):
        (rootfs / name).mkdir(parents=True)
    (rootfs / "tmp").chmod(0o1777)
    (rootfs / "sbin").symlink_to("bin")
    (rootfs / "etc/passwd").write_text(
        "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n"
    )
    (rootfs / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    program = rootfs / "bin/busybox"
    shutil.copy(busybox, program)
    for applet in applets(busybox):
        # Not a symbolic link: each has an inode to be made, three hundred for every bundle.
        os.link(program, program.with_name(applet))


@functools.cache
def applets(busybox: str) -> list[str]:
    """The names of its programs, without its own."""
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if name != "busybox"]


def make_bundle(path: Path, args: list[str], changes: dict[str, Any]) -> Bundle:
    """A bundle at `path`; changes are laid over DEFAULT by `merge`."""
    make_rootfs(path / "rootfs")
    config = copy.deepcopy(DEFAULT)
    config["process"]["args"] = list(args)
    merge(config, changes)
    return Bundle(path, config)
