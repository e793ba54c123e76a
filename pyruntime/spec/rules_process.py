# SPDX-License-Identifier: Apache-2.0
"""Rules for a process, of config.json or of exec (config.md, "Process")."""

from __future__ import annotations

from pyruntime.spec.findings import Findings, check_nul, is_list_of_numbers, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.errors import Problem

    Map = dict[str, Any]

RLIMITS = frozenset(
    (
        *("AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE", "NOFILE"),
        *("NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK"),
    )
)
CAPABILITIES = frozenset(
    (
        *("AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF"),
        *("CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID"),
        *("IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN"),
        *("MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW"),
        *("PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT"),
        *("SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO"),
        *("SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM"),
    )
)
NO_ID = 0xFFFFFFFF  # (uid_t) -1 means "leave it" to the kernel


def check_document(process: Map) -> list[Problem]:
    """Every contradiction of a process that stands alone, as for `exec --process`."""
    found = Findings()
    check(process, "", found)
    check_nul(process, "", found)
    return found


def check(process: Map, pointer: str, found: Findings) -> None:
    cwd = process["cwd"]
    if cwd[:1] != "/":
        hint = f"write {shown('/' + cwd)}" if cwd else 'write "/"'
        found.error(f"{pointer}/cwd", f"must be an absolute path, not {shown(cwd)}", hint)
    _args(process, pointer, found)
    check_env(process.get("env", ()), f"{pointer}/env", found)
    if process.get("terminal"):
        for key, value in process.get("consoleSize", {}).items():
            if key in ("height", "width") and value > 0xFFFF:
                found.error(f"{pointer}/consoleSize/{key}", "must be at most 65535")
    if not -1000 <= process.get("oomScoreAdj", 0) <= 1000:
        found.error(f"{pointer}/oomScoreAdj", "must be from -1000 to 1000")
    _user(process.get("user", {}), f"{pointer}/user", found)
    _rlimits(process.get("rlimits", ()), f"{pointer}/rlimits", found)
    if "scheduler" in process:
        _scheduler(process["scheduler"], f"{pointer}/scheduler", found)
    if not 0 <= process.get("ioPriority", {}).get("priority", 0) <= 7:
        found.error(f"{pointer}/ioPriority/priority", "must be from 0 (highest) to 7 (lowest)")
    for key in ("initial", "final"):
        if not is_list_of_numbers(process.get("execCPUAffinity", {}).get(key, "")):
            found.error(f"{pointer}/execCPUAffinity/{key}", "must be a list of CPUs, as 0-3,7")


def _args(process: Map, pointer: str, found: Findings) -> None:
    args = process.get("args")
    if args is None:
        hint = "commandLine is for Windows" if "commandLine" in process else ""
        found.error(pointer, 'needs "args"', hint)
    elif not args:
        found.error(f"{pointer}/args", "must name a program")
    elif not args[0]:
        found.error(f"{pointer}/args/0", "must name a program")


def check_env(env: Sequence[str], pointer: str, found: Findings) -> None:
    """Values may be secrets: no message shows an entry."""
    for index, entry in enumerate(env):
        if entry.find("=") > 0:
            continue
        if "=" in entry:
            found.error(f"{pointer}/{index}", "must have a name before the =")
        else:
            found.error(f"{pointer}/{index}", "must be NAME=value", "an empty value is NAME=")


def _user(user: Map, pointer: str, found: Findings) -> None:
    for key in ("uid", "gid"):
        if user.get(key) == NO_ID:
            found.error(f"{pointer}/{key}", f"{NO_ID} is not an id")
    for index, gid in enumerate(user.get("additionalGids", ())):
        if gid == NO_ID:
            found.error(f"{pointer}/additionalGids/{index}", f"{NO_ID} is not an id")
    if user.get("umask", 0) > 0o777:
        found.error(
            f"{pointer}/umask", "must be at most 511 (octal 0777)", "JSON numbers are decimal"
        )


def _rlimits(rlimits: Sequence[Map], pointer: str, found: Findings) -> None:
    seen = set()
    for index, limit in enumerate(rlimits):
        kind = limit["type"]
        if kind[7:] not in RLIMITS:
            found.error(f"{pointer}/{index}/type", f"{shown(kind)} is not a limit of Linux")
        elif kind in seen:
            found.error(f"{pointer}/{index}", f"is a second {kind}", "keep one of each type")
        elif limit["soft"] > limit["hard"]:
            found.error(f"{pointer}/{index}/soft", "must not be above the hard limit")
        seen.add(kind)


def check_capabilities(sets: Map, pointer: str, found: Findings) -> None:
    """What can't be granted is only warned of (config.md, "Linux Process").

    Not on the way of a create: there the plan tells it, which also knows the kernel's last one.
    """
    for which in ("bounding", "effective", "inheritable", "permitted", "ambient"):
        for index, name in enumerate(sets.get(which, ())):
            if name[:4] != "CAP_" or name[4:] not in CAPABILITIES:
                found.warning(
                    f"{pointer}/{which}/{index}",
                    f"{shown(name)} is not a known capability; it is not granted",
                )


def _scheduler(scheduler: Map, pointer: str, found: Findings) -> None:
    policy = scheduler["policy"]
    realtime = policy in ("SCHED_FIFO", "SCHED_RR")
    if policy in ("SCHED_OTHER", "SCHED_BATCH") and not -20 <= scheduler.get("nice", 0) <= 19:
        found.error(f"{pointer}/nice", "must be from -20 to 19")
    priority = scheduler.get("priority", 0)
    if priority and not realtime:
        found.error(f"{pointer}/priority", f"needs SCHED_FIFO or SCHED_RR, not {policy}")
    elif realtime and not 1 <= priority <= 99:
        found.error(f"{pointer}/priority", f"must be from 1 to 99 for {policy}")
    times = [scheduler.get(key, 0) for key in ("runtime", "deadline", "period")]
    if policy != "SCHED_DEADLINE":
        for key, value in zip(("runtime", "deadline", "period"), times, strict=True):
            if value:
                found.error(f"{pointer}/{key}", f"needs SCHED_DEADLINE, not {policy}")
    elif not 0 < times[0] <= times[1] <= (times[2] or times[1]):
        # sched_setattr(2); a period of 0 means the deadline
        found.error(pointer, "needs 0 < runtime <= deadline <= period, for SCHED_DEADLINE")
