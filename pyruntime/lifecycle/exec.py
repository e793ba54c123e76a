# SPDX-License-Identifier: Apache-2.0
"""exec: another plan, run by the same init, in a container that is there."""

from __future__ import annotations

import _signal
import errno
import os

from pyruntime import jsontext, state
from pyruntime.cgroups.driver import from_record
from pyruntime.errors import HostError, StateError, UsageError
from pyruntime.host import console
from pyruntime.host.probe import probe
from pyruntime.launch.spawn import spawn
from pyruntime.lifecycle.create import (
    check_labels,
    converse,
    filter_agent,
    log_steps,
    preserved,
    seccomp_filter,
)
from pyruntime.lifecycle.pidfile import send_pidfd, write_pid_file
from pyruntime.lifecycle.status import status_of
from pyruntime.lifecycle.undo import Undo
from pyruntime.plan import ops
from pyruntime.plan.compile import Options, compile_exec
from pyruntime.plan.encode import encode
from pyruntime.spec.load import load_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.host.foreground import SignalPipe
    from pyruntime.launch.spawn import Child
    from pyruntime.lifecycle.filter import Agent
    from pyruntime.log import Log
    from pyruntime.plan.plan import Plan
    from pyruntime.state import Record

ID_LIMIT = 4294967294  # (uid_t) -1 means "no change" to the kernel
DIGITS_LIMIT = 20  # int() refuses thousands of digits by an error of its own


class ExecRequest:
    """What the caller asks of exec. process_file: all of the process comes from there;
    otherwise it is the container's own with what is given here. user: "UID[:GID]".
    """

    __slots__ = (
        "additional_gids",
        "apparmor",
        "args",
        "caps",
        "cgroup",
        "console_socket",
        "cwd",
        "detach",
        "env",
        "id",
        "ignore_paused",
        "no_new_privs",
        "pid_file",
        "pidfd_socket",
        "preserve_fds",
        "process_file",
        "process_label",
        "root",
        "tty",
        "user",
    )

    def __init__(
        self,
        root: str,
        container_id: str,
        args: Sequence[str] = (),
        *,
        cwd: str = "",
        env: Sequence[str] = (),
        tty: bool = False,
        user: str | None = None,
        additional_gids: Sequence[str] = (),
        process_file: str = "",
        detach: bool = False,
        pid_file: str = "",
        console_socket: str = "",
        pidfd_socket: str = "",
        process_label: str = "",
        apparmor: str = "",
        no_new_privs: bool | None = None,
        caps: Sequence[str] = (),
        preserve_fds: int = 0,
        cgroup: Sequence[str] = (),
        ignore_paused: bool = False,
    ) -> None:
        self.root = root
        self.id = container_id
        self.args = list(args)
        self.cwd = cwd
        self.env = list(env)
        self.tty = tty
        self.user = user
        self.additional_gids = list(additional_gids)
        self.process_file = process_file
        self.detach = detach
        self.pid_file = pid_file and os.path.abspath(pid_file)
        self.console_socket = console_socket and os.path.abspath(console_socket)
        self.pidfd_socket = pidfd_socket and os.path.abspath(pidfd_socket)
        self.process_label = process_label
        self.apparmor = apparmor
        self.no_new_privs = no_new_privs
        self.caps = list(caps)
        self.preserve_fds = preserve_fds
        self.cgroup = list(cgroup)
        self.ignore_paused = ignore_paused


def execute(request: ExecRequest, log: Log) -> int:
    """The process's exit status or 128 + signal; 0 at once when detached.

    Raises an error of the tree when the process did not come to run.
    """
    with state.open_dir(request.root, request.id) as directory:
        record = directory.read()
        _require_running(status_of(directory, record), request)
        text = state.read_file("config.json", directory.fd)
        config: dict[str, Any] = jsontext.loads(text, nulls=False)
    if request.process_file:
        process = load_document(request.process_file, "process").config
    else:
        process = process_of(request, config.get("process") or {})
    log.mark("read state and process")
    check_labels(process, "", {})
    undo = Undo()
    try:
        run = _Exec(request, record, undo, log)
        run.start(process, config)
    except BaseException:
        undo.run(log.warn)
        raise
    try:
        return 0 if request.detach else run.attend()
    finally:
        run.child.close()


