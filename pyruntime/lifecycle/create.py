# SPDX-License-Identifier: Apache-2.0
"""create, and the first half of run: from a bundle to an init that is ready.

    load ─▶ compile ─▶ state directory, record ─▶ cgroup ─▶ clone ─▶ limits ─▶ phases ─▶ ready

Each thing made pushes its way back on the undo stack, which a failure runs.
"""

from __future__ import annotations

import _signal
import os
import time

from pyruntime import jsontext, state
from pyruntime.cgroups.driver import create_or_absent, open_cgroup
from pyruntime.errors import ConfigError, UsageError
from pyruntime.host import console
from pyruntime.host.probe import probe
from pyruntime.launch import start as start_socket
from pyruntime.launch.serve import serve
from pyruntime.launch.spawn import spawn
from pyruntime.lifecycle.late import late_steps
from pyruntime.lifecycle.pidfile import send_pidfd, service_manager, write_pid_file
from pyruntime.lifecycle.undo import Undo
from pyruntime.log import rfc3339
from pyruntime.plan import ops
from pyruntime.plan.compile import Options, compile_create
from pyruntime.plan.encode import encode
from pyruntime.plan.field import mapping, text
from pyruntime.plan.rootfs import path as rootfs_path
from pyruntime.spec.load import config_path, load_document
from pyruntime.state import Record, StateDir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.host.foreground import SignalPipe
    from pyruntime.host.notify import Proxy
    from pyruntime.launch.spawn import Child
    from pyruntime.lifecycle.filter import Agent
    from pyruntime.log import Log
    from pyruntime.plan.plan import Listener, Plan
    from pyruntime.plan.resctrl import ResctrlPlan
    from pyruntime.spec.load import Loaded


class CreateRequest:
    """What the caller asks of create or run; paths as given, relative to the caller's cwd.

    rootless: whether a refusal of the cgroups is no error ("true", "false", "auto").
    no_cgroup: none is made. config: instead of the bundle's config.json.
    to_exec False: stop at "created". detach: a terminal needs console_socket then.
    """

    __slots__ = (
        "bundle",
        "config",
        "console_socket",
        "detach",
        "id",
        "no_cgroup",
        "no_new_keyring",
        "no_pivot",
        "pid_file",
        "pidfd_socket",
        "preserve_fds",
        "root",
        "rootless",
        "systemd_cgroup",
        "to_exec",
    )

    def __init__(
        self,
        root: str,
        container_id: str,
        bundle: str = ".",
        *,
        to_exec: bool = False,
        detach: bool = True,
        pid_file: str = "",
        console_socket: str = "",
        pidfd_socket: str = "",
        no_pivot: bool = False,
        no_new_keyring: bool = False,
        preserve_fds: int = 0,
        rootless: str = "auto",
        systemd_cgroup: bool = False,
        no_cgroup: bool = False,
        config: str = "",
    ) -> None:
        self.root = root
        self.rootless = rootless
        self.id = container_id
        self.bundle = os.path.abspath(bundle)
        self.to_exec = to_exec
        self.detach = detach
        self.pid_file = pid_file and os.path.abspath(pid_file)
        self.console_socket = console_socket and os.path.abspath(console_socket)
        self.pidfd_socket = pidfd_socket and os.path.abspath(pidfd_socket)
        self.no_pivot = no_pivot
        self.no_new_keyring = no_new_keyring
        self.preserve_fds = preserve_fds
        self.systemd_cgroup = systemd_cgroup
        self.no_cgroup = no_cgroup
        self.config = config and os.path.abspath(config)


class Created:
    """A container that is ready, its directory still locked. master: the terminal's end
    for the foreground, -1 without one. signals: made before the program ran, for the
    foreground. notify: what listens for the container to be ready, for a service manager.
    """

    __slots__ = ("child", "directory", "master", "notify", "record", "signals")

    def __init__(
        self,
        directory: StateDir,
        record: Record,
        child: Child,
        master: int,
        signals: SignalPipe | None,
        notify: Proxy | None,
    ) -> None:
        self.directory = directory
        self.record = record
        self.child = child
        self.master = master
        self.signals = signals
        self.notify = notify

    def close(self) -> None:
        self.child.close()
        if self.notify is not None:
            self.notify.close()
        self.directory.close()


def create(request: CreateRequest, log: Log) -> Created:
    """Raises an error of the tree, with nothing left behind but what the log was told of."""
    state.check_id(request.id)
    loaded = load_document(request.config or config_path(request.bundle), "config")
    for problem in loaded.warnings:
        log.warn(f"{problem.pointer}: {problem.message}")
    log.mark("read and check config.json")
    check_labels(loaded.config.get("process") or {}, "/process", mapping(loaded.config, "linux"))
    undo = Undo()
    try:
        return _Creation(request, loaded, undo, log).run()
    except BaseException:
        undo.run(log.warn)
        raise


