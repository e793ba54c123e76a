# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/features.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validator of a features document."""

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


_W0 = frozenset(("mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time",))
_W1 = frozenset(("SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",))
_W2 = frozenset(("SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",))
_W3 = frozenset(("SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",))
_W4 = frozenset(("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",))
_W5 = frozenset(("MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL",))
_W6 = frozenset(("MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",))


def _mountExtensions(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "idmap" in v:
        x = v["idmap"]
        if e := _enabled(x):
            return "/idmap" + e[0], e[1], e[2]
    return None


def _intelRdt(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "enabled" in v:
        x = v["enabled"]
        if x is not True and x is not False:
            return "/enabled", "type", "must be true or false"
    if "schemata" in v:
        x = v["schemata"]
        if x is not True and x is not False:
            return "/schemata", "type", "must be true or false"
    if "monitoring" in v:
        x = v["monitoring"]
        if x is not True and x is not False:
            return "/monitoring", "type", "must be true or false"
    return None


def _flags(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W6:
            return f"/{i}", *_word(x, "enum")
    return None


def _modes(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W5:
            return f"/{i}", *_word(x, "enum")
    return None


def _memoryPolicy(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "modes" in v:
        x = v["modes"]
        if e := _modes(x):
            return "/modes" + e[0], e[1], e[2]
    if "flags" in v:
        x = v["flags"]
        if e := _flags(x):
            return "/flags" + e[0], e[1], e[2]
    return None


def _enabled(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "enabled" in v:
        x = v["enabled"]
        if x is not True and x is not False:
            return "/enabled", "type", "must be true or false"
    return None


def _supportedFlags(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W4:
            return f"/{i}", *_word(x, "enum")
    return None


def _knownFlags(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W4:
            return f"/{i}", *_word(x, "enum")
    return None


def _archs(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W3:
            return f"/{i}", *_word(x, "enum")
    return None


def _operators(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W2:
            return f"/{i}", *_word(x, "enum")
    return None


def _actions(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W1:
            return f"/{i}", *_word(x, "enum")
    return None


def _seccomp(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "enabled" in v:
        x = v["enabled"]
        if x is not True and x is not False:
            return "/enabled", "type", "must be true or false"
    if "actions" in v:
        x = v["actions"]
        if e := _actions(x):
            return "/actions" + e[0], e[1], e[2]
    if "operators" in v:
        x = v["operators"]
        if e := _operators(x):
            return "/operators" + e[0], e[1], e[2]
    if "archs" in v:
        x = v["archs"]
        if e := _archs(x):
            return "/archs" + e[0], e[1], e[2]
    if "knownFlags" in v:
        x = v["knownFlags"]
        if e := _knownFlags(x):
            return "/knownFlags" + e[0], e[1], e[2]
    if "supportedFlags" in v:
        x = v["supportedFlags"]
        if e := _supportedFlags(x):
            return "/supportedFlags" + e[0], e[1], e[2]
    return None


def _cgroup(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "v1" in v:
        x = v["v1"]
        if x is not True and x is not False:
            return "/v1", "type", "must be true or false"
    if "v2" in v:
        x = v["v2"]
        if x is not True and x is not False:
            return "/v2", "type", "must be true or false"
    if "systemd" in v:
        x = v["systemd"]
        if x is not True and x is not False:
            return "/systemd", "type", "must be true or false"
    if "systemdUser" in v:
        x = v["systemdUser"]
        if x is not True and x is not False:
            return "/systemdUser", "type", "must be true or false"
    if "rdma" in v:
        x = v["rdma"]
        if x is not True and x is not False:
            return "/rdma", "type", "must be true or false"
    return None


def _capabilities(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or not (x.startswith("CAP_") and len(x) > 4 and not x[4:].strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")):
            return f"/{i}", *_word(x, "pattern")
    return None


def _namespaces(v: Any) -> Fault | None:
    if type(v) is not list:
        return "", "type", "must be an array"
    for i, x in enumerate(v):
        if type(x) is not str or x not in _W0:
            return f"/{i}", *_word(x, "enum")
    return None


def _linux(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "namespaces" in v:
        x = v["namespaces"]
        if e := _namespaces(x):
            return "/namespaces" + e[0], e[1], e[2]
    if "capabilities" in v:
        x = v["capabilities"]
        if e := _capabilities(x):
            return "/capabilities" + e[0], e[1], e[2]
    if "cgroup" in v:
        x = v["cgroup"]
        if e := _cgroup(x):
            return "/cgroup" + e[0], e[1], e[2]
    if "seccomp" in v:
        x = v["seccomp"]
        if e := _seccomp(x):
            return "/seccomp" + e[0], e[1], e[2]
    if "apparmor" in v:
        x = v["apparmor"]
        if e := _enabled(x):
            return "/apparmor" + e[0], e[1], e[2]
    if "selinux" in v:
        x = v["selinux"]
        if e := _enabled(x):
            return "/selinux" + e[0], e[1], e[2]
    if "memoryPolicy" in v:
        x = v["memoryPolicy"]
        if e := _memoryPolicy(x):
            return "/memoryPolicy" + e[0], e[1], e[2]
    if "intelRdt" in v:
        x = v["intelRdt"]
        if e := _intelRdt(x):
            return "/intelRdt" + e[0], e[1], e[2]
    if "mountExtensions" in v:
        x = v["mountExtensions"]
        if e := _mountExtensions(x):
            return "/mountExtensions" + e[0], e[1], e[2]
    if "netDevices" in v:
        x = v["netDevices"]
        if e := _enabled(x):
            return "/netDevices" + e[0], e[1], e[2]
    return None


def _annotations(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    for key, x in v.items():
        if type(x) is not str:
            return _key(key), "type", "must be a string"
    return None


def _features(v: Any) -> Fault | None:
    if type(v) is not dict:
        return "", "type", "must be an object"
    if "ociVersionMin" not in v:
        return "", "required", 'needs "ociVersionMin"'
    if "ociVersionMax" not in v:
        return "", "required", 'needs "ociVersionMax"'
    x = v["ociVersionMin"]
    if type(x) is not str:
        return "/ociVersionMin", "type", "must be a string"
    x = v["ociVersionMax"]
    if type(x) is not str:
        return "/ociVersionMax", "type", "must be a string"
    if "hooks" in v:
        x = v["hooks"]
        if e := _strings(x):
            return "/hooks" + e[0], e[1], e[2]
    if "mountOptions" in v:
        x = v["mountOptions"]
        if e := _strings(x):
            return "/mountOptions" + e[0], e[1], e[2]
    if "annotations" in v:
        x = v["annotations"]
        if e := _annotations(x):
            return "/annotations" + e[0], e[1], e[2]
    if "potentiallyUnsafeConfigAnnotations" in v:
        x = v["potentiallyUnsafeConfigAnnotations"]
        if e := _strings(x):
            return "/potentiallyUnsafeConfigAnnotations" + e[0], e[1], e[2]
    if "linux" in v:
        x = v["linux"]
        if e := _linux(x):
            return "/linux" + e[0], e[1], e[2]
    return None


def validate(value: Any) -> Fault | None:
    """None, or the first fault: (JSON pointer, keyword, message)."""
    return _features(value)
