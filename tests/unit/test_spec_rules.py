# SPDX-License-Identifier: Apache-2.0
"""Each rule on a configuration that breaks it alone; the base breaks none."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from support.verdicts import generated, samples

from pyruntime.spec import rules, rules_process, rules_resources
from pyruntime.spec.findings import Findings, is_list_of_numbers, shown

ID = {"containerID": 0, "hostID": 1000, "size": 10}
BASE: dict[str, Any] = {
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs"},
    "process": {"cwd": "/", "args": ["sh"], "env": ["A=b", "C="], "user": {"uid": 0, "gid": 0}},
    "hostname": "h",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/data", "source": "data", "options": ["rbind", "ro"]},
        {"destination": "/", "options": ["rslave"]},
    ],
    "hooks": {"poststop": [{"path": "/bin/true"}]},
    "linux": {
        "namespaces": [{"type": kind} for kind in ("pid", "mount", "uts", "ipc", "network")],
        "maskedPaths": ["/proc/kcore"],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
    },
}


def config(**changes: Any) -> dict[str, Any]:
    """The base with values at "a/b/0/c"; None deletes; missing parents are made as objects."""
    made = copy.deepcopy(BASE)
    for path, value in changes.items():
        holder: Any = made
        parts = [int(p) if p.isdigit() else p for p in path.split("__")]
        for part in parts[:-1]:
            holder = holder[part] if isinstance(part, int) else holder.setdefault(part, {})
        if value is None:
            del holder[parts[-1]]
        else:
            holder[parts[-1]] = value
    return made


def found(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    assert generated("config")(document) is None
    return [(p.severity, p.pointer, p.message) for p in rules.check(document)]


def test_base_is_clean() -> None:
    assert found(BASE) == []


def spaces(*extra: dict[str, Any]) -> list[dict[str, Any]]:
    return [*BASE["linux"]["namespaces"], *extra]


def user(path: str = "", **linux: Any) -> dict[str, Any]:
    entry = {"type": "user", **({"path": path} if path else {})}
    return {"linux__namespaces": spaces(entry), **{f"linux__{k}": v for k, v in linux.items()}}


def rule(action: str, **more: Any) -> dict[str, Any]:
    return {"names": ["write"], "action": f"SCMP_ACT_{action}", **more}


def seccomp(*syscalls: Any, default: str = "ALLOW", **more: Any) -> dict[str, Any]:
    section = {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(syscalls), **more}
    return {"linux__seccomp": section}


def mount(**fields: Any) -> dict[str, Any]:
    return {"mounts": [{"destination": "/m", "type": "tmpfs", **fields}]}


def process(name: str, value: Any) -> dict[str, Any]:
    return {f"process__{name}": value}


def sched(policy: str, **more: int) -> dict[str, Any]:
    return process("scheduler", {"policy": f"SCHED_{policy}", **more})


def limits(name: str, **more: Any) -> dict[str, Any]:
    return {f"linux__resources__{name}": more}


R = "/linux/resources"
ERRORS: list[tuple[dict[str, Any], str, str]] = [
    ({"ociVersion": "1.0"}, "/ociVersion", "semantic version"),
    ({"ociVersion": "1.03.0"}, "/ociVersion", "semantic version"),
    ({"ociVersion": "v1.0.0"}, "/ociVersion", "semantic version"),
    ({"ociVersion": "2.0.0"}, "/ociVersion", "not supported"),
    ({"root": None}, "", 'needs "root"'),
    ({"root__path": ""}, "/root/path", "empty"),
    ({"linux__namespaces": spaces({"type": "pid"})}, "/linux/namespaces/5", "second pid"),
    (
        {"linux__namespaces": spaces({"type": "cgroup", "path": "x"})},
        "/linux/namespaces/5/path",
        'not "x"',
    ),
    ({"linux__namespaces__2__type": "cgroup"}, "/hostname", "needs a uts namespace"),
    ({"hostname": "h" * 65}, "/hostname", "64 bytes"),
    (
        {"hostname": None, "domainname": "d", "linux__namespaces__2__type": "cgroup"},
        "/domainname",
        "needs a uts namespace",
    ),
    (process("cwd", "tmp"), "/process/cwd", 'not "tmp"'),
    (process("cwd", ""), "/process/cwd", 'not ""'),
    (process("args", None), "/process", 'needs "args"'),
    (process("args", []), "/process/args", "name a program"),
    (process("args", [""]), "/process/args/0", "name a program"),
    (process("args", ["a\0b"]), "/process/args/0", "NUL"),
    (process("env", ["A=b", "SECRET"]), "/process/env/1", "NAME=value"),
    (process("env", ["=SECRET"]), "/process/env/0", "name before"),
    (process("env", ["A=\0"]), "/process/env/0", "NUL"),
    ({"annotations": {"a\0": "b"}}, "/annotations", "NUL"),
    ({"annotations": {"": "b"}}, "/annotations", "empty key"),
    (
        {"process__terminal": True, "process__consoleSize": {"height": 1, "width": 65536}},
        "/process/consoleSize/width",
        "65535",
    ),
    (process("oomScoreAdj", -1001), "/process/oomScoreAdj", "-1000"),
    (process("user", {"uid": 0xFFFFFFFF}), "/process/user/uid", "not an id"),
    (process("user", {"additionalGids": [1, 0xFFFFFFFF]}), "/process/user/additionalGids/1", "id"),
    (process("user", {"umask": 512}), "/process/user/umask", "511"),
    (
        process("rlimits", [{"type": "RLIMIT_BOGUS", "soft": 1, "hard": 1}]),
        "/process/rlimits/0/type",
        "not a limit",
    ),
    (
        process("rlimits", [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2),
        "/process/rlimits/1",
        "second RLIMIT_CPU",
    ),
    (
        process("rlimits", [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]),
        "/process/rlimits/0/soft",
        "hard limit",
    ),
    (sched("OTHER", nice=20), "/process/scheduler/nice", "-20 to 19"),
    (sched("OTHER", priority=1), "/process/scheduler/priority", "needs SCHED_FIFO"),
    (sched("FIFO"), "/process/scheduler/priority", "1 to 99"),
    (sched("RR", priority=5, runtime=1), "/process/scheduler/runtime", "needs SCHED_DEADLINE"),
    (sched("DEADLINE", runtime=2, deadline=1), "/process/scheduler", "deadline"),
    (
        process("ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 8}),
        "/process/ioPriority/priority",
        "0 (highest) to 7",
    ),
    (process("execCPUAffinity", {"final": "3-1"}), "/process/execCPUAffinity/final", "list"),
    (mount(destination=""), "/mounts/0/destination", "empty"),
    (mount(type="bind"), "/mounts/0/type", "not a filesystem type"),
    ({"mounts": [{"destination": "/m"}]}, "/mounts/0", 'needs "type"'),
    (mount(options=["bind"]), "/mounts/0", 'needs "source"'),
    (mount(destination="/proc"), "/mounts/0/type", "proc on /proc"),
    (mount(destination="/x/../proc//sys/"), "/mounts/0/destination", '"/proc/sys"'),
    (mount(uidMappings=[ID], options=["idmap"]), "/mounts/0", '"gidMappings"'),
    (mount(gidMappings=[ID], options=["idmap"]), "/mounts/0", '"uidMappings"'),
    (mount(options=["ridmap"]), "/mounts/0/options", "needs mappings"),
    (
        mount(uidMappings=[{**ID, "size": 0}], gidMappings=[ID], options=["idmap"]),
        "/mounts/0/uidMappings/0/size",
        "at least 1",
    ),
    ({"hooks__poststop__0__path": "true"}, "/hooks/poststop/0/path", "absolute"),
    ({"hooks__poststop__0__env": ["A"]}, "/hooks/poststop/0/env/0", "NAME=value"),
    ({"linux__uidMappings": [ID]}, "/linux/uidMappings", "needs a user namespace"),
    (user(uidMappings=[ID]), "/linux", 'needs "gidMappings"'),
    (
        user(uidMappings=[ID, {**ID, "hostID": 5000}], gidMappings=[ID]),
        "/linux/uidMappings/1/containerID",
        "overlaps",
    ),
    (
        user(uidMappings=[ID, {**ID, "containerID": 50}], gidMappings=[ID]),
        "/linux/uidMappings/1/hostID",
        "overlaps",
    ),
    (
        user(uidMappings=[{**ID, "hostID": 0xFFFFFFF8}], gidMappings=[ID]),
        "/linux/uidMappings/0",
        "largest id",
    ),
    (
        user(
            uidMappings=[{"containerID": i, "hostID": i, "size": 1} for i in range(341)],
            gidMappings=[ID],
        ),
        "/linux/uidMappings",
        "at most 340",
    ),
    ({"linux__maskedPaths": ["proc"]}, "/linux/maskedPaths/0", 'not "proc"'),
    ({"linux__readonlyPaths": [""]}, "/linux/readonlyPaths/0", 'not ""'),
    ({"linux__namespaces__1__type": "cgroup"}, "/linux/maskedPaths", "needs a mount namespace"),
    ({"linux__cgroupsPath": "/a/../b"}, "/linux/cgroupsPath", '".."'),
    ({"linux__timeOffsets": {"boottime": {}}}, "/linux/timeOffsets", "needs a time namespace"),
    (
        {
            "linux__namespaces": spaces({"type": "time", "path": "/t"}),
            "linux__timeOffsets": {"boottime": {"secs": 1}},
        },
        "/linux/timeOffsets",
        "joined",
    ),
    (
        {
            "linux__namespaces": spaces({"type": "time"}),
            "linux__timeOffsets": {"boottime": {"nanosecs": 1_000_000_000}},
        },
        "/linux/timeOffsets/boottime/nanosecs",
        "less than",
    ),
    ({"linux__devices": [{"type": "p", "path": "dev/x"}]}, "/linux/devices/0/path", "absolute"),
    ({"linux__devices": [{"type": "c", "path": "/d", "major": 1}]}, "/linux/devices/0", '"minor"'),
    (
        {"linux__devices": [{"type": "b", "path": "/d", "major": -1, "minor": 0}]},
        "/linux/devices/0/major",
        "0 to 4095",
    ),
    ({"linux__netDevices": {"a/b": {}}}, "/linux/netDevices/a~1b", "can't name"),
    ({"linux__netDevices": {"a": {"name": "b c"}}}, "/linux/netDevices/a/name", "can't name"),
    (
        {"linux__netDevices": {"a": {}, "b": {"name": "a"}}},
        "/linux/netDevices/b/name",
        "second",
    ),
    (
        {"linux__netDevices": {"a": {}}, "linux__namespaces__4__type": "cgroup"},
        "/linux/netDevices",
        "needs a network namespace",
    ),
    ({"linux__sysctl": {"vm.swappiness": "1"}}, "/linux/sysctl/vm.swappiness", "the host"),
    ({"linux__sysctl": {"kernel.hostname": "1"}}, "/linux/sysctl/kernel.hostname", "hostname"),
    ({"linux__sysctl": {"user.max_x": "1"}}, "/linux/sysctl/user.max_x", "user namespace"),
    ({"linux__sysctl": {"net/../vm/x": "1"}}, "/linux/sysctl/net~1..~1vm~1x", "not the name"),
    ({"linux__sysctl": {"net.//.x": "1"}}, "/linux/sysctl/net.~1~1.x", "not the name"),
    ({"linux__sysctl": {"kernel.sem.": "1"}}, "/linux/sysctl/kernel.sem.", "not the name"),
    ({"linux__sysctl": {"net": "1"}}, "/linux/sysctl/net", "the host"),
    (
        {"linux__sysctl": {"kernel.sem": "1"}, "linux__namespaces__3__type": "cgroup"},
        "/linux/sysctl/kernel.sem",
        "needs an ipc namespace",
    ),
    (
        {"linux__sysctl": {"net.a": "1"}, "linux__namespaces__4__type": "cgroup"},
        "/linux/sysctl/net.a",
        "needs a network namespace",
    ),
    (
        seccomp(default="NOTIFY", listenerPath="/s"),
        "/linux/seccomp/defaultAction",
        "can't be SCMP_ACT_NOTIFY",
    ),
    (seccomp(defaultErrnoRet=1), "/linux/seccomp/defaultErrnoRet", "takes no errno"),
    (seccomp(rule("KILL", errnoRet=1)), "/linux/seccomp/syscalls/0/errnoRet", "takes no errno"),
    (seccomp(rule("ERRNO", errnoRet=65536)), "/linux/seccomp/syscalls/0/errnoRet", "65535"),
    (
        seccomp(rule("NOTIFY"), listenerPath="/s"),
        "/linux/seccomp/syscalls/0/names",
        "can't notify",
    ),
    (seccomp(rule("NOTIFY", names=["open"])), "/linux/seccomp", '"listenerPath"'),
    (seccomp(listenerMetadata="x"), "/linux/seccomp/listenerMetadata", "listenerPath"),
    (
        seccomp(rule("KILL", args=[{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}])),
        "/linux/seccomp/syscalls/0/args/0/index",
        "0 to 5",
    ),
    ({"linux__intelRdt": {"closID": "a/b"}}, "/linux/intelRdt/closID", "can't name"),
    ({"linux__intelRdt": {"l3CacheSchema": "L3:\n"}}, "/linux/intelRdt/l3CacheSchema", "one line"),
    ({"linux__intelRdt": {"schemata": ["a\n"]}}, "/linux/intelRdt/schemata/0", "one line"),
    ({"linux__memoryPolicy": {}}, "/linux/memoryPolicy", 'needs "mode"'),
    (
        {"linux__memoryPolicy": {"mode": "MPOL_BIND", "nodes": "x"}},
        "/linux/memoryPolicy/nodes",
        "list",
    ),
    ({"linux__memoryPolicy": {"mode": "MPOL_BIND"}}, "/linux/memoryPolicy", '"nodes"'),
    (
        {"linux__memoryPolicy": {"mode": "MPOL_LOCAL", "nodes": "0"}},
        "/linux/memoryPolicy/nodes",
        "empty",
    ),
    (
        {
            "linux__memoryPolicy": {
                "mode": "MPOL_PREFERRED",
                "flags": ["MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"],
            }
        },
        "/linux/memoryPolicy/flags",
        "at once",
    ),
    ({"linux__personality": {}}, "/linux/personality", '"domain"'),
    (
        {"linux__personality": {"domain": "LINUX", "flags": ["x"]}},
        "/linux/personality/flags",
        "no flag",
    ),
    ({"linux__resources__devices__0__type": "u"}, f"{R}/devices/0/type", "a, b or c"),
    ({"linux__resources__devices__0__access": "rx"}, f"{R}/devices/0/access", "letters"),
    ({"linux__resources__devices__0__major": -2}, f"{R}/devices/0/major", "-1"),
    (limits("memory", limit=-2), f"{R}/memory/limit", "-1"),
    (limits("memory", swap=5), f"{R}/memory/swap", "needs a limit"),
    (limits("memory", limit=6, swap=5), f"{R}/memory/swap", "at least the limit, 6"),
    (limits("memory", swappiness=101), f"{R}/memory/swappiness", "0 to 100"),
    (limits("cpu", period=999), f"{R}/cpu/period", "1000 to 1000000"),
    (limits("cpu", quota=999), f"{R}/cpu/quota", "1000"),
    (limits("cpu", quota=-2), f"{R}/cpu/quota", "-1"),
    (limits("cpu", quota=5000, burst=5001), f"{R}/cpu/burst", "at most the quota"),
    (
        limits("cpu", realtimeRuntime=2, realtimePeriod=1),
        f"{R}/cpu/realtimeRuntime",
        "realtime period",
    ),
    (limits("cpu", idle=2), f"{R}/cpu/idle", "0 or 1"),
    (limits("cpu", cpus="a"), f"{R}/cpu/cpus", "CPUs"),
    (limits("cpu", mems="1-"), f"{R}/cpu/mems", "memory nodes"),
    (limits("blockIO", weight=9), f"{R}/blockIO/weight", "10 to 1000"),
    (
        limits("blockIO", weightDevice=[{"major": 1, "minor": 1}]),
        f"{R}/blockIO/weightDevice/0",
        '"leafWeight"',
    ),
    (
        limits("blockIO", throttleWriteIOPSDevice=[{"major": 1, "minor": 1}]),
        f"{R}/blockIO/throttleWriteIOPSDevice/0",
        '"rate"',
    ),
    (
        limits("blockIO", throttleReadBpsDevice=[{"major": -1, "minor": 1, "rate": 1}]),
        f"{R}/blockIO/throttleReadBpsDevice/0/major",
        "at least 0",
    ),
    (limits("pids", limit=-2), f"{R}/pids/limit", "-1"),
    (
        limits("network", priorities=[{"name": "", "priority": 1}]),
        f"{R}/network/priorities/0/name",
        "can't name",
    ),
    (limits("rdma", mlx5={}), f"{R}/rdma/mlx5", '"hcaHandles"'),
    (limits("unified", **{"a/b": "1"}), f"{R}/unified/a~1b", "can't name"),
    (
        limits("unified", **{"cgroup.procs": "1"}),
        f"{R}/unified/cgroup.procs",
        "moves, stops or ends",
    ),
    (limits("unified", **{"cgroup.kill": "1"}), f"{R}/unified/cgroup.kill", "moves, stops or ends"),
]


@pytest.mark.parametrize(("changes", "pointer", "part"), ERRORS)
def test_errors(changes: dict[str, Any], pointer: str, part: str) -> None:
    problems = found(config(**changes))
    assert [(severity, at) for severity, at, _ in problems] == [("error", pointer)]
    assert part in problems[0][2]
    assert "SECRET" not in problems[0][2]


WARNINGS: list[tuple[dict[str, Any], str, str]] = [
    (mount(destination="m"), "/mounts/0/destination", "relative to /"),
    (mount(uidMappings=[ID], gidMappings=[ID]), "/mounts/0", "no idmap"),
    (limits("memory", kernel=1), f"{R}/memory/kernel", "deprecated"),
]


@pytest.mark.parametrize(("changes", "pointer", "part"), WARNINGS)
def test_warnings(changes: dict[str, Any], pointer: str, part: str) -> None:
    problems = found(config(**changes))
    assert [(severity, at) for severity, at, _ in problems] == [("warning", pointer)]
    assert part in problems[0][2]


def test_mappings_beside_a_joined_user_namespace_are_warned_of() -> None:
    problems = found(config(**user("/u", uidMappings=[ID], gidMappings=[ID])))
    assert [at for severity, at, _ in problems if severity == "warning"] == [
        "/linux/uidMappings",
        "/linux/gidMappings",
    ]


FINE: list[dict[str, Any]] = [
    {"ociVersion": "1.0.2-dev"},
    {"ociVersion": "1.1.0-rc.1"},
    {"ociVersion": "1.99.0+build.7"},
    {"ociVersion": "0.5.0-dev"},
    {"process": None},
    {"hostname": "", "linux__namespaces__2__type": "cgroup"},
    process("consoleSize", {"height": 1 << 32, "width": 0}),
    mount(destination="/proc/cpuinfo", source="/x", options=["bind"]),
    mount(destination="/sys/proc"),
    {"mounts": [{"destination": "/proc", "source": "/proc", "options": ["rbind"]}]},
    user("/u"),
    user(uidMappings=[ID, {**ID, "containerID": 10, "hostID": 1010}], gidMappings=[ID]),
    {**user(uidMappings=[ID], gidMappings=[ID]), **mount(options=["idmap"])},
    {"linux__sysctl": {"net/ipv4/conf/eno2.100/rp_filter": "1", "kernel.domainname": "x"}},
    {"linux__sysctl": {"fs.mqueue.msg_max": "1", "kernel.msgmax": "1", "net.a": ""}},
    {"linux__netDevices": {"a": {"name": "x%d"}, "b": {"name": "x%d"}}},
    seccomp(rule("ERRNO", errnoRet=38), rule("TRACE", errnoRet=1), default="ERRNO"),
    seccomp(rule("NOTIFY", names=["open"]), listenerPath="/s", listenerMetadata="x"),
    {"linux__intelRdt": {"closID": "/"}},
    {"linux__memoryPolicy": {"mode": "MPOL_PREFERRED", "nodes": ""}},
    {"linux__timeOffsets": {}},
    limits("memory", limit=-1, swap=-1),
    limits("memory", limit=5, swap=5),
    limits("cpu", quota=-1, period=0, burst=5, cpus="0-3,7", mems="", shares=0),
    limits("pids", limit=0),
    limits("blockIO", weight=0),
    sched("DEADLINE", runtime=1, deadline=2, period=2),
    sched("FIFO", priority=99),
    {"hooks": {"unknown": [1]}},
    process("capabilities", {"unknown": [1]}),
]


@pytest.mark.parametrize("changes", FINE)
def test_nothing_to_say(changes: dict[str, Any]) -> None:
    assert found(config(**changes)) == []


def test_official_samples() -> None:
    """Three good samples are of use as schema tests only."""
    broken = {}
    for path in samples("config", "good"):
        problems = found(json.loads(path.read_text()))
        errors = [at for severity, at, _ in problems if severity == "error"]
        if errors:
            broken[path.name] = errors
    assert broken == {
        "freebsd-example.json": ["/hostname"],
        "linux-netdevice.json": ["/linux/netDevices"],
        "zos-example.json": ["/hostname"],
    }


def test_process_alone() -> None:
    problems = rules_process.check_document({"cwd": "x", "args": ["a\0"]})
    assert [p.pointer for p in problems] == ["/cwd", "/args/0"]


def test_capabilities_are_left_to_the_plan() -> None:
    sets = {"bounding": ["CAP_KILL", "KILL"], "unknown": [1]}
    assert found(config(process__capabilities=sets)) == []
    problems = Findings()
    rules_process.check_capabilities(sets, "/c", problems)
    assert [(p.severity, p.pointer) for p in problems] == [("warning", "/c/bounding/1")]


def test_resources_alone() -> None:
    problems = Findings()
    rules_resources.check({"pids": {"limit": -2}}, "", problems)
    assert [p.pointer for p in problems] == ["/pids/limit"]


@pytest.mark.parametrize("text", ["", "0", "0-3,7", " 0 - 3 ", "0-31:2/4", "1,,2"])
def test_lists_of_numbers(text: str) -> None:
    assert is_list_of_numbers(text)


@pytest.mark.parametrize("text", ["a", "-", "1-", "-1", "3-1", "0-3:", "0-3:2", "1:2/4", "9" * 10])
def test_not_lists_of_numbers(text: str) -> None:
    assert not is_list_of_numbers(text)


def test_shown_is_short_and_one_line() -> None:
    assert shown("a\nb") == '"a\\nb"'
    assert len(shown("x" * 1000)) == 62