class _Creation:
    """The parts of one create that its phases share."""

    __slots__ = (
        "agent",
        "cgroup",
        "cgroup_path",
        "child",
        "config",
        "directory",
        "facts",
        "filter",
        "limited",
        "loaded",
        "log",
        "manager",
        "master",
        "notify",
        "plan",
        "record",
        "request",
        "signals",
        "undo",
    )

    plan: Plan
    cgroup: Cgroup
    child: Child
    record: Record
    directory: StateDir

    def __init__(self, request: CreateRequest, loaded: Loaded, undo: Undo, log: Log) -> None:
        self.request = request
        self.loaded = loaded
        self.config: dict[str, Any] = loaded.config
        self.facts = probe()
        self.undo = undo
        self.log = log
        self.cgroup_path = ""
        self.master = -1
        self.limited = False
        self.signals: SignalPipe | None = None
        self.manager = service_manager()
        self.notify: Proxy | None = None
        self.agent: Agent | None = None

    def run(self) -> Created:
        request = self.request
        preserve, listen_fds = preserved(request.preserve_fds)
        self.cgroup = self._open_cgroup()
        self.filter = seccomp_filter(self.config, request.root, self.log)
        self.log.mark("look at the host")
        self._compile(preserve, listen_fds)
        self.log.mark("compile the plan")
        console.check_socket_use(
            terminal=self.plan.terminal,
            detach=request.detach,
            console_socket=request.console_socket,
        )
        self.directory = state.create_dir(request.root, request.id)
        self.undo.push(self._remove_directory)
        self.record = self._new_record()
        self.directory.save_config(self.loaded.raw)
        if self.manager:
            self._make_notify()
        # Twice: whenever this runtime is killed, the record says what there is to remove.
        self.directory.write(self.record)
        self.log.mark("make the state directory")
        later = self._cgroup_can_wait()
        if later:
            self.undo.push(self.cgroup.delete)
            self.cgroup.begin()
        else:
            self._create_cgroup(preserve, listen_fds)
            self._record_cgroup()
        self._spawn(preserve)
        self.log.mark("clone the init")
        if later:
            self.cgroup.create()
            self._record_cgroup()
        if not self.plan.forks and not self.cgroup.adopts:
            self._limit()
        self._serve()
        return Created(
            self.directory, self.record, self.child, self.master, self.signals, self.notify
        )

    def _open_cgroup(self) -> Cgroup:
        path = text(mapping(self.config, "linux"), "cgroupsPath")
        if self.request.no_cgroup:
            from pyruntime.cgroups.absent import NullCgroup  # few go without

            return NullCgroup("disabled by --cgroup-manager")
        if not self.request.systemd_cgroup:
            return open_cgroup(self.facts.cgroup, path, self.request.id)
        from pyruntime.cgroups.systemd import open_scope  # only for those who ask for it

        annotations = mapping(self.config, "annotations")
        scope = open_scope(self.facts.cgroup, path, self.request.id, annotations)
        self.cgroup_path = scope.path
        return scope

    def _cgroup_can_wait(self) -> bool:
        """The init has its mounts to make before it enters the cgroup, which costs nothing
        then. Not where making it decides what the plan is, or where the init's limits do.
        """
        plan = self.plan
        alone = plan.resctrl is None and not plan.forks
        return self.cgroup.late and alone and self.facts.euid == 0 and not self.request.rootless

    def _record_cgroup(self) -> None:
        self.record.cgroup = self.cgroup.record()
        if self.plan.resctrl is not None:
            self._create_resctrl(self.plan.resctrl)
        self.directory.write(self.record)
        self.log.mark("make the cgroup")

    def _create_cgroup(self, preserve: int, listen_fds: int) -> None:
        """Or go without, where nothing may be written and no limit was asked for."""
        wanted = self.cgroup
        self.cgroup = create_or_absent(
            wanted, self.plan.cgroup.settings, rootless=self.request.rootless
        )
        self.undo.push(self.cgroup.delete)
        if self.cgroup is not wanted:
            self._compile(preserve, listen_fds)

    def _notify_directory(self) -> str:
        """On the host, where it will be made; "" when no service manager waits for a word."""
        if not self.manager:
            return ""
        return f"{os.path.abspath(self.request.root)}/{self.request.id}/notify"

    def _make_notify(self) -> None:
        from pyruntime.host import notify  # only under a service manager

        notify.make_directory(self.directory.fd)
        if self.request.to_exec:
            self.notify = notify.Proxy(self.directory.fd, self.manager)
            self.undo.push(self.notify.close)

    def _create_resctrl(self, wanted: ResctrlPlan) -> None:
        from pyruntime.host import rdt  # few machines have it

        claimed = self.record.resctrl = rdt.claim(wanted, rdt.find_root())
        self.directory.write(self.record)
        self.undo.push(lambda: rdt.delete(claimed))
        rdt.create(wanted, claimed)

    def _compile(self, preserve: int, listen_fds: int) -> None:
        request, facts = self.request, self.facts
        options = Options(
            no_pivot=request.no_pivot,
            no_new_keyring=request.no_new_keyring,
            preserve_fds=preserve,
            listen_fds=listen_fds,
            detach_start=not request.to_exec,
            notify_directory=self._notify_directory(),
            cgroup_paths=self.cgroup.join_paths(),
            cgroup_path=self.cgroup_path,
            seccomp_program=self.filter,
            no_cgroup=self.cgroup.driver == "none",
        )
        self.plan = compile_create(
            self.config,
            bundle=request.bundle,
            container_id=request.id,
            facts=facts,
            options=options,
        )
        if self.log.debugging:
            log_steps(self.plan, self.log)
        for problem in self.plan.warnings:
            self.log.warn(f"{problem.pointer}: {problem.message}")
        if self.plan.listener:
            self.agent = filter_agent(self.plan.listener)
        if self.plan.no_process and request.to_exec:
            raise ConfigError(
                "config.json has no process to run",
                pointer="/process",
                hint="a container without a process can be created, not run",
                code="no-process",
            )

    def _new_record(self) -> Record:
        hooks = self.plan.hooks
        return Record(
            id=self.request.id,
            bundle=self.request.bundle,
            rootfs=rootfs_path(self.config, self.request.bundle),
            oci_version=self.config["ociVersion"],
            created=rfc3339(time.time_ns()),
            owner=os.geteuid(),
            annotations=self.config.get("annotations") or {},
            pid=0,
            pid_start=0,
            cgroup=self.cgroup.record(),
            resctrl=None,
            hooks={kind: hooks[kind] for kind in ("poststart", "poststop") if hooks.get(kind)},
            own_pid_namespace=self.plan.own_pid_namespace,
            no_process=self.plan.no_process,
            start_socket=not self.request.to_exec,
            late={} if self.request.to_exec else late_steps(self.plan),
        )

    def _spawn(self, preserve: int) -> None:
        blob = encode(self.plan, preserve, traced=self.log.tracer is not None)
        listener = None
        if not self.request.to_exec:
            listener = start_socket.listen(self.directory.fd)
        cgroup_fd = self.cgroup.v2_fd()
        try:
            self.child = spawn(
                self.plan,
                blob,
                start_fd=listener.fileno() if listener is not None else -1,
                cgroup_fd=-1 if cgroup_fd is None else cgroup_fd,
                preserve=preserve,
            )
        finally:
            if listener is not None:
                listener.close()
            if cgroup_fd is not None:
                os.close(cgroup_fd)
        self.undo.push(self._kill)
        if self.record.resctrl is not None:
            from pyruntime.host import rdt  # as above

            rdt.join(self.record.resctrl, self.child.pid)

    def _serve(self) -> None:
        phases = {
            ops.PHASE_USERNS: self._map_ids,
            ops.PHASE_RUNTIME_HOOKS: self._runtime_hooks,
            ops.PHASE_READY: self._ready,
        }
        if self.plan.net_devices:
            # The first phase by which the init has its network namespace.
            first = ops.PHASE_NETWORK if self.plan.by_steps else ops.PHASE_CGROUP
            phases[first] = self._net_devices
        if self.cgroup.adopts:
            phases[ops.PHASE_CGROUP] = self._adopt
        converse(
            self.child,
            self.plan,
            phases,
            self.log,
            on_fd=self._descriptor,
            until_exec=self.request.to_exec,
        )

    def _adopt(self) -> None:
        """The init waits, still outside of the cgroup that is now made around it."""
        self.cgroup.adopt(self.child.pid, self.plan.cgroup.settings)
        self.record.cgroup = self.cgroup.record()
        self.directory.write(self.record)
        self._limit()
        if self.plan.net_devices and not self.plan.by_steps:
            self._net_devices()

    def _net_devices(self) -> None:
        from pyruntime.host import netdev  # pyroute2 is slow to import

        netdev.move(self.plan.net_devices, self.child.pid)

    def _map_ids(self) -> None:
        from pyruntime.host.idmap import write_maps  # only for a new user namespace

        assert self.plan.id_maps is not None
        write_maps(self.child.pid, self.plan.id_maps)

    def _limit(self) -> None:
        """Once. Not before the init has forked, if it does: a limit of processes would count
        both."""
        if not self.limited:
            self.log.mark("wait for the init")
            self.limited = True
            self.cgroup.apply(self.plan.cgroup.settings)
            if self.plan.cgroup.owner and self.facts.euid == 0:
                self.cgroup.delegate(self.plan.cgroup.owner)
            self.log.mark("write the limits")

    def _runtime_hooks(self) -> None:
        from pyruntime.host.hooks import run_hooks  # only for those who have hooks

        self._limit()
        self.log.mark("wait for the init")
        self.record.pid = self.child.pid
        text = jsontext.dumps(self.record.oci_state(state.CREATING))
        for kind in ("prestart", "createRuntime"):
            run_hooks(kind, self.plan.hooks.get(kind, ()), text, cwd=self.request.bundle)
        self.log.mark("run the hooks")

    def _ready(self) -> None:
        """Once this is written, a runtime that is killed leaves a whole container."""
        self._limit()
        self.log.mark("wait for the init")
        self.record.pid = self.child.pid
        self.record.pid_start = state.start_time(self.child.pid)
        self.directory.write(self.record)
        if self.agent and self.request.to_exec:
            self.agent.connect()
            self.undo.push(self.agent.close)
        if self.request.pid_file:
            write_pid_file(self.request.pid_file, self.child.pid)
            self.undo.push(lambda: os.unlink(self.request.pid_file))
        if self.request.pidfd_socket:
            send_pidfd(self.request.pidfd_socket, self.child.pidfd)
        if not self.request.detach:
            from pyruntime.host.foreground import SignalPipe  # only for a foreground run

            self.signals = SignalPipe()
        self.log.mark("write the state")

    def _descriptor(self, name: str, fd: int) -> None:
        if name == "seccomp" and self.agent:
            self.agent.deliver(fd, self.child.pid, self.record.oci_state(state.CREATED))
            self.agent = None
            return
        self.master = console.deliver(self.request.console_socket, name, fd)
        if self.master >= 0:
            if self.plan.console_size is None:
                console.copy_size(self.master)
            self.undo.push(lambda: os.close(self.master))

    def _remove_directory(self) -> None:
        self.directory.remove()
        self.directory.close()
        if hasattr(self, "child"):  # hooks may have run, so poststop is due
            from pyruntime.lifecycle.delete import poststop

            poststop(self.record, self.log)

    def _kill(self) -> None:
        self.cgroup.kill(_signal.SIGKILL)
        if self.child.status is None:
            _signal.pidfd_send_signal(self.child.pidfd, _signal.SIGKILL)
            self.child.wait()
        self.child.close()


