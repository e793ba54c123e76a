# SPDX-License-Identifier: Apache-2.0
"""`linux.seccomp` to a step, and to a policy in the kernel's and libseccomp's numbers.

Pure. The filter itself is compiled by host.seccomp and comes in through the options of a
compilation; a plan that is only shown goes without.
Sources: config-linux.md, "Seccomp"; seccomp(2); <linux/seccomp.h>; seccomp_rule_add(3).
"""

from __future__ import annotations

from errno import EPERM

from pyruntime.plan import ops
from pyruntime.plan.field import mapping, number, sequence, text
from pyruntime.plan.plan import Listener, ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.errors import Problem
    from pyruntime.plan.field import Map
    from pyruntime.plan.step import Step

POINTER = "/linux/seccomp"

NOTIFY = "SCMP_ACT_NOTIFY"
ACTIONS = {
    "SCMP_ACT_KILL": 0x00000000,
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_KILL_THREAD": 0x00000000,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_ERRNO": 0x00050000,
    "SCMP_ACT_TRACE": 0x7FF00000,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    NOTIFY: 0x7FC00000,
}
WITH_ERRNO = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")
OPERATORS = {
    "SCMP_CMP_NE": 1,
    "SCMP_CMP_LT": 2,
    "SCMP_CMP_LE": 3,
    "SCMP_CMP_EQ": 4,
    "SCMP_CMP_GE": 5,
    "SCMP_CMP_GT": 6,
    "SCMP_CMP_MASKED_EQ": 7,
}
ARCHITECTURES = tuple(
    f"SCMP_ARCH_{name}"
    for name in (
        *("X86", "X86_64", "X32", "ARM", "AARCH64", "LOONGARCH64", "M68K", "MIPS", "MIPS64"),
        *("MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE", "S390"),
        *("S390X", "SH", "SHEB", "PARISC", "PARISC64", "RISCV64"),
    )
)
TSYNC = "SECCOMP_FILTER_FLAG_TSYNC"
SPEC_ALLOW = "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
WAIT_KILLABLE = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
FLAGS = {TSYNC: 1, "SECCOMP_FILTER_FLAG_LOG": 2, SPEC_ALLOW: 4, WAIT_KILLABLE: 32}
NEW_LISTENER = 8
PRIVILEGE = 1 << 21  # CAP_SYS_ADMIN

LETTING = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
# What the init calls after the filter when it has yet to be ready, to wait for `start`, or to
# fork; arguments as far as they are known.
READY_CALLS: dict[str, tuple[int, ...]] = dict.fromkeys(
    ("capget", "capset", "prctl", "sendmsg", "recvfrom", "close", "exit_group"), ()
)
START_CALLS = READY_CALLS | dict.fromkeys(("rt_sigaction", "accept4", "clock_gettime"), ())
FORK_CALLS = READY_CALLS | {
    "clone": (0x8011, 0, 0, 0, 0),  # CLONE_PARENT | SIGCHLD
    "setsid": (),
    "ppoll": (),
    "getpid": (),
    "pidfd_open": (),
}


class Rule:
    """One system call. conditions: (argument, operator, value, second value), all of which
    must hold; none: always.
    """

    __slots__ = ("action", "conditions", "name", "pointer")

    def __init__(
        self, name: str, action: int, conditions: list[tuple[int, int, int, int]], pointer: str
    ) -> None:
        self.name = name
        self.action = action
        self.conditions = conditions
        self.pointer = pointer


class Policy:
    """default: the action of every other call. architectures: names as configured, beside the
    machine's own. rules: those that do other than default.
    """

    __slots__ = ("architectures", "default", "names", "rules")

    def __init__(
        self, default: int, architectures: list[str], names: list[str], rules: list[Rule]
    ) -> None:
        self.default = default
        self.architectures = architectures
        self.names = names
        self.rules = rules


def section_of(config: Map) -> Map:
    """`linux.seccomp`, {} when there is none."""
    return mapping(mapping(config, "linux"), "seccomp", "/linux")


