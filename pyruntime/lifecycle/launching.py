# SPDX-License-Identifier: Apache-2.0
"""What create and exec have in common: from a compiled plan to a process that is ready.

    compile ─▶ take ─▶ spawn ─▶ converse, until tell ─▶ (attend)

Each thing made pushes its way back on the undo stack, which a failure runs.
"""

from __future__ import annotations

import os
import time

from pyruntime.errors import HostError, UsageError
from pyruntime.host import console
from pyruntime.launch.serve import serve
from pyruntime.launch.spawn import spawn
from pyruntime.lifecycle.pidfile import send_pidfd, write_pid_file
from pyruntime.lifecycle.undo import SHIELD, Blocked, Shield, Undo
from pyruntime.plan.encode import encode
from pyruntime.plan.field import is_annotated, mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pyruntime.host.foreground import Signals
    from pyruntime.host.notify import Proxy
    from pyruntime.launch.spawn import Child
    from pyruntime.lifecycle.filter import Agent
    from pyruntime.log import Log
    from pyruntime.plan.plan import Plan
    from pyruntime.state import Record

PRESERVED_MAX = 4096


class LaunchRequest:
    """What can be asked of every launch; paths as given, relative to the caller's cwd.

    detach: a terminal needs console_socket then. given: of a program that launches in its own
    process, the descriptors that become 0, 1, 2 and so on; its environment, its terminal and
    its own descriptors then say nothing, and a terminal's end is left to it.
    """

    __slots__ = (
        "console_socket",
        "detach",
        "given",
        "id",
        "pid_file",
        "pidfd_socket",
        "preserve_fds",
        "root",
    )

    def __init__(
        self,
        root: str,
        container_id: str,
        *,
        detach: bool,
        pid_file: str,
        console_socket: str,
        pidfd_socket: str,
        preserve_fds: int,
        given: Sequence[int] | None,
    ) -> None:
        self.root = root
        self.id = container_id
        self.detach = detach
        self.pid_file = pid_file and os.path.abspath(pid_file)
        self.console_socket = console_socket and os.path.abspath(console_socket)
        self.pidfd_socket = pidfd_socket and os.path.abspath(pidfd_socket)
        self.preserve_fds = preserve_fds
        self.given = given


class Launch:
    """One process on its way. plan: once taken; record: the container's; child: once spawned.

    status: the container's, for the agent of a filter. master: the terminal's end for the
    foreground, -1 without one. signals: made before the program runs, for the foreground.
    """

    __slots__ = (
        "agent",
        "child",
        "has_terminal",
        "listen_fds",
        "log",
        "master",
        "plan",
        "preserve",
        "record",
        "request",
        "signals",
        "status",
        "undo",
    )

    plan: Plan
    child: Child
    record: Record

    def __init__(self, request: LaunchRequest, status: str, undo: Undo, log: Log) -> None:
        """Raises UsageError when a descriptor to preserve is not open."""
        self.request = request
        self.status = status
        self.undo = undo
        self.log = log
        if request.given is None:
            self.preserve, self.listen_fds = preserved(request.preserve_fds)
        else:
            self.preserve, self.listen_fds = len(request.given) - 3, 0
        self.master = -1
        self.has_terminal = False
        self.signals: Signals | None = None
        self.agent: Agent | None = None

    def shield(self) -> Shield | Blocked:
        """For what would be lost if a signal's handler raised in the middle."""
        return SHIELD if self.request.given is None else Blocked()

    def take(self, plan: Plan) -> None:
        """Say what is in the plan, before any of it is done."""
        self.plan = plan
        if self.log.debugging:
            from pyruntime.plan.describe import sentence  # people's words, for --debug only

            for number, step in enumerate(plan.steps):
                self.log.debug(f"step {number}: {sentence(step)}")
        for problem in plan.warnings:
            self.log.warn(f"{problem.pointer}: {problem.message}")
        if plan.listener:
            from pyruntime.lifecycle.filter import Agent  # only for such a filter

            self.agent = Agent(plan.listener)

    def check_socket_use(self) -> None:
        """Raises UsageError for a console socket without use, or a lack of one."""
        if self.request.given is not None:
            return
        console.check_socket_use(
            terminal=self.plan.terminal,
            detach=self.request.detach,
            console_socket=self.request.console_socket,
        )

    def spawn(self, *, cgroup_fd: int | None = None, start_fd: int = -1) -> Child:
        """Start the init. cgroup_fd: the cgroup2 directory to be born in; it is closed."""
        blob = encode(self.plan, self.preserve, traced=self.log.tracer is not None)
        try:
            return spawn(
                self.plan,
                blob,
                start_fd=start_fd,
                cgroup_fd=-1 if cgroup_fd is None else cgroup_fd,
                preserve=self.preserve,
                given=self.request.given,
            )
        finally:
            if cgroup_fd is not None:
                os.close(cgroup_fd)

    def join_resctrl(self) -> None:
        if self.record.resctrl is not None:
            from pyruntime.host import rdt  # few machines have it

            rdt.join(self.record.resctrl, self.child.pid)

    def converse(self, phases: Mapping[int, Callable[[], None]], *, until_exec: bool) -> None:
        """launch.serve.serve, with the log for warnings and, with --trace, for the steps."""
        if self.log.tracer is None:
            self._serve(phases, until_exec, None)
            return
        from pyruntime.lifecycle.traced import Steps  # with --trace only

        made = dict(enumerate(self.plan.steps))
        steps = Steps(made.get, self.log.tracer)
        try:
            self._serve(phases, until_exec, steps.take)
        finally:
            steps.finish(time.time_ns())
            self.log.mark("wait for the init")

    def _serve(
        self,
        phases: Mapping[int, Callable[[], None]],
        until_exec: bool,
        on_trace: Callable[[int, bytes], None] | None,
    ) -> None:
        serve(
            self.child,
            self.plan,
            phases,
            on_fd=self._take_descriptor,
            on_warn=self.log.warn,
            until_exec=until_exec,
            on_trace=on_trace,
        )

    def tell(self) -> None:
        """The process is ready: tell those who wait for it."""
        request = self.request
        if request.pid_file:
            with self.shield():
                write_pid_file(request.pid_file, self.child.pid)
                self.undo.push(lambda: os.unlink(request.pid_file))
        if request.pidfd_socket:
            send_pidfd(request.pidfd_socket, self.child.pidfd)
        if not request.detach:
            from pyruntime.host.foreground import Signals  # a detached one has no use for it

            self.signals = Signals()

    def connect_agent(self) -> None:
        if self.agent:
            self.agent.connect()
            self.undo.push(self.agent.close)

    def _take_descriptor(self, name: str, fd: int) -> None:
        if name == "seccomp" and self.agent:
            self.agent.deliver(fd, self.child.pid, self.record.oci_state(self.status))
            self.agent = None
            return
        if name != "console" or not self.plan.terminal or self.has_terminal:
            os.close(fd)
            raise HostError(f"init sent a descriptor {name!r}", op="recvmsg", code="init")
        self.has_terminal = True
        self.master = console.deliver(self.request.console_socket, name, fd)
        if self.master >= 0:
            if self.plan.console_size is None and self.request.given is None:
                console.copy_size(self.master)
            self.undo.push(lambda: os.close(self.master))

    def kill(self) -> None:
        self.child.end()


