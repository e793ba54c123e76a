# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/config.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validator of a config document."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Fault = tuple[str, str, str]


def _key(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _int(x: Any, low: int | None, high: int | None) -> tuple[str, str] | None:
    if (type(x) is not int and type(x) is not float) or x % 1 != 0:
        return "type", "must be an integer"
    if low is not None and x < low:
        return "minimum", f"must be at least {low}"
    if high is not None and x > high:
        return "maximum", f"must be at most {high}"
    return None


def _word(x: Any, keyword: str) -> tuple[str, str]:
    if type(x) is not str:
        return "type", "must be a string"
    return keyword, "is not one of the known values" if keyword == "enum" else "has a wrong form"


def _strings(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str:
            return f"/{i}", "type", "must be a string"
    return None


_W0 = frozenset(("IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE",))
_W1 = frozenset(("SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE",))
_W2 = frozenset(("SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX",))
_W3 = frozenset(("mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time",))
_W4 = frozenset(("c", "b", "u", "p",))
_W5 = frozenset(("MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL",))
_W6 = frozenset(("MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",))
_W7 = frozenset(("SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",))
_W8 = frozenset(("SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",))
_W9 = frozenset(("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",))
_W10 = frozenset(("SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",))
_W11 = frozenset(("private", "shared", "slave", "unbindable",))
_W12 = frozenset(("LINUX", "LINUX32",))


def _personality(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "domain" in v:
        x = v["domain"]
        if type(x) is not str or x not in _W12:
            return "/domain", *_word(x, "enum")
    if "flags" in v:
        x = v["flags"]
        if e := _strings(x):
            return "/flags" + e[0], e[1], e[2]
    return None


def _arg(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "index" not in v:
        return "", "required", 'needs "index"'
    if "value" not in v:
        return "", "required", 'needs "value"'
    if "op" not in v:
        return "", "required", 'needs "op"'
    x = v["index"]
    if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
        return "/index", bad[0], bad[1]
    x = v["value"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/value", bad[0], bad[1]
    if "valueTwo" in v:
        x = v["valueTwo"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/valueTwo", bad[0], bad[1]
    x = v["op"]
    if type(x) is not str or x not in _W10:
        return "/op", *_word(x, "enum")
    return None


def _args(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _arg(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _names(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    if len(v) < 1:
        return "", "minItems", "must have at least 1 entry"
    for i, x in enumerate(v):
        if type(x) is not str:
            return f"/{i}", "type", "must be a string"
    return None


def _syscall(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "names" not in v:
        return "", "required", 'needs "names"'
    if "action" not in v:
        return "", "required", 'needs "action"'
    x = v["names"]
    if e := _names(x):
        return "/names" + e[0], e[1], e[2]
    x = v["action"]
    if type(x) is not str or x not in _W7:
        return "/action", *_word(x, "enum")
    if "errnoRet" in v:
        x = v["errnoRet"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/errnoRet", bad[0], bad[1]
    if "args" in v:
        x = v["args"]
        if e := _args(x):
            return "/args" + e[0], e[1], e[2]
    return None


def _syscalls(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _syscall(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _flags__(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W9:
            return f"/{i}", *_word(x, "enum")
    return None


def _architectures(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W8:
            return f"/{i}", *_word(x, "enum")
    return None


def _seccomp(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "defaultAction" not in v:
        return "", "required", 'needs "defaultAction"'
    x = v["defaultAction"]
    if type(x) is not str or x not in _W7:
        return "/defaultAction", *_word(x, "enum")
    if "defaultErrnoRet" in v:
        x = v["defaultErrnoRet"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/defaultErrnoRet", bad[0], bad[1]
    if "architectures" in v:
        x = v["architectures"]
        if e := _architectures(x):
            return "/architectures" + e[0], e[1], e[2]
    if "flags" in v:
        x = v["flags"]
        if e := _flags__(x):
            return "/flags" + e[0], e[1], e[2]
    if "listenerPath" in v:
        x = v["listenerPath"]
        if type(x) is not str:
            return "/listenerPath", "type", "must be a string"
    if "listenerMetadata" in v:
        x = v["listenerMetadata"]
        if type(x) is not str:
            return "/listenerMetadata", "type", "must be a string"
    if "syscalls" in v:
        x = v["syscalls"]
        if e := _syscalls(x):
            return "/syscalls" + e[0], e[1], e[2]
    return None


def _sysctl(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if type(x) is not str:
            return _key(key), "type", "must be a string"
    return None


def _flags_(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W6:
            return f"/{i}", *_word(x, "enum")
    return None


def _memoryPolicy(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "mode" in v:
        x = v["mode"]
        if type(x) is not str or x not in _W5:
            return "/mode", *_word(x, "enum")
    if "nodes" in v:
        x = v["nodes"]
        if type(x) is not str:
            return "/nodes", "type", "must be a string"
    if "flags" in v:
        x = v["flags"]
        if e := _flags_(x):
            return "/flags" + e[0], e[1], e[2]
    return None


def _intelRdt(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "closID" in v:
        x = v["closID"]
        if type(x) is not str:
            return "/closID", "type", "must be a string"
    if "schemata" in v:
        x = v["schemata"]
        if e := _strings(x):
            return "/schemata" + e[0], e[1], e[2]
    if "l3CacheSchema" in v:
        x = v["l3CacheSchema"]
        if type(x) is not str:
            return "/l3CacheSchema", "type", "must be a string"
    if "memBwSchema" in v:
        x = v["memBwSchema"]
        if type(x) is not str or not (x.startswith("MB:") and "\n" not in x):
            return "/memBwSchema", *_word(x, "pattern")
    if "enableMonitoring" in v:
        x = v["enableMonitoring"]
        if x is not True and x is not False:
            return "/enableMonitoring", "type", "must be true or false"
    return None


def _unified(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if type(x) is not str:
            return _key(key), "type", "must be a string"
    return None


def _rdma_value(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "hcaHandles" in v:
        x = v["hcaHandles"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/hcaHandles", bad[0], bad[1]
    if "hcaObjects" in v:
        x = v["hcaObjects"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/hcaObjects", bad[0], bad[1]
    return None


def _rdma(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if e := _rdma_value(x):
            return _key(key) + e[0], e[1], e[2]
    return None


def _pids(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "limit" not in v:
        return "", "required", 'needs "limit"'
    x = v["limit"]
    if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
        return "/limit", bad[0], bad[1]
    return None


def _prioritie(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "name" not in v:
        return "", "required", 'needs "name"'
    if "priority" not in v:
        return "", "required", 'needs "priority"'
    x = v["name"]
    if type(x) is not str:
        return "/name", "type", "must be a string"
    x = v["priority"]
    if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
        return "/priority", bad[0], bad[1]
    return None


def _priorities(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _prioritie(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _network(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "classID" in v:
        x = v["classID"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/classID", bad[0], bad[1]
    if "priorities" in v:
        x = v["priorities"]
        if e := _priorities(x):
            return "/priorities" + e[0], e[1], e[2]
    return None


def _hugepageLimit(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "pageSize" not in v:
        return "", "required", 'needs "pageSize"'
    if "limit" not in v:
        return "", "required", 'needs "limit"'
    x = v["pageSize"]
    if type(x) is not str or not (x.endswith(("KB", "MB", "GB")) and x[:1] in "123456789" and len(x) > 2 and not x[:-2].strip("0123456789")):
        return "/pageSize", *_word(x, "pattern")
    x = v["limit"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/limit", bad[0], bad[1]
    return None


def _hugepageLimits(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _hugepageLimit(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _throttle(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "major" not in v:
        return "", "required", 'needs "major"'
    if "minor" not in v:
        return "", "required", 'needs "minor"'
    x = v["major"]
    if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
        return "/major", bad[0], bad[1]
    x = v["minor"]
    if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
        return "/minor", bad[0], bad[1]
    if "rate" in v:
        x = v["rate"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/rate", bad[0], bad[1]
    return None


def _throttles(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _throttle(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _weightDevice_item(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "major" not in v:
        return "", "required", 'needs "major"'
    if "minor" not in v:
        return "", "required", 'needs "minor"'
    x = v["major"]
    if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
        return "/major", bad[0], bad[1]
    x = v["minor"]
    if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
        return "/minor", bad[0], bad[1]
    if "weight" in v:
        x = v["weight"]
        if (type(x) is not int or not 0 <= x <= 65535) and (bad := _int(x, 0, 65535)):
            return "/weight", bad[0], bad[1]
    if "leafWeight" in v:
        x = v["leafWeight"]
        if (type(x) is not int or not 0 <= x <= 65535) and (bad := _int(x, 0, 65535)):
            return "/leafWeight", bad[0], bad[1]
    return None


def _weightDevice(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _weightDevice_item(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _blockIO(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "weight" in v:
        x = v["weight"]
        if (type(x) is not int or not 0 <= x <= 65535) and (bad := _int(x, 0, 65535)):
            return "/weight", bad[0], bad[1]
    if "leafWeight" in v:
        x = v["leafWeight"]
        if (type(x) is not int or not 0 <= x <= 65535) and (bad := _int(x, 0, 65535)):
            return "/leafWeight", bad[0], bad[1]
    if "weightDevice" in v:
        x = v["weightDevice"]
        if e := _weightDevice(x):
            return "/weightDevice" + e[0], e[1], e[2]
    if "throttleReadBpsDevice" in v:
        x = v["throttleReadBpsDevice"]
        if e := _throttles(x):
            return "/throttleReadBpsDevice" + e[0], e[1], e[2]
    if "throttleWriteBpsDevice" in v:
        x = v["throttleWriteBpsDevice"]
        if e := _throttles(x):
            return "/throttleWriteBpsDevice" + e[0], e[1], e[2]
    if "throttleReadIOPSDevice" in v:
        x = v["throttleReadIOPSDevice"]
        if e := _throttles(x):
            return "/throttleReadIOPSDevice" + e[0], e[1], e[2]
    if "throttleWriteIOPSDevice" in v:
        x = v["throttleWriteIOPSDevice"]
        if e := _throttles(x):
            return "/throttleWriteIOPSDevice" + e[0], e[1], e[2]
    return None


def _cpu(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "shares" in v:
        x = v["shares"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/shares", bad[0], bad[1]
    if "quota" in v:
        x = v["quota"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/quota", bad[0], bad[1]
    if "burst" in v:
        x = v["burst"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/burst", bad[0], bad[1]
    if "period" in v:
        x = v["period"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/period", bad[0], bad[1]
    if "realtimeRuntime" in v:
        x = v["realtimeRuntime"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/realtimeRuntime", bad[0], bad[1]
    if "realtimePeriod" in v:
        x = v["realtimePeriod"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/realtimePeriod", bad[0], bad[1]
    if "cpus" in v:
        x = v["cpus"]
        if type(x) is not str:
            return "/cpus", "type", "must be a string"
    if "mems" in v:
        x = v["mems"]
        if type(x) is not str:
            return "/mems", "type", "must be a string"
    if "idle" in v:
        x = v["idle"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/idle", bad[0], bad[1]
    return None


def _memory(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "limit" in v:
        x = v["limit"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/limit", bad[0], bad[1]
    if "reservation" in v:
        x = v["reservation"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/reservation", bad[0], bad[1]
    if "swap" in v:
        x = v["swap"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/swap", bad[0], bad[1]
    if "kernel" in v:
        x = v["kernel"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/kernel", bad[0], bad[1]
    if "kernelTCP" in v:
        x = v["kernelTCP"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/kernelTCP", bad[0], bad[1]
    if "swappiness" in v:
        x = v["swappiness"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/swappiness", bad[0], bad[1]
    if "disableOOMKiller" in v:
        x = v["disableOOMKiller"]
        if x is not True and x is not False:
            return "/disableOOMKiller", "type", "must be true or false"
    if "useHierarchy" in v:
        x = v["useHierarchy"]
        if x is not True and x is not False:
            return "/useHierarchy", "type", "must be true or false"
    if "checkBeforeUpdate" in v:
        x = v["checkBeforeUpdate"]
        if x is not True and x is not False:
            return "/checkBeforeUpdate", "type", "must be true or false"
    return None


def _device_(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "allow" not in v:
        return "", "required", 'needs "allow"'
    x = v["allow"]
    if x is not True and x is not False:
        return "/allow", "type", "must be true or false"
    if "type" in v:
        x = v["type"]
        if type(x) is not str:
            return "/type", "type", "must be a string"
    if "major" in v:
        x = v["major"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/major", bad[0], bad[1]
    if "minor" in v:
        x = v["minor"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/minor", bad[0], bad[1]
    if "access" in v:
        x = v["access"]
        if type(x) is not str:
            return "/access", "type", "must be a string"
    return None


def _devices_(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _device_(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _resources(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "devices" in v:
        x = v["devices"]
        if e := _devices_(x):
            return "/devices" + e[0], e[1], e[2]
    if "memory" in v:
        x = v["memory"]
        if e := _memory(x):
            return "/memory" + e[0], e[1], e[2]
    if "cpu" in v:
        x = v["cpu"]
        if e := _cpu(x):
            return "/cpu" + e[0], e[1], e[2]
    if "blockIO" in v:
        x = v["blockIO"]
        if e := _blockIO(x):
            return "/blockIO" + e[0], e[1], e[2]
    if "hugepageLimits" in v:
        x = v["hugepageLimits"]
        if e := _hugepageLimits(x):
            return "/hugepageLimits" + e[0], e[1], e[2]
    if "network" in v:
        x = v["network"]
        if e := _network(x):
            return "/network" + e[0], e[1], e[2]
    if "pids" in v:
        x = v["pids"]
        if e := _pids(x):
            return "/pids" + e[0], e[1], e[2]
    if "rdma" in v:
        x = v["rdma"]
        if e := _rdma(x):
            return "/rdma" + e[0], e[1], e[2]
    if "unified" in v:
        x = v["unified"]
        if e := _unified(x):
            return "/unified" + e[0], e[1], e[2]
    return None


def _netDevices_value(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "name" in v:
        x = v["name"]
        if type(x) is not str:
            return "/name", "type", "must be a string"
    return None


def _netDevices(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if e := _netDevices_value(x):
            return _key(key) + e[0], e[1], e[2]
    return None


def _device(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "type" not in v:
        return "", "required", 'needs "type"'
    if "path" not in v:
        return "", "required", 'needs "path"'
    x = v["type"]
    if type(x) is not str or x not in _W4:
        return "/type", *_word(x, "enum")
    x = v["path"]
    if type(x) is not str:
        return "/path", "type", "must be a string"
    if "major" in v:
        x = v["major"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/major", bad[0], bad[1]
    if "minor" in v:
        x = v["minor"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/minor", bad[0], bad[1]
    if "fileMode" in v:
        x = v["fileMode"]
        if (type(x) is not int or not 0 <= x <= 511) and (bad := _int(x, 0, 511)):
            return "/fileMode", bad[0], bad[1]
    if "uid" in v:
        x = v["uid"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/uid", bad[0], bad[1]
    if "gid" in v:
        x = v["gid"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/gid", bad[0], bad[1]
    return None


def _devices(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _device(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _timeOffset(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "secs" in v:
        x = v["secs"]
        if (type(x) is not int or not -9223372036854775808 <= x <= 9223372036854775807) and (bad := _int(x, -9223372036854775808, 9223372036854775807)):
            return "/secs", bad[0], bad[1]
    if "nanosecs" in v:
        x = v["nanosecs"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/nanosecs", bad[0], bad[1]
    return None


def _timeOffsets(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "monotonic" in v:
        x = v["monotonic"]
        if e := _timeOffset(x):
            return "/monotonic" + e[0], e[1], e[2]
    if "boottime" in v:
        x = v["boottime"]
        if e := _timeOffset(x):
            return "/boottime" + e[0], e[1], e[2]
    return None


def _namespace(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "type" not in v:
        return "", "required", 'needs "type"'
    x = v["type"]
    if type(x) is not str or x not in _W3:
        return "/type", *_word(x, "enum")
    if "path" in v:
        x = v["path"]
        if type(x) is not str:
            return "/path", "type", "must be a string"
    return None


def _namespaces(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _namespace(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _linux(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "namespaces" in v:
        x = v["namespaces"]
        if e := _namespaces(x):
            return "/namespaces" + e[0], e[1], e[2]
    if "uidMappings" in v:
        x = v["uidMappings"]
        if e := _idMappings(x):
            return "/uidMappings" + e[0], e[1], e[2]
    if "gidMappings" in v:
        x = v["gidMappings"]
        if e := _idMappings(x):
            return "/gidMappings" + e[0], e[1], e[2]
    if "timeOffsets" in v:
        x = v["timeOffsets"]
        if e := _timeOffsets(x):
            return "/timeOffsets" + e[0], e[1], e[2]
    if "devices" in v:
        x = v["devices"]
        if e := _devices(x):
            return "/devices" + e[0], e[1], e[2]
    if "netDevices" in v:
        x = v["netDevices"]
        if e := _netDevices(x):
            return "/netDevices" + e[0], e[1], e[2]
    if "cgroupsPath" in v:
        x = v["cgroupsPath"]
        if type(x) is not str:
            return "/cgroupsPath", "type", "must be a string"
    if "resources" in v:
        x = v["resources"]
        if e := _resources(x):
            return "/resources" + e[0], e[1], e[2]
    if "intelRdt" in v:
        x = v["intelRdt"]
        if e := _intelRdt(x):
            return "/intelRdt" + e[0], e[1], e[2]
    if "memoryPolicy" in v:
        x = v["memoryPolicy"]
        if e := _memoryPolicy(x):
            return "/memoryPolicy" + e[0], e[1], e[2]
    if "sysctl" in v:
        x = v["sysctl"]
        if e := _sysctl(x):
            return "/sysctl" + e[0], e[1], e[2]
    if "seccomp" in v:
        x = v["seccomp"]
        if e := _seccomp(x):
            return "/seccomp" + e[0], e[1], e[2]
    if "rootfsPropagation" in v:
        x = v["rootfsPropagation"]
        if type(x) is not str or x not in _W11:
            return "/rootfsPropagation", *_word(x, "enum")
    if "maskedPaths" in v:
        x = v["maskedPaths"]
        if e := _strings(x):
            return "/maskedPaths" + e[0], e[1], e[2]
    if "readonlyPaths" in v:
        x = v["readonlyPaths"]
        if e := _strings(x):
            return "/readonlyPaths" + e[0], e[1], e[2]
    if "mountLabel" in v:
        x = v["mountLabel"]
        if type(x) is not str:
            return "/mountLabel", "type", "must be a string"
    if "personality" in v:
        x = v["personality"]
        if e := _personality(x):
            return "/personality" + e[0], e[1], e[2]
    return None


def _annotations(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if type(x) is not str:
            return _key(key), "type", "must be a string"
    return None


def _hook(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "path" not in v:
        return "", "required", 'needs "path"'
    x = v["path"]
    if type(x) is not str:
        return "/path", "type", "must be a string"
    if "args" in v:
        x = v["args"]
        if e := _strings(x):
            return "/args" + e[0], e[1], e[2]
    if "env" in v:
        x = v["env"]
        if e := _strings(x):
            return "/env" + e[0], e[1], e[2]
    if "timeout" in v:
        x = v["timeout"]
        if (type(x) is not int or x < 1) and (bad := _int(x, 1, None)):
            return "/timeout", bad[0], bad[1]
    return None


def _hooks_(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _hook(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _hooks(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "prestart" in v:
        x = v["prestart"]
        if e := _hooks_(x):
            return "/prestart" + e[0], e[1], e[2]
    if "createRuntime" in v:
        x = v["createRuntime"]
        if e := _hooks_(x):
            return "/createRuntime" + e[0], e[1], e[2]
    if "createContainer" in v:
        x = v["createContainer"]
        if e := _hooks_(x):
            return "/createContainer" + e[0], e[1], e[2]
    if "startContainer" in v:
        x = v["startContainer"]
        if e := _hooks_(x):
            return "/startContainer" + e[0], e[1], e[2]
    if "poststart" in v:
        x = v["poststart"]
        if e := _hooks_(x):
            return "/poststart" + e[0], e[1], e[2]
    if "poststop" in v:
        x = v["poststop"]
        if e := _hooks_(x):
            return "/poststop" + e[0], e[1], e[2]
    return None


def _idMapping(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "containerID" not in v:
        return "", "required", 'needs "containerID"'
    if "hostID" not in v:
        return "", "required", 'needs "hostID"'
    if "size" not in v:
        return "", "required", 'needs "size"'
    x = v["containerID"]
    if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
        return "/containerID", bad[0], bad[1]
    x = v["hostID"]
    if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
        return "/hostID", bad[0], bad[1]
    x = v["size"]
    if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
        return "/size", bad[0], bad[1]
    return None


def _idMappings(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _idMapping(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _mount(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "destination" not in v:
        return "", "required", 'needs "destination"'
    x = v["destination"]
    if type(x) is not str:
        return "/destination", "type", "must be a string"
    if "type" in v:
        x = v["type"]
        if type(x) is not str:
            return "/type", "type", "must be a string"
    if "source" in v:
        x = v["source"]
        if type(x) is not str:
            return "/source", "type", "must be a string"
    if "options" in v:
        x = v["options"]
        if e := _strings(x):
            return "/options" + e[0], e[1], e[2]
    if "uidMappings" in v:
        x = v["uidMappings"]
        if e := _idMappings(x):
            return "/uidMappings" + e[0], e[1], e[2]
    if "gidMappings" in v:
        x = v["gidMappings"]
        if e := _idMappings(x):
            return "/gidMappings" + e[0], e[1], e[2]
    return None


def _mounts(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _mount(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _execCPUAffinity(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "initial" in v:
        x = v["initial"]
        if type(x) is not str or not (not x.strip("0123456789, -")):
            return "/initial", *_word(x, "pattern")
    if "final" in v:
        x = v["final"]
        if type(x) is not str or not (not x.strip("0123456789, -")):
            return "/final", *_word(x, "pattern")
    return None


def _flags(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W2:
            return f"/{i}", *_word(x, "enum")
    return None


def _scheduler(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "policy" not in v:
        return "", "required", 'needs "policy"'
    x = v["policy"]
    if type(x) is not str or x not in _W1:
        return "/policy", *_word(x, "enum")
    if "nice" in v:
        x = v["nice"]
        if (type(x) is not int or not -2147483648 <= x <= 2147483647) and (bad := _int(x, -2147483648, 2147483647)):
            return "/nice", bad[0], bad[1]
    if "priority" in v:
        x = v["priority"]
        if (type(x) is not int or not -2147483648 <= x <= 2147483647) and (bad := _int(x, -2147483648, 2147483647)):
            return "/priority", bad[0], bad[1]
    if "flags" in v:
        x = v["flags"]
        if e := _flags(x):
            return "/flags" + e[0], e[1], e[2]
    if "runtime" in v:
        x = v["runtime"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/runtime", bad[0], bad[1]
    if "deadline" in v:
        x = v["deadline"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/deadline", bad[0], bad[1]
    if "period" in v:
        x = v["period"]
        if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
            return "/period", bad[0], bad[1]
    return None


def _ioPriority(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "class" not in v:
        return "", "required", 'needs "class"'
    x = v["class"]
    if type(x) is not str or x not in _W0:
        return "/class", *_word(x, "enum")
    if "priority" in v:
        x = v["priority"]
        if (type(x) is not int or not -2147483648 <= x <= 2147483647) and (bad := _int(x, -2147483648, 2147483647)):
            return "/priority", bad[0], bad[1]
    return None


def _rlimit(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "type" not in v:
        return "", "required", 'needs "type"'
    if "soft" not in v:
        return "", "required", 'needs "soft"'
    if "hard" not in v:
        return "", "required", 'needs "hard"'
    x = v["type"]
    if type(x) is not str or not (x.startswith("RLIMIT_") and len(x) > 7 and not x[7:].strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")):
        return "/type", *_word(x, "pattern")
    x = v["soft"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/soft", bad[0], bad[1]
    x = v["hard"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/hard", bad[0], bad[1]
    return None


def _rlimits(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if e := _rlimit(x):
            return f"/{i}" + e[0], e[1], e[2]
    return None


def _capabilities(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "bounding" in v:
        x = v["bounding"]
        if e := _strings(x):
            return "/bounding" + e[0], e[1], e[2]
    if "effective" in v:
        x = v["effective"]
        if e := _strings(x):
            return "/effective" + e[0], e[1], e[2]
    if "inheritable" in v:
        x = v["inheritable"]
        if e := _strings(x):
            return "/inheritable" + e[0], e[1], e[2]
    if "permitted" in v:
        x = v["permitted"]
        if e := _strings(x):
            return "/permitted" + e[0], e[1], e[2]
    if "ambient" in v:
        x = v["ambient"]
        if e := _strings(x):
            return "/ambient" + e[0], e[1], e[2]
    return None


def _uint32s(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return f"/{i}", bad[0], bad[1]
    return None


def _user(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "uid" in v:
        x = v["uid"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/uid", bad[0], bad[1]
    if "gid" in v:
        x = v["gid"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/gid", bad[0], bad[1]
    if "umask" in v:
        x = v["umask"]
        if (type(x) is not int or not 0 <= x <= 4294967295) and (bad := _int(x, 0, 4294967295)):
            return "/umask", bad[0], bad[1]
    if "additionalGids" in v:
        x = v["additionalGids"]
        if e := _uint32s(x):
            return "/additionalGids" + e[0], e[1], e[2]
    if "username" in v:
        x = v["username"]
        if type(x) is not str:
            return "/username", "type", "must be a string"
    return None


def _consoleSize(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "height" not in v:
        return "", "required", 'needs "height"'
    if "width" not in v:
        return "", "required", 'needs "width"'
    x = v["height"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/height", bad[0], bad[1]
    x = v["width"]
    if (type(x) is not int or not 0 <= x <= 18446744073709551615) and (bad := _int(x, 0, 18446744073709551615)):
        return "/width", bad[0], bad[1]
    return None


def _process(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "cwd" not in v:
        return "", "required", 'needs "cwd"'
    if "terminal" in v:
        x = v["terminal"]
        if x is not True and x is not False:
            return "/terminal", "type", "must be true or false"
    if "consoleSize" in v:
        x = v["consoleSize"]
        if e := _consoleSize(x):
            return "/consoleSize" + e[0], e[1], e[2]
    x = v["cwd"]
    if type(x) is not str:
        return "/cwd", "type", "must be a string"
    if "env" in v:
        x = v["env"]
        if e := _strings(x):
            return "/env" + e[0], e[1], e[2]
    if "args" in v:
        x = v["args"]
        if e := _strings(x):
            return "/args" + e[0], e[1], e[2]
    if "commandLine" in v:
        x = v["commandLine"]
        if type(x) is not str:
            return "/commandLine", "type", "must be a string"
    if "user" in v:
        x = v["user"]
        if e := _user(x):
            return "/user" + e[0], e[1], e[2]
    if "capabilities" in v:
        x = v["capabilities"]
        if e := _capabilities(x):
            return "/capabilities" + e[0], e[1], e[2]
    if "rlimits" in v:
        x = v["rlimits"]
        if e := _rlimits(x):
            return "/rlimits" + e[0], e[1], e[2]
    if "noNewPrivileges" in v:
        x = v["noNewPrivileges"]
        if x is not True and x is not False:
            return "/noNewPrivileges", "type", "must be true or false"
    if "oomScoreAdj" in v:
        x = v["oomScoreAdj"]
        if (type(x) is not int) and (bad := _int(x, None, None)):
            return "/oomScoreAdj", bad[0], bad[1]
    if "apparmorProfile" in v:
        x = v["apparmorProfile"]
        if type(x) is not str:
            return "/apparmorProfile", "type", "must be a string"
    if "selinuxLabel" in v:
        x = v["selinuxLabel"]
        if type(x) is not str:
            return "/selinuxLabel", "type", "must be a string"
    if "ioPriority" in v:
        x = v["ioPriority"]
        if e := _ioPriority(x):
            return "/ioPriority" + e[0], e[1], e[2]
    if "scheduler" in v:
        x = v["scheduler"]
        if e := _scheduler(x):
            return "/scheduler" + e[0], e[1], e[2]
    if "execCPUAffinity" in v:
        x = v["execCPUAffinity"]
        if e := _execCPUAffinity(x):
            return "/execCPUAffinity" + e[0], e[1], e[2]
    return None


def _root(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "path" not in v:
        return "", "required", 'needs "path"'
    x = v["path"]
    if type(x) is not str:
        return "/path", "type", "must be a string"
    if "readonly" in v:
        x = v["readonly"]
        if x is not True and x is not False:
            return "/readonly", "type", "must be true or false"
    return None


def _config(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "ociVersion" not in v:
        return "", "required", 'needs "ociVersion"'
    x = v["ociVersion"]
    if type(x) is not str:
        return "/ociVersion", "type", "must be a string"
    if "root" in v:
        x = v["root"]
        if e := _root(x):
            return "/root" + e[0], e[1], e[2]
    if "process" in v:
        x = v["process"]
        if e := _process(x):
            return "/process" + e[0], e[1], e[2]
    if "hostname" in v:
        x = v["hostname"]
        if type(x) is not str:
            return "/hostname", "type", "must be a string"
    if "domainname" in v:
        x = v["domainname"]
        if type(x) is not str:
            return "/domainname", "type", "must be a string"
    if "mounts" in v:
        x = v["mounts"]
        if e := _mounts(x):
            return "/mounts" + e[0], e[1], e[2]
    if "hooks" in v:
        x = v["hooks"]
        if e := _hooks(x):
            return "/hooks" + e[0], e[1], e[2]
    if "annotations" in v:
        x = v["annotations"]
        if e := _annotations(x):
            return "/annotations" + e[0], e[1], e[2]
    if "linux" in v:
        x = v["linux"]
        if e := _linux(x):
            return "/linux" + e[0], e[1], e[2]
    if "vm" in v:
        x = v["vm"]
        from pyruntime.spec.compiled.platforms import vm
        if e := vm(x):
            return "/vm" + e[0], e[1], e[2]
    if "windows" in v:
        x = v["windows"]
        from pyruntime.spec.compiled.platforms import windows
        if e := windows(x):
            return "/windows" + e[0], e[1], e[2]
    if "solaris" in v:
        x = v["solaris"]
        from pyruntime.spec.compiled.platforms import solaris
        if e := solaris(x):
            return "/solaris" + e[0], e[1], e[2]
    if "zos" in v:
        x = v["zos"]
        from pyruntime.spec.compiled.platforms import zos
        if e := zos(x):
            return "/zos" + e[0], e[1], e[2]
    if "freebsd" in v:
        x = v["freebsd"]
        from pyruntime.spec.compiled.platforms import freebsd
        if e := freebsd(x):
            return "/freebsd" + e[0], e[1], e[2]
    return None


def validate(value: Any) -> Fault | None:
    """None, or the first fault: (JSON pointer, keyword, message)."""
    return _config(value)
