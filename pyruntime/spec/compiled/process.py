# SPDX-License-Identifier: Apache-2.0
# Generated from schemas/process.json by tools/gen_validators.py; do not edit.
# ruff: noqa
# fmt: off
"""Validator of a process document."""

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


def validate(value: Any) -> Fault | None:
    """None, or the first fault: (JSON pointer, keyword, message)."""
    return _process(value)