def _require_running(status: str, request: ExecRequest) -> None:
    if status == state.PAUSED and not request.ignore_paused:
        raise StateError(
            "cannot exec in a paused container (use --ignore-paused to override)", code="paused"
        )
    if status in (state.STOPPED, state.CREATING):
        raise StateError(f"cannot exec in a {status} container", code="not-running")


class _Exec:
    __slots__ = (
        "agent",
        "cgroup",
        "child",
        "log",
        "master",
        "plan",
        "record",
        "request",
        "signals",
        "undo",
    )

    plan: Plan
    child: Child

    def __init__(self, request: ExecRequest, record: Record, undo: Undo, log: Log) -> None:
        self.request = request
        self.record = record
        self.undo = undo
        self.log = log
        self.master = -1
        self.signals: SignalPipe | None = None
        self.agent: Agent | None = None
        self.cgroup: Cgroup | None = None
        if record.cgroup is not None:
            self.cgroup = from_record(record.cgroup)
        if request.cgroup:
            from pyruntime.cgroups.subgroup import sub_cgroup  # few ask for one

            self.cgroup = sub_cgroup(self.cgroup, request.cgroup)

    def start(self, process: dict[str, Any], config: dict[str, Any]) -> None:
        request, record = self.request, self.record
        preserve, listen_fds = preserved(request.preserve_fds)
        self.plan = compile_exec(
            process,
            config=config,
            state=record,
            facts=probe(),
            options=Options(
                preserve_fds=preserve,
                listen_fds=listen_fds,
                cgroup_paths=self.cgroup.join_paths() if self.cgroup is not None else [],
                seccomp_program=seccomp_filter(config, request.root, self.log),
            ),
        )
        self.log.mark("compile the plan")
        if self.plan.listener:
            self.agent = filter_agent(self.plan.listener)
        if self.log.debugging:
            log_steps(self.plan, self.log)
        for problem in self.plan.warnings:
            self.log.warn(f"{problem.pointer}: {problem.message}")
        console.check_socket_use(
            terminal=self.plan.terminal,
            detach=request.detach,
            console_socket=request.console_socket,
        )
        blob = encode(self.plan, preserve, traced=self.log.tracer is not None)
        self.child = self._spawn(blob, preserve)
        self.log.mark("clone the init")
        self.undo.push(self._kill)
        if record.resctrl is not None:
            from pyruntime.host import rdt  # few containers have a group

            rdt.join(record.resctrl, self.child.pid)
        converse(
            self.child,
            self.plan,
            {ops.PHASE_READY: self._ready},
            self.log,
            on_fd=self._descriptor,
            until_exec=True,
        )

    def _spawn(self, blob: bytes, preserve: int) -> Child:
        if self.cgroup is None:
            return spawn(self.plan, blob, start_fd=-1, cgroup_fd=-1, preserve=preserve)
        try:
            return self._spawn_into(self.cgroup.v2_fd(), blob, preserve)
        except HostError as err:
            if err.errno == errno.EACCES and self.cgroup.driver == "systemd":
                return self._spawn_attached(self.cgroup, blob, preserve)
            if err.errno not in (errno.EBUSY, errno.ENOENT) or self.request.cgroup:
                raise
            # The container has moved its processes down: controllers are enabled here.
            return self._spawn_into(self.cgroup.v2_fd_of(self.record.pid), blob, preserve)

    def _spawn_attached(self, cgroup: Cgroup, blob: bytes, preserve: int) -> Child:
        """Started outside and moved while it waits, where only systemd may move it."""
        child = spawn(self.plan, blob, start_fd=-1, cgroup_fd=-1, preserve=preserve)
        try:
            cgroup.attach(child.pid)
        except BaseException:
            _signal.pidfd_send_signal(child.pidfd, _signal.SIGKILL)
            child.wait()
            child.close()
            raise
        return child

    def _spawn_into(self, cgroup_fd: int | None, blob: bytes, preserve: int) -> Child:
        """Born into the cgroup2 directory of cgroup_fd, which is closed."""
        directory = -1 if cgroup_fd is None else cgroup_fd
        try:
            return spawn(self.plan, blob, start_fd=-1, cgroup_fd=directory, preserve=preserve)
        finally:
            if directory >= 0:
                os.close(directory)

    def attend(self) -> int:
        from pyruntime.host.foreground import attend  # a detached one has nobody to attend

        assert self.signals is not None
        if self.master < 0:
            return attend(self.child.pid, self.child.pidfd, self.signals, None)
        with console.Terminal(self.master) as terminal:
            return attend(self.child.pid, self.child.pidfd, self.signals, terminal)

    def _ready(self) -> None:
        if self.agent:
            self.agent.connect()
            self.undo.push(self.agent.close)
        if self.request.pid_file:
            write_pid_file(self.request.pid_file, self.child.pid)
            self.undo.push(lambda: os.unlink(self.request.pid_file))
        if self.request.pidfd_socket:
            send_pidfd(self.request.pidfd_socket, self.child.pidfd)
        if not self.request.detach:
            from pyruntime.host.foreground import SignalPipe  # as above

            self.signals = SignalPipe()

    def _descriptor(self, name: str, fd: int) -> None:
        if name == "seccomp" and self.agent:
            self.agent.deliver(fd, self.child.pid, self.record.oci_state(state.RUNNING))
            self.agent = None
            return
        self.master = console.deliver(self.request.console_socket, name, fd)
        if self.master >= 0:
            if self.plan.console_size is None:
                console.copy_size(self.master)
            self.undo.push(lambda: os.close(self.master))

    def _kill(self) -> None:
        if self.child.status is None:
            _signal.pidfd_send_signal(self.child.pidfd, _signal.SIGKILL)
            self.child.wait()
        self.child.close()