def policy(section: Map) -> Policy:
    """names of the policy: every system call that the section has a word on."""
    default = action(text(section, "defaultAction"), number(section, "defaultErrnoRet"))
    names: list[str] = []
    rules: list[Rule] = []
    for index, entry in enumerate(sequence(section, "syscalls", POINTER)):
        pointer = f"{POINTER}/syscalls/{index}"
        found = action(text(entry, "action"), number(entry, "errnoRet"))
        names += sequence(entry, "names", pointer)
        if found == default:
            continue  # libseccomp refuses a rule that changes nothing
        for conditions in _conditions(sequence(entry, "args", pointer)):
            rules += [Rule(name, found, conditions, pointer) for name in entry["names"]]
    return Policy(default, sequence(section, "architectures", POINTER), names, rules)


def action(name: str, errno: int | None) -> int:
    """The filter's return value: the action, for some with an errno (EPERM unless given)."""
    value = ACTIONS[name]
    if name in WITH_ERRNO:
        value |= EPERM if errno is None else errno & 0xFFFF
    return value


def _conditions(args: list[Map]) -> list[list[tuple[int, int, int, int]]]:
    """One list per rule. libseccomp takes one condition per argument; where there are more,
    each condition is a rule of its own, so that any of them will do.
    """
    found = [
        (int(arg["index"]), OPERATORS[arg["op"]], int(arg["value"]), int(arg.get("valueTwo") or 0))
        for arg in args
    ]
    if len({index for index, *_ in found}) < len(found):
        return [[condition] for condition in found]
    return [found]


def notifies(section: Map) -> bool:
    return any(text(entry, "action") == NOTIFY for entry in sequence(section, "syscalls", POINTER))


def listener(section: Map, receiver: str = "") -> Listener | None:
    """Who gets the listener's descriptor, None without a rule that notifies. receiver: the one
    where the section names nobody."""
    path, metadata = text(section, "listenerPath") or receiver, text(section, "listenerMetadata")
    return Listener(path, metadata) if notifies(section) else None


def filter_step(section: Map, program: bytes, warnings: list[Problem], privileged: bool) -> Step:
    """program: struct sock_filter by struct sock_filter, empty in a plan that is only shown.
    privileged: without no_new_privs, which takes CAP_SYS_ADMIN.
    """
    entries = sequence(section, "syscalls", POINTER)
    count = sum(len(sequence(entry, "names", POINTER)) for entry in entries)
    return ops.seccomp(
        POINTER,
        flags=_flags(section, warnings),
        rules=count,
        privileged=int(privileged),
        program=program,
    )


def _flags(section: Map, warnings: list[Problem]) -> int:
    """Bits of seccomp(2). Without the field speculation stays allowed, as it is without a
    filter: the kernel's mitigation costs much and mends little in a container.
    """
    if section.get("flags") is None:
        names = [SPEC_ALLOW]
    else:
        names = [str(name) for name in sequence(section, "flags", POINTER)]
    bits = NEW_LISTENER if notifies(section) else 0
    for name in names:
        if name == WAIT_KILLABLE and not bits & NEW_LISTENER:
            why = f"{name} has no effect without a rule with {NOTIFY}"
            warnings.append(ignored(why, f"{POINTER}/flags"))
        elif name != TSYNC:  # one thread is all there is, and it excludes a listener
            bits |= FLAGS[name]
    return bits


def lets(section: Map, calls: dict[str, tuple[int, ...]]) -> bool:
    """Whether all these calls get through for certain. calls: the arguments by name, as many as
    are known; a rule whose condition is on another one lets nothing through, and may deny.
    """
    wanted = set(calls)
    let: set[str] = set()
    for entry in sequence(section, "syscalls", POINTER):
        letting = text(entry, "action") in LETTING
        for name in wanted.intersection(sequence(entry, "names", POINTER)):
            holds = _holds(sequence(entry, "args", POINTER), calls[name])
            if letting and holds:
                let.add(name)
            elif not letting and holds is not False:
                return False
    return let == wanted or text(section, "defaultAction") in LETTING


def _holds(conditions: list[Map], args: tuple[int, ...]) -> bool | None:
    """None: not known."""
    found = _conditions(conditions)
    if len(found) > 1:
        return None
    for index, operator, value, second in found[0]:
        if index >= len(args):
            return None
        if not _compares(args[index], operator, value, second):
            return False
    return True


def _compares(arg: int, operator: int, value: int, second: int) -> bool:
    return (
        arg != value,
        arg < value,
        arg <= value,
        arg == value,
        arg >= value,
        arg > value,
        arg & value == second,
    )[operator - 1]
