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
from pyruntime.cgroups.driver import (
    create_or_absent,
    hierarchy_path,
    is_rootless,
    open_cgroup,
)
from pyruntime.errors import ConfigError
from pyruntime.host.probe import probe
from pyruntime.launch import start as start_socket
from pyruntime.lifecycle.late import late_steps
from pyruntime.lifecycle.launching import Launch, LaunchRequest, check_labels, seccomp_filter
from pyruntime.lifecycle.pidfile import service_manager
from pyruntime.lifecycle.undo import Undo
from pyruntime.log import rfc3339
from pyruntime.plan import ops
from pyruntime.plan.compile import compile_create
from pyruntime.plan.field import is_annotated, mapping, text
from pyruntime.plan.options import Options
from pyruntime.plan.rootfs import path as rootfs_path
from pyruntime.spec.load import config_path, load_document
from pyruntime.state import Record, StateDir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.host.foreground import Signals
    from pyruntime.host.notify import Proxy
    from pyruntime.launch.spawn import Child
    from pyruntime.log import Log
    from pyruntime.plan.resctrl import ResctrlPlan
    from pyruntime.spec.load import Loaded


class CreateRequest(LaunchRequest):
    """What the caller asks of create or run; paths as given, relative to the caller's cwd.

    rootless: whether a refusal of the cgroups is no error ("true", "false", "auto").
    no_cgroup: none is made. config: instead of the bundle's config.json.
    to_exec False: stop at "created". detach: a terminal needs console_socket then.
    """

    __slots__ = (
        "bundle",
        "config",
        "no_cgroup",
        "no_new_keyring",
        "no_pivot",
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
        self.rootless = rootless
        self.bundle = os.path.abspath(bundle)
        self.to_exec = to_exec
        self.no_pivot = no_pivot
        self.no_new_keyring = no_new_keyring
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
        signals: Signals | None,
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


def create(
    request: CreateRequest,
    log: Log,
    loaded: Loaded | None = None,
    way: type[Creation] | None = None,
) -> Created:
    """loaded: instead of what the request names. way: of another kind, a restore.

    Raises an error of the tree, with nothing left behind but what the log was told of.
    """
    state.check_id(request.id)
    if loaded is None:
        loaded = load_document(request.config or config_path(request.bundle), "config")
    for problem in loaded.warnings:
        log.warn(f"{problem.pointer}: {problem.message}")
    log.mark("read and check config.json")
    if is_annotated(loaded.config):
        from pyruntime.plan import annotations  # few containers have such

        wanted = annotations.read(loaded.config)
        request.pidfd_socket = request.pidfd_socket or wanted.pidfd_socket
    check_labels(loaded.config.get("process") or {}, "/process", mapping(loaded.config, "linux"))
    undo = Undo()
    try:
        made = (way or Creation)(request, loaded, undo, log).run()
        undo.forget()
        return made
    except BaseException:
        undo.run(log.warn)
        raise


class Creation(Launch):
    """The parts of one create that its phases share."""

    __slots__ = (
        "cgroup",
        "cgroup_path",
        "config",
        "directory",
        "facts",
        "filter",
        "limited",
        "loaded",
        "manager",
        "notify",
    )

    request: CreateRequest
    cgroup: Cgroup
    directory: StateDir

    def __init__(self, request: CreateRequest, loaded: Loaded, undo: Undo, log: Log) -> None:
        super().__init__(request, state.CREATED, undo, log)
        self.loaded = loaded
        self.config: dict[str, Any] = loaded.config
        self.facts = probe()
        self.cgroup_path = ""
        self.limited = False
        self.manager = service_manager() if request.given is None else ""
        self.notify: Proxy | None = None

    def run(self) -> Created:
        self.cgroup = self._open_cgroup()
        self.filter = seccomp_filter(self.config, self.request.root, self.log)
        self.log.mark("look at the host")
        self._compile()
        self.log.mark("compile the plan")
        self.check_socket_use()
        with self.shield():
            self._make()
        self._talk()
        return Created(
            self.directory, self.record, self.child, self.master, self.signals, self.notify
        )

    def _make(self) -> None:
        """All that there is to undo, and the init at work."""
        self.directory = state.create_dir(self.request.root, self.request.id)
        self.undo.push(self._remove_directory)
        self.record = self._new_record()
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
            self._create_cgroup()
            self._record_cgroup()
        self._spawn()
        self.log.mark("clone the init")
        if later:
            self.cgroup.create()
            self._record_cgroup()
        self.directory.save_config(self.loaded.raw)
        if not self.plan.forks and not self.cgroup.adopts:
            self._limit()
            self._stage_ready()

    def _open_cgroup(self) -> Cgroup:
        path = text(mapping(self.config, "linux"), "cgroupsPath")
        if self.request.no_cgroup:
            from pyruntime.cgroups.absent import NullCgroup  # few go without

            return NullCgroup("disabled by --cgroup-manager")
        if not self.request.systemd_cgroup:
            cgroup = open_cgroup(self.facts.cgroup, path, self.request.id)
            self.cgroup_path = hierarchy_path(self.facts.cgroup, cgroup)
            return cgroup
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
        return self.cgroup.late and alone and not is_rootless(self.request.rootless)

    def _stage_ready(self) -> None:
        """While the init is at work, so that little is left to do when it is ready."""
        self.record.pid = self.child.pid
        self.record.pid_start = state.start_time(self.child.pid)
        self.directory.stage(self.record)

    def _record_cgroup(self) -> None:
        self.record.cgroup = self.cgroup.record()
        if self.plan.resctrl is not None:
            self._create_resctrl(self.plan.resctrl)
        self.directory.write(self.record)
        self.log.mark("make the cgroup")

    def _create_cgroup(self) -> None:
        """Or go without, where nothing may be written and no limit was asked for."""
        wanted = self.cgroup
        self.cgroup = create_or_absent(
            wanted, self.plan.cgroup.settings, rootless=self.request.rootless
        )
        self.undo.push(self.cgroup.delete)
        if self.cgroup is not wanted:
            self._compile()

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

    def _compile(self) -> None:
        request, facts = self.request, self.facts
        options = Options(
            no_pivot=request.no_pivot,
            no_new_keyring=request.no_new_keyring,
            preserve_fds=self.preserve,
            listen_fds=self.listen_fds,
            detach_start=not request.to_exec,
            notify_directory=self._notify_directory(),
            cgroup_paths=self.cgroup.join_paths(),
            cgroup_path=self.cgroup_path,
            seccomp_program=self.filter,
            no_cgroup=self.cgroup.driver == "none",
        )
        plan = compile_create(
            self.config,
            bundle=request.bundle,
            container_id=request.id,
            facts=facts,
            options=options,
        )
        self.take(plan)
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
            descriptors=[
                os.readlink(f"/proc/self/fd/{fd}") for fd in (self.request.given or (0, 1, 2))[:3]
            ],
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

    def _spawn(self) -> None:
        listener = None
        if not self.request.to_exec:
            listener = start_socket.listen(self.directory.fd)
        try:
            start_fd = listener.fileno() if listener is not None else -1
            self.child = self.spawn(cgroup_fd=self.cgroup.v2_fd(), start_fd=start_fd)
        finally:
            if listener is not None:
                listener.close()
        self.undo.push(self.kill)
        self.join_resctrl()

    def _talk(self) -> None:
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
        self.converse(phases, until_exec=self.request.to_exec)

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
        where: Any = {"cwd": self.request.bundle, "annotations": self.record.annotations}
        for kind in ("prestart", "createRuntime"):
            run_hooks(kind, self.plan.hooks.get(kind, ()), text, **where)
        self.log.mark("run the hooks")

    def _ready(self) -> None:
        """Once this is written, a runtime that is killed leaves a whole container."""
        self._limit()
        self.log.mark("wait for the init")
        if self.record.pid_start == 0:
            self._stage_ready()
        self.directory.commit()
        if self.request.to_exec:
            self.connect_agent()
        self.tell()
        self.log.mark("write the state")

    def _remove_directory(self) -> None:
        try:
            self.directory.remove()
        finally:
            self.directory.close()
        if hasattr(self, "child"):  # hooks may have run, so poststop is due
            from pyruntime.lifecycle.delete import poststop

            poststop(self.record, self.log)

    def kill(self) -> None:
        self.cgroup.kill(_signal.SIGKILL)
        super().kill()