def attend(child: Child, master: int, signals: Signals | None, notify: Proxy | None = None) -> int:
    """Serve the program in the foreground: its exit status, or 128 + signal."""
    from pyruntime.host import foreground  # as above

    assert signals is not None, "tell made it"
    if master < 0:
        return foreground.attend(child.pid, child.pidfd, signals, None, notify=notify)
    with console.Terminal(master) as terminal:
        return foreground.attend(child.pid, child.pidfd, signals, terminal, notify=notify)


def check_labels(process: dict[str, Any], pointer: str, linux: dict[str, Any]) -> None:
    """Raises ConfigError for a label that no security module of the host would enforce."""
    if process.get("apparmorProfile") or process.get("selinuxLabel") or linux.get("mountLabel"):
        from pyruntime.host import lsm  # only for those who ask for a label

        lsm.require(process, pointer, linux)


def seccomp_filter(config: dict[str, Any], root: str, log: Log) -> bytes:
    """The program of linux.seccomp, b"" without one. Raises ConfigError, HostError."""
    section = mapping(mapping(config, "linux"), "seccomp")
    if not section:
        return b""
    from pyruntime.host.seccomp.cache import filter_of  # only for those who have a filter

    if is_annotated(config):
        from pyruntime.plan import annotations  # few containers have such

        if annotations.read(config).strict:
            from pyruntime.host.seccomp.compiler import check_names

            check_names(section)
    return filter_of(section, root, log.debug)


def preserved(count: int) -> tuple[int, int]:
    """(descriptors from 3 on to hand over, how many of them socket activation gave).

    sd_listen_fds(3): LISTEN_PID must name this process. Raises UsageError when one is closed.
    """
    listen_fds = 0
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        value = os.environ.get("LISTEN_FDS", "")
        listen_fds = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    total = listen_fds + count
    if total > PRESERVED_MAX:
        raise UsageError(f"--preserve-fds {count}: too many descriptors", code="bad-value")
    for fd in range(3, 3 + total):
        try:
            os.fstat(fd)
        except OSError:
            raise UsageError(
                f"unable to stat preserved-fd {fd - 3} (of {total}): descriptor {fd} is not open",
                hint="--preserve-fds N needs the descriptors 3 to 2+N",
                code="bad-value",
            ) from None
    return total, listen_fds
