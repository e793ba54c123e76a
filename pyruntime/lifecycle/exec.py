# SPDX-License-Identifier: Apache-2.0
"""exec: another plan, run by the same init, in a container that is there."""

from __future__ import annotations

import _signal
import errno
import os

from pyruntime import state
from pyruntime.cgroups.driver import from_record
from pyruntime.errors import HostError, StateError
from pyruntime.host.probe import probe
from pyruntime.lifecycle.launching import (
    Launch,
    LaunchRequest,
    attend,
    check_labels,
    seccomp_filter,
)
from pyruntime.lifecycle.status import status_of
from pyruntime.lifecycle.undo import Undo
from pyruntime.plan import ops
from pyruntime.plan.compile_exec import compile_exec
from pyruntime.plan.options import Options
from pyruntime.spec.load import load_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.launch.spawn import Child
    from pyruntime.log import Log
    from pyruntime.state import Record


class ExecRequest(LaunchRequest):
    """What the caller asks of exec. process_file: all of the process comes from there;
    otherwise it is the container's own with what is given here. user: "UID[:GID]".
    """

    __slots__ = (
        "additional_gids",
        "apparmor",
        "args",
        "caps",
        "cgroup",
        "cwd",
        "env",
        "ignore_paused",
        "no_new_privs",
        "process_file",
        "process_label",
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
        given: Sequence[int] | None = None,
    ) -> None:
        super().__init__(
            root,
            container_id,
            detach=detach,
            pid_file=pid_file,
            console_socket=console_socket,
            pidfd_socket=pidfd_socket,
            preserve_fds=preserve_fds,
            given=given,
        )
        self.args = list(args)
        self.cwd = cwd
        self.env = list(env)
        self.tty = tty
        self.user = user
        self.additional_gids = list(additional_gids)
        self.process_file = process_file
        self.process_label = process_label
        self.apparmor = apparmor
        self.no_new_privs = no_new_privs
        self.caps = list(caps)
        self.cgroup = list(cgroup)
        self.ignore_paused = ignore_paused


def execute(request: ExecRequest, log: Log) -> int:
    """The process's exit status or 128 + signal; 0 at once when detached.

    Raises an error of the tree when the process did not come to run.
    """
    run = begin(request, log)
    try:
        return 0 if request.detach else attend(run.child, run.master, run.signals)
    finally:
        run.child.close()


def begin(request: ExecRequest, log: Log, process: dict[str, Any] | None = None) -> Launch:
    """A process that runs. process: a valid one, instead of what the request says.

    Raises an error of the tree, with nothing left.
    """
    with state.open_dir(request.root, request.id) as directory:
        record = directory.read()
        status = status_of(directory, record)
        _require_running(status, request)
        inner = _namespaces_of_waiting(directory, status)
        config = directory.config()
    if process is not None:
        pass
    elif request.process_file:
        process = load_document(request.process_file, "process").config
    else:
        from pyruntime.lifecycle.added import process_of  # engines have a file

        process = process_of(request, config.get("process") or {})
    log.mark("read state and process")
    check_labels(process, "", {})
    undo = Undo()
    try:
        run = _Exec(request, record, undo, log)
        run.inner = inner
        run.start(process, config)
        undo.forget()
    except BaseException:
        undo.run(log.warn)
        raise
    finally:
        for fd in inner.values():
            os.close(fd)
    return run


def _require_running(status: str, request: ExecRequest) -> None:
    if status == state.PAUSED and not request.ignore_paused:
        raise StateError(
            "cannot exec in a paused container (use --ignore-paused to override)", code="paused"
        )
    if status in (state.STOPPED, state.CREATING):
        raise StateError(f"cannot exec in a {status} container", code="not-running")


def _namespaces_of_waiting(directory: state.StateDir, status: str) -> dict[str, int]:
    """Of an init that waits for `start`, by name, where /proc is closed to the caller."""
    if status != state.CREATED or os.geteuid() == 0:
        return {}
    from pyruntime.launch.start import namespaces  # only for an ordinary user

    return namespaces(directory.fd)


class _Exec(Launch):
    """An addition to a container, as far as its process runs or has failed to.

    inner: descriptors of the container's namespaces, by name, that are not opened by their
    paths. Not owned.
    """

    __slots__ = ("cgroup", "inner", "outside")

    inner: dict[str, int]

    request: ExecRequest

    def __init__(self, request: ExecRequest, record: Record, undo: Undo, log: Log) -> None:
        super().__init__(request, state.RUNNING, undo, log)
        self.record = record
        self.cgroup: Cgroup | None = None
        self.outside = False  # the init is not in the cgroup yet: only systemd may move it
        if record.cgroup is not None:
            self.cgroup = from_record(record.cgroup)
        if request.cgroup:
            from pyruntime.cgroups.subgroup import sub_cgroup  # few ask for one

            self.cgroup = sub_cgroup(self.cgroup, request.cgroup)

    def start(self, process: dict[str, Any], config: dict[str, Any]) -> None:
        plan = compile_exec(
            process,
            config=config,
            state=self.record,
            facts=probe(),
            options=Options(
                preserve_fds=self.preserve,
                listen_fds=self.listen_fds,
                cgroup_paths=self.cgroup.join_paths() if self.cgroup is not None else [],
                seccomp_program=seccomp_filter(config, self.request.root, self.log),
            ),
        )
        self.log.mark("compile the plan")
        for slot in plan.slots:
            fd = self.inner.get(slot.kind.partition(":")[2], -1)
            if fd >= 0:
                slot.path = f"/proc/self/fd/{fd}"
        self.take(plan)
        self.check_socket_use()
        with self.shield():
            self.child = self._spawn()
            self.undo.push(self.kill)
        self.log.mark("clone the init")
        self.converse({ops.PHASE_READY: self._ready}, until_exec=True)

    def _spawn(self) -> Child:
        if self.cgroup is None:
            return self.spawn()
        try:
            return self.spawn(cgroup_fd=self.cgroup.v2_fd())
        except HostError as err:
            if err.errno == errno.EACCES and self.cgroup.driver == "systemd":
                self.outside = True
                return self.spawn()
            if err.errno not in (errno.EBUSY, errno.ENOENT) or self.request.cgroup:
                raise
            # The container has moved its processes down: controllers are enabled here.
            return self.spawn(cgroup_fd=self.cgroup.v2_fd_of(self.record.pid))

    def kill(self) -> None:
        """What is in a frozen cgroup may end only once that is thawed: nobody waits for it."""
        if self.cgroup is not None and self.cgroup.frozen():
            _signal.pidfd_send_signal(self.child.pidfd, _signal.SIGKILL)
            self.child.close()
        else:
            super().kill()

    def _ready(self) -> None:
        """By now the init is the process that stays, if it has gone on as another."""
        if self.outside and self.cgroup is not None:
            self.cgroup.attach(self.child.pid)
        self.join_resctrl()
        self.connect_agent()
        self.tell()
