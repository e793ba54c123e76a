# SPDX-License-Identifier: Apache-2.0
"""`process` to steps: everything about one process but its capabilities' names and limits.

Used for the container's first process and for each one added by exec.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import capabilities, ops, rlimits
from pyruntime.plan.field import mapping, number, sequence, text
from pyruntime.plan.paths import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.errors import Problem
    from pyruntime.plan.annotations import Effects
    from pyruntime.plan.field import Map
    from pyruntime.plan.options import Options
    from pyruntime.plan.plan import Plan
    from pyruntime.plan.step import Step
    from pyruntime.plan.userns import UserNamespace

# ioprio_set(2)
IO_CLASSES = {"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}
DEFAULT_UMASK = 0o022
# What execvp(3) searches without PATH.
DEFAULT_PATH = "/bin:/usr/bin"
WINSIZE_MAX = 0xFFFF


class Process:
    """A process section and where it stands.

    section: the object. pointer: "/process" of the config, "" of a document of its own.
    container: the container's process section, which gives an added process what it leaves
    out (capabilities, rlimits). linux: that section of the config. first: True for the
    container's first process. keep_groups: it has the caller's additional groups, no others.
    capabilities: known once property_steps are made.
    """

    __slots__ = (
        "args",
        "capabilities",
        "container",
        "cwd",
        "env",
        "first",
        "keep_groups",
        "linux",
        "pointer",
        "section",
        "user",
    )

    capabilities: capabilities.Capabilities

    def __init__(
        self, section: Map, pointer: str, *, container: Map, linux: Map, first: bool
    ) -> None:
        self.section = section
        self.pointer = pointer
        self.container = container
        self.linux = linux
        self.first = first
        self.keep_groups = False
        self.args: list[str] = sequence(section, "args", pointer)
        if not self.args:
            raise ConfigError(f"{pointer}/args: nothing to run", pointer=f"{pointer}/args")
        self.env = environment(sequence(section, "env", pointer))
        self.cwd = clean(text(section, "cwd"))
        self.user = mapping(section, "user", pointer)

    @property
    def terminal(self) -> bool:
        return bool(self.section.get("terminal"))

    def console_size(self) -> tuple[int, int] | None:
        """(rows, columns), None when there is no terminal or no size."""
        size = mapping(self.section, "consoleSize", self.pointer)
        if not size or not self.terminal:
            return None
        rows, columns = number(size, "height") or 0, number(size, "width") or 0
        return min(rows, WINSIZE_MAX), min(columns, WINSIZE_MAX)


def environment(entries: list[str]) -> list[str]:
    """Of entries with the same name the last one, in its place."""
    found: dict[str, str] = {}
    for entry in entries:
        name = entry.partition("=")[0]
        found.pop(name, None)
        found[name] = entry
    return list(found.values())


def early_steps(process: Process, keyring: str) -> list[Step]:
    """What needs the runtime's rights: before the root changes. keyring: "" for none."""
    steps: list[Step] = []
    score = number(process.section, "oomScoreAdj")
    if score is not None:
        steps.append(ops.oom_score_adj(f"{process.pointer}/oomScoreAdj", value=score))
    return steps + keyring_steps(process, keyring)


def keyring_steps(process: Process, keyring: str) -> list[Step]:
    """Of the user namespace that the process is in."""
    if not keyring:
        return []
    join = ops.keyring_join("", name=keyring)
    if process.section.get("selinuxLabel"):
        from pyruntime.plan import labels  # few processes have one

        return labels.keyring_steps(process, join)
    return [join]


def privileged_steps(process: Process, user: UserNamespace | None) -> list[Step]:
    """What wants the host's rights, of a container that gives them up with a user namespace.

    Raises ConfigError for ids that are not in the user namespace.
    """
    steps = early_steps(process, "")
    if user is None:
        return steps
    user.check_user(process.user, f"{process.pointer}/user")
    steps += rlimits.raise_steps(_rlimit_steps(process))
    uid = user.host_uid(number(process.user, "uid") or 0)
    if user.privileged and uid >= 0:
        steps.append(ops.stdio_owner(f"{process.pointer}/user/uid", uid=uid))
    return steps


def console_steps(process: Process, *, leave: bool = False) -> list[Step]:
    """Open the terminal. /dev/console belongs to the first process alone. leave: to the
    process that the init goes on as; console_take is its step then."""
    if not process.terminal:
        return []
    rows, columns = process.console_size() or (0, 0)
    flags = ops.CONSOLE_DEV_CONSOLE if process.first else 0
    flags |= ops.CONSOLE_LEAVE if leave else 0
    pointer = f"{process.pointer}/terminal"
    return [ops.console_open(pointer, rows=rows, columns=columns, flags=flags)]