def process_of(request: ExecRequest, base: dict[str, Any]) -> dict[str, Any]:
    """The container's process with what the request changes. Pure. Raises UsageError."""
    if not request.args:
        raise UsageError(
            "exec args cannot be empty",
            hint="name a command, or use --process",
            code="argument-count",
        )
    process = dict(base)
    process["args"] = request.args
    process["terminal"] = request.tty
    process["env"] = [*(base.get("env") or ()), *request.env]
    process.setdefault("cwd", "/")
    if request.cwd:
        if not request.cwd.startswith("/"):
            raise UsageError("Cwd must be an absolute path", path=request.cwd, code="bad-value")
        process["cwd"] = request.cwd
    if request.no_new_privs is not None:
        process["noNewPrivileges"] = request.no_new_privs
    if request.apparmor:
        process["apparmorProfile"] = request.apparmor
    if request.process_label:
        process["selinuxLabel"] = request.process_label
    process["user"] = _user(request, dict(base.get("user") or {"uid": 0, "gid": 0}))
    if request.caps:
        process["capabilities"] = _capabilities(request.caps, base.get("capabilities") or {})
    return process


def _user(request: ExecRequest, user: dict[str, Any]) -> dict[str, Any]:
    if request.user is not None:
        uid, colon, gid = request.user.partition(":")
        user["uid"] = _number(uid, "--user", request.user)
        if colon:
            user["gid"] = _number(gid, "--user", request.user)
    if request.additional_gids:
        more = [_number(gid, "--additional-gids", gid) for gid in request.additional_gids]
        user["additionalGids"] = [*(user.get("additionalGids") or ()), *more]
    return user


def _number(text: str, option: str, given: str) -> int:
    """An id in decimal and nothing else: a lax parser once gave root instead."""
    plain = text.isascii() and text.isdigit() and len(text) <= DIGITS_LIMIT
    if not plain or int(text) > ID_LIMIT:
        raise UsageError(
            f"option {option}: {given!r} is not a numeric id",
            hint="UID or UID:GID, as decimal numbers; names are not looked up",
            code="bad-value",
        )
    return int(text)


def _capabilities(added: Sequence[str], base: dict[str, Any]) -> dict[str, Any]:
    """Added to bounding, effective and permitted; ambient only beside inheritable ones:
    a file with inheritable capabilities must not gain from `exec --cap`.
    """
    sets = {kind: list(names or ()) for kind, names in base.items()}
    kinds = ["bounding", "effective", "permitted"]
    if sets.get("inheritable"):
        kinds.append("ambient")
    for kind in kinds:
        sets[kind] = [*sets.get(kind, ()), *added]
    return sets
