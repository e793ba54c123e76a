# SPDX-License-Identifier: Apache-2.0
"""A value for every property of the config schema that Linux knows, each asking for something.

Not one valid container: fields that exclude each other stand side by side. A test takes out
what it needs with `only`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
IDS = [{"containerID": 0, "hostID": 100000, "size": 65536}]
DISK = {"major": 8, "minor": 0}
HOOKS = [{"path": "/bin/hook", "args": ["hook", "now"], "env": ["A=b"], "timeout": 3}]

EVERYTHING: dict[str, Any] = {
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs", "readonly": True},
    "hostname": "web",
    "domainname": "example.org",
    "annotations": {"org.example.key": "value"},
    "mounts": [
        {
            "destination": "/data",
            "type": "tmpfs",
            "source": "scratch",
            "options": ["nosuid"],
            "uidMappings": IDS,
            "gidMappings": IDS,
        }
    ],
    "hooks": dict.fromkeys(
        ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"),
        HOOKS,
    ),
    "process": {
        "terminal": True,
        "consoleSize": {"height": 25, "width": 80},
        "cwd": "/",
        "env": ["PATH=/bin"],
        "args": ["sh"],
        "user": {"uid": 1, "gid": 2, "umask": 63, "additionalGids": [3]},
        "capabilities": {
            kind: ["CAP_KILL"]
            for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")
        },
        "rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 2}],
        "noNewPrivileges": True,
        "oomScoreAdj": 100,
        "apparmorProfile": "strict",
        "selinuxLabel": "system_u:system_r:container_t:s0",
        "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
        "scheduler": {
            "policy": "SCHED_DEADLINE",
            "nice": 1,
            "priority": 2,
            "flags": ["SCHED_FLAG_RESET_ON_FORK"],
            "runtime": 1000,
            "deadline": 2000,
            "period": 3000,
        },
        "execCPUAffinity": {"initial": "0", "final": "1"},
    },
    "linux": {
        "namespaces": [{"type": "network", "path": "/run/netns/a"}],
        "uidMappings": IDS,
        "gidMappings": IDS,
        "timeOffsets": {
            "monotonic": {"secs": 1, "nanosecs": 2},
            "boottime": {"secs": 3, "nanosecs": 4},
        },
        "devices": [
            {
                "type": "c",
                "path": "/dev/thing",
                "major": 10,
                "minor": 7,
                "fileMode": 420,
                "uid": 1,
                "gid": 2,
            }
        ],
        "netDevices": {"eth0": {"name": "lan0"}},
        "cgroupsPath": "/shop/web",
        "sysctl": {"net.core.somaxconn": "256"},
        "rootfsPropagation": "shared",
        "maskedPaths": ["/proc/kcore"],
        "readonlyPaths": ["/proc/sys"],
        "mountLabel": "system_u:object_r:container_file_t:s0",
        "personality": {"domain": "LINUX32", "flags": ["NONE"]},
        "intelRdt": {
            "closID": "gold",
            "schemata": ["L3:0=f"],
            "l3CacheSchema": "L3:0=f",
            "memBwSchema": "MB:0=50",
            "enableMonitoring": True,
        },
        "memoryPolicy": {
            "mode": "MPOL_BIND",
            "nodes": "0",
            "flags": ["MPOL_F_STATIC_NODES"],
        },
        "seccomp": {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 38,
            "flags": ["SECCOMP_FILTER_FLAG_LOG"],
            "listenerPath": "/run/listener",
            "listenerMetadata": "data",
            "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [
                {
                    "names": ["read"],
                    "action": "SCMP_ACT_ERRNO",
                    "errnoRet": 1,
                    "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"}],
                }
            ],
        },
        "resources": {
            "devices": [{"allow": True, "type": "c", "major": 10, "minor": 7, "access": "rw"}],
            "memory": {
                "limit": 1 << 28,
                "reservation": 1 << 27,
                "swap": 1 << 29,
                "kernel": 1 << 20,
                "kernelTCP": 1 << 20,
                "swappiness": 10,
                "disableOOMKiller": True,
                "useHierarchy": True,
                "checkBeforeUpdate": True,
            },
            "cpu": {
                "shares": 512,
                "quota": 50000,
                "burst": 1000,
                "period": 100000,
                "realtimeRuntime": 1000,
                "realtimePeriod": 100000,
                "cpus": "0",
                "mems": "0",
                "idle": 0,
            },
            "blockIO": {
                "weight": 100,
                "leafWeight": 100,
                "weightDevice": [{**DISK, "weight": 100, "leafWeight": 100}],
            }
            | {
                f"throttle{way}{unit}Device": [{**DISK, "rate": 1000}]
                for way in ("Read", "Write")
                for unit in ("Bps", "IOPS")
            },
            "hugepageLimits": [{"pageSize": "2MB", "limit": 1 << 22}],
            "network": {"classID": 1, "priorities": [{"name": "eth0", "priority": 3}]},
            "pids": {"limit": 100},
            "rdma": {"mlx5_0": {"hcaHandles": 3, "hcaObjects": 4}},
            "unified": {"memory.high": "1000"},
        },
    },
}

Path_ = tuple[str | int, ...]


def properties(document: str = "config.json") -> Iterator[tuple[str, ...]]:
    """Paths of all properties of a schema; "*" stands for any index or key."""
    yield from _walk(_load(document), document, ())


def _load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / name).read_text())
    return found


def _walk(schema: dict[str, Any], document: str, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if reference := schema.get("$ref"):
        file, _, pointer = reference.partition("#")
        document = file or document
        schema = _load(document)
        for token in pointer.split("/")[1:]:
            schema = schema[token]
        yield from _walk(schema, document, at)
        return
    for name, inner in schema.get("properties", {}).items():
        yield (*at, name)
        yield from _walk(inner, document, (*at, name))
    for key in ("items", "additionalProperties"):
        inner = schema.get(key)
        if isinstance(inner, dict):
            yield from _walk(inner, document, (*at, "*"))


def lookup(path: tuple[str, ...]) -> Any:
    """The example's value of a property. Raises KeyError or IndexError without one."""
    value: Any = EVERYTHING
    for token in path:
        if isinstance(value, list):
            value = value[0]
        elif token == "*":
            value = next(iter(value.values()))
        else:
            value = value[token]
    return value


def only(path: tuple[str, ...]) -> Any:
    """The part of the example that leads to one property. Elements of lists stay whole."""
    return _only(EVERYTHING, path)


def _only(value: Any, path: tuple[str, ...]) -> Any:
    if not path or isinstance(value, list) or path[0] == "*":
        return value
    return {path[0]: _only(value[path[0]], path[1:])}