def property_steps(
    process: Process, last_cap: int, warnings: list[Problem], kept: int = 0
) -> list[Step]:
    """From the owner of stdio to no_new_privs, in the order that the rights allow:
    the bounding set needs CAP_SETPCAP, the groups CAP_SETGID, both gone after `user`.
    kept: capabilities that the steps after these need."""
    pointer, section = process.pointer, process.section
    uid, gid = number(process.user, "uid") or 0, number(process.user, "gid") or 0
    caps = process.capabilities = _capabilities(process, last_cap, warnings)
    steps = [ops.stdio_owner(f"{pointer}/user/uid", uid=uid)]
    steps += _rlimit_steps(process)
    steps += _placement_steps(process)
    steps += _io_priority_steps(process)
    if section.get("apparmorProfile") or section.get("selinuxLabel"):
        from pyruntime.plan import labels  # as above

        steps += labels.exec_steps(process)
    steps += _umask_steps(process)
    steps.append(cwd_step(process, ops.CWD_MAY_FAIL_EACCES))
    steps += capabilities.bounding_steps(caps)
    gids = [int(gid) for gid in sequence(process.user, "additionalGids", f"{pointer}/user")]
    steps.append(ops.caps_keep("", on=1))
    if not process.keep_groups:
        steps.append(ops.groups(f"{pointer}/user/additionalGids", gids=gids))
    steps += [
        ops.user(f"{pointer}/user", uid=uid, gid=gid),
        ops.caps_keep("", on=0),
        *capabilities.final_steps(caps, kept),
    ]
    if section.get("noNewPrivileges"):
        steps.append(ops.no_new_privs(f"{pointer}/noNewPrivileges"))
    return steps


def _capabilities(
    process: Process, last_cap: int, warnings: list[Problem]
) -> capabilities.Capabilities:
    section, pointer = process.section, f"{process.pointer}/capabilities"
    if section.get("capabilities") is None and not process.first:
        section, pointer = process.container, "/process/capabilities"
    caps = mapping(section, "capabilities")
    return capabilities.read(caps, pointer, last_cap, warnings)


def _rlimit_steps(process: Process) -> list[Step]:
    limits, pointer = sequence(process.section, "rlimits"), f"{process.pointer}/rlimits"
    if not limits and not process.first:
        limits, pointer = sequence(process.container, "rlimits"), "/process/rlimits"
    return rlimits.steps(limits, pointer)


def _placement_steps(process: Process) -> list[Step]:
    """All CPUs, unless one of these fields says where and when the process runs."""
    section, linux = process.section, process.linux
    if not any(
        (
            section.get("execCPUAffinity"),
            section.get("scheduler"),
            linux.get("memoryPolicy"),
            linux.get("personality"),
        )
    ):
        return [ops.affinity_reset("")]
    from pyruntime.plan import placement  # few processes ask for any of it

    return placement.steps(process)


def _io_priority_steps(process: Process) -> list[Step]:
    wanted = mapping(process.section, "ioPriority", process.pointer)
    if not wanted:
        return []
    kind, priority = IO_CLASSES.get(text(wanted, "class"), 0), number(wanted, "priority") or 0
    return [ops.io_priority(f"{process.pointer}/ioPriority", kind=kind, priority=priority)]


def _umask_steps(process: Process) -> list[Step]:
    """Unset: 0022 for the first process, the caller's for an added one."""
    mask = number(process.user, "umask")
    if mask is None:
        return [ops.umask("", mask=DEFAULT_UMASK if process.first else ops.UMASK_CALLER)]
    return [ops.umask(f"{process.pointer}/user/umask", mask=mask & 0o777)]


def cwd_step(process: Process, flags: int) -> Step:
    return ops.cwd(f"{process.pointer}/cwd", flags=flags, path=process.cwd)


def lookup_steps(process: Process) -> list[Step]:
    """The working directory as the user sees it, HOME, the program: so that a missing one
    fails while the container is created. Root may have entered a directory that the user may
    not: there it stays."""
    steps = [cwd_step(process, ops.CWD_STAY)]
    variables = dict(entry.partition("=")[::2] for entry in process.env)
    if not variables.get("HOME"):
        process.env = [entry for entry in process.env if not entry.startswith("HOME=")]
        uid = number(process.user, "uid") or 0
        steps.append(ops.home(f"{process.pointer}/user/uid", uid=uid))
    steps.append(
        ops.exec_lookup(
            f"{process.pointer}/args/0",
            file=process.args[0],
            path=variables.get("PATH", DEFAULT_PATH),
        )
    )
    return steps


def filter_steps(
    config: Map, process: Process, options: Options, plan: Plan, effects: Effects | None
) -> tuple[list[Step], int]:
    """The step of linux.seccomp, and the capabilities that it takes.

    It is to come as late as it can, so that the filter need not allow what the init does.
    """
    if not mapping(config, "linux").get("seccomp"):
        return [], 0
    from pyruntime.plan import seccomp  # containers without a filter have no use for it

    section = seccomp.section_of(config)
    plan.listener = seccomp.listener(section, effects.receiver if effects else "")
    privileged = not process.section.get("noNewPrivileges")
    step = seccomp.filter_step(section, options.seccomp_program, plan.warnings, privileged)
    return [step], seccomp.PRIVILEGE if privileged else 0


def closing_step(keep: int, *, start: bool = False, namespaces: bool = False) -> Step:
    """keep: descriptors from 3 on that stay open. start: so does the one that `start` calls.
    namespaces: those of the init's are opened, for who asks by it."""
    return ops.fds_close("", keep=keep, start=int(start), namespaces=int(namespaces))


def exec_steps(
    process: Process, listen_fds: int = 0, before_exec: Sequence[Step] = ()
) -> list[Step]:
    """listen_fds: told by sd_listen_fds(3). before_exec: steps that nothing but execve follows."""
    env = process.env
    if listen_fds:
        env = environment([*env, f"LISTEN_FDS={listen_fds}", "LISTEN_PID=1"])
    return [*before_exec, ops.execve(f"{process.pointer}/args", args=process.args, env=env)]