def converse(
    child: Child,
    plan: Plan,
    phases: Mapping[int, Callable[[], None]],
    log: Log,
    *,
    on_fd: Callable[[str, int], None],
    until_exec: bool,
) -> None:
    """launch.serve.serve, with the log for warnings and, with --trace, for the steps."""
    if log.tracer is None:
        serve(child, plan, phases, on_fd=on_fd, on_warn=log.warn, until_exec=until_exec)
        return
    from pyruntime.lifecycle.traced import Steps  # with --trace only

    steps = Steps(plan, log.tracer)
    try:
        serve(
            child,
            plan,
            phases,
            on_fd=on_fd,
            on_warn=log.warn,
            until_exec=until_exec,
            on_trace=steps.take,
        )
    finally:
        steps.finish(time.time_ns())
        log.mark("wait for the init")


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

    return filter_of(section, root, log.debug)


def filter_agent(listener: Listener) -> Agent:
    from pyruntime.lifecycle.filter import Agent  # as above

    return Agent(listener)


def log_steps(plan: Plan, log: Log) -> None:
    """Every step in words, before any of them is run."""
    from pyruntime.plan.describe import sentence  # people's words, for --debug only

    for number, step in enumerate(plan.steps):
        log.debug(f"step {number}: {sentence(step)}")


def preserved(count: int) -> tuple[int, int]:
    """(descriptors from 3 on to hand over, how many of them socket activation gave).

    sd_listen_fds(3): LISTEN_PID must name this process. Raises UsageError when one is closed.
    """
    listen_fds = 0
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        value = os.environ.get("LISTEN_FDS", "")
        listen_fds = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    total = listen_fds + count
    if total > 4096:
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
