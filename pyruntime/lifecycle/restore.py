# SPDX-License-Identifier: Apache-2.0
"""restore: a container again from a checkpoint's images.

    load ─▶ compile ─▶ state directory, cgroup ─▶ mount points ─▶ criu in the cgroup ─▶ running

It is a create up to the clone. Instead of that criu makes the processes; it is started in a
mount namespace where the rootfs is a mount of its own, as it needs it, so that nothing of that
is left on the host. The init becomes this process's child, as that of `run` is.
"""

from __future__ import annotations

import _signal
import os

from pyruntime import jsontext, state
from pyruntime.errors import HostError, host_error
from pyruntime.host import notify
from pyruntime.host.criu import mounts, options, report, yard
from pyruntime.host.criu import protocol as p
from pyruntime.host.criu.enter import loopback_up
from pyruntime.host.criu.service import Criu
from pyruntime.launch.spawn import Child, open_slot
from pyruntime.lifecycle.apart import make_root_read_only, run_apart
from pyruntime.lifecycle.checkpoint import DESCRIPTORS, EXTERNAL_NAMESPACES, Directories
from pyruntime.lifecycle.create import CreateRequest, Creation, create
from pyruntime.lifecycle.launching import attend
from pyruntime.plan import external
from pyruntime.plan.compile import compile_create
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.notify import TARGET
from pyruntime.plan.options import Options
from pyruntime.plan.plan import Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.host.criu.options import Asked
    from pyruntime.host.criu.wire import Fields
    from pyruntime.lifecycle.undo import Undo
    from pyruntime.log import Log
    from pyruntime.plan.step import Step
    from pyruntime.spec.load import Loaded

LOG = "restore.log"


class RestoreRequest(CreateRequest):
    """asked: of criu. lsm_profile (as TYPE:NAME), lsm_mount_context: "" for those of the
    checkpoint."""

    __slots__ = ("asked", "lsm_mount_context", "lsm_profile")

    asked: Asked
    lsm_profile: str
    lsm_mount_context: str


def restore(request: RestoreRequest, log: Log, *, subreaper: bool) -> int:
    """0 at once when detached, else the program's exit status or 128 + signal.

    Raises an error of the tree when the container did not come to run; nothing is left then.
    """
    from pyruntime.lifecycle.run import clean_up

    if not request.detach and subreaper:
        from pyruntime.host.foreground import become_subreaper

        become_subreaper()
    created = create(request, log, way=Restoration)
    try:
        created.directory.unlock()  # it is for the others now
        if request.detach:
            return 0
        return attend(created.child, created.master, created.signals)
    finally:
        try:
            if not request.detach:
                clean_up(created, log)
        finally:
            created.close()


class Restoration(Creation):
    """A creation whose init comes from the images."""

    __slots__ = ("at", "criu", "hierarchies", "hooked", "inherited")

    request: RestoreRequest
    criu: Criu
    at: Directories

    def __init__(self, request: RestoreRequest, loaded: Loaded, undo: Undo, log: Log) -> None:
        external.refuse(loaded.config)
        # Processes come back with the filter that they had.
        (loaded.config.get("linux") or {}).pop("seccomp", None)
        super().__init__(request, loaded, undo, log)
        self.hooked = False
        self.inherited: Fields = []
        self.hierarchies: Fields = []
        self.open_directories().close()  # what is not there costs nothing now

    def open_directories(self) -> Directories:
        asked = self.request.asked
        return Directories(asked.image_path, asked.work_path, make=False)

    def _cgroup_can_wait(self) -> bool:
        return False

    def _stage_ready(self) -> None:
        """Nothing is known of the init yet."""

    def _spawn(self) -> None:
        """criu, where the init is in a create: in the cgroup, under its limits."""
        opened = self._open_namespaces()
        self.undo.push(self.kill)
        try:
            self._start_criu(opened)
        finally:
            for fd in opened:
                os.close(fd)
        version = self.criu.require_version()
        self.log.debug(f"criu's version: {version}")
        pid = self.criu.pid
        if self.cgroup.adopts:
            self.cgroup.adopt(pid, self.plan.cgroup.settings)
            self.record.cgroup = self.cgroup.record()
            self.directory.write(self.record)
        else:
            self.cgroup.attach(pid)
        self._limit()
        if self.record.resctrl is not None:
            from pyruntime.host import rdt  # few machines have it

            rdt.join(self.record.resctrl, pid)

    def _open_namespaces(self) -> list[int]:
        """Those of the network and of processes that were joined, for criu."""
        opened: list[int] = []
        joined = external.joined(self.config)
        for kind, key in EXTERNAL_NAMESPACES.items():
            if kind in joined:
                path, pointer = joined[kind]
                fd = open_slot(Slot(f"namespace:{TYPES[kind][1]}", path, pointer))
                opened.append(fd)
                self.inherited.append((p.INHERIT_FD, p.inherited(key, fd)))
        return opened

    def _start_criu(self, descriptors: list[int]) -> None:
        def start() -> None:
            # Here, since criu mounts in them: they must be of the same mount namespace.
            self.at = self.open_directories()
            self.undo.push(self.at.close)
            self.criu = Criu(quiet=False, descriptors=descriptors)

        if not external.is_new(self.config, "mount"):
            start()
            return
        config = external.without_user_namespace(self.config)
        plan = compile_create(
            {key: value for key, value in config.items() if key != "hooks"},
            bundle=self.request.bundle,
            container_id=self.request.id,
            facts=self.facts,
            options=Options(cgroup_path=self.cgroup_path),
        )
        run_apart(external.preparing_steps(config, plan), self.log.warn)
        self.log.mark("make the mount points")
        before: list[Step] = []
        sources = yard.wanted(self.facts.cgroup)
        if sources:
            path = self.directory.path
            before = external.mounting_steps(path, yard.NAME, sources)
            self.hierarchies.append((p.CGROUP_YARD, f"{path}/{yard.NAME}"))
        run_apart(external.root_steps(self.plan.rootfs, before), self.log.warn, start)
        self.log.mark("start criu")

    def _talk(self) -> None:
        criu = self.criu
        criu.log = self.request.asked.log_path(LOG)
        answer = criu.run(p.RESTORE, self._fields(), self._notified)
        if not answer.success:
            error = report.failure("restore", answer, criu.log)
            if external.is_new(self.config, "user") and "Permission denied" in error.message:
                error.hint = "the container's root must be able to read the images"
            raise error
        criu.close()
        yard.remove(self.directory.fd)
        if not hasattr(self, "child"):
            self._restored(answer.pid)
        self.tell()
        self.log.mark("restore")

    def _fields(self) -> Fields:
        request = self.request
        fields = [
            *request.asked.fields(self.at.images, self.at.work, LOG),
            *options.config_file(self.record.annotations),
            (p.ROOT, self.plan.rootfs),
            (p.RESTORE_SIBLING, True),
            (p.EVASIVE_DEVICES, True),
            *self.inherited,
            *self._streams(),
            *self._cgroups(),
            *self.hierarchies,
        ]
        for kind, (path, _) in external.joined(self.config).items():
            if kind not in EXTERNAL_NAMESPACES:
                fields.append((p.JOIN_NS, p.pair(TYPES[kind][1], path)))
        fields += self._mounts()
        if request.lsm_profile:
            fields.append((p.LSM_PROFILE, request.lsm_profile))
        if request.lsm_mount_context:
            fields.append((p.LSM_MOUNT_CONTEXT, request.lsm_mount_context))
        return fields

    def _mounts(self) -> Fields:
        """From outside. One that told a service manager of itself has a mount for that, which
        is empty when no such manager waits now."""
        binds = external.binds(self.plan)
        silent = f"{self.directory.path}/{notify.DIRECTORY}"
        if not self.manager:
            binds.append(external.Bind("", silent, TARGET))
        found = mounts.sources(self.at.images, binds)
        if not self.manager and silent in (source for _, source in found):
            notify.make_directory(self.directory.fd)
        return [(p.EXT_MOUNT, p.pair(key, source)) for key, source in found]

    def _streams(self) -> Fields:
        """Pipes of the old caller's become the standard streams of this one."""
        try:
            links = jsontext.loads(state.read_file(DESCRIPTORS, self.at.images))
        except OSError as err:
            path = f"{self.request.asked.image_path}/{DESCRIPTORS}"
            hint = "are these the images of a container's checkpoint?"
            raise host_error(err, "read", path, hint=hint, code="criu-images") from None
        found: Fields = []
        for fd, link in enumerate(links[:3] if isinstance(links, list) else []):
            if isinstance(link, str) and link.startswith("pipe:"):
                found.append((p.INHERIT_FD, p.inherited(link, fd)))
        return found

    def _cgroups(self) -> Fields:
        """What criu takes for the root of the cgroups in the images: where it is itself."""
        found: Fields = []
        for line in state.read_file(f"/proc/{self.criu.pid}/cgroup").decode().split("\n"):
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            if path:
                names = controllers.split(",")
                found += [(p.CGROUP_ROOT, p.pair(name, path)) for name in names]
        return found

    def _notified(self, script: str, pid: int, fd: int) -> None:
        if script == "orphan-pts-master" and fd >= 0:
            self._take_descriptor("console", fd)
            return
        if fd >= 0:
            os.close(fd)
        if script == "setup-namespaces":
            self._set_up(pid)
        elif script == "post-restore":
            self._restored(pid)

    def _set_up(self, pid: int) -> None:
        """The init's namespaces are there, and empty: what a create does in its phases."""
        if external.is_new(self.config, "network"):
            loopback_up(pid)
        if self.plan.net_devices and "network" not in external.joined(self.config):
            from pyruntime.host import netdev  # pyroute2 is slow to import

            netdev.move(self.plan.net_devices, pid)
        kinds = [kind for kind in ("prestart", "createRuntime") if self.plan.hooks.get(kind)]
        if not kinds:
            return
        from pyruntime.host.hooks import run_hooks  # only for those who have hooks

        self.hooked = True
        self.record.pid = pid
        text = jsontext.dumps(self.record.oci_state(state.CREATING))
        for kind in kinds:
            run_hooks(kind, self.plan.hooks[kind], text, cwd=self.request.bundle)

    def _restored(self, pid: int) -> None:
        """All processes are there, and still stopped."""
        try:
            self.child = Child(pid, os.pidfd_open(pid), self.criu.sock)
        except OSError as err:
            raise host_error(err, "open the restored init") from None
        self._note_time_namespace(pid)
        self._check_read_only(pid)
        self.record.pid = pid
        self.record.pid_start = state.start_time(pid)
        self.directory.write(self.record)

    def _check_read_only(self, pid: int) -> None:
        """Not every criu brings back a root that is read-only, and no bind mount may come back
        writable. Raises HostError."""
        if not external.is_new(self.config, "mount"):
            return
        there = mounts.mounted(pid)
        writable = any(mount.point == "/" and not mount.read_only for mount in there)
        if writable and external.root_is_read_only(self.config):
            make_root_read_only(pid, self.log.warn)
        here = mounts.mounted("self")
        for found in mounts.find(external.read_only_binds(self.plan), here, there):
            if not found.mount.read_only:
                raise HostError(
                    f"restore container: criu has made {found.mount.point} writable",
                    pointer=found.bind.pointer,
                    path=found.mount.point,
                    code="criu-failed",
                )

    def _note_time_namespace(self, pid: int) -> None:
        """criu restores into a new one, for the clocks to go on: `exec` is to join it."""
        if os.stat(f"/proc/{pid}/ns/time").st_ino == os.stat("/proc/self/ns/time").st_ino:
            return
        config: dict[str, Any] = jsontext.loads(self.loaded.raw)
        entries = config["linux"].setdefault("namespaces", [])
        if not any(entry.get("type") == "time" for entry in entries):
            entries.append({"type": "time"})
            self.directory.save_config(jsontext.dumps(config).encode())

    def _remove_directory(self) -> None:
        had_child = hasattr(self, "child")
        super()._remove_directory()
        if self.hooked and not had_child:
            from pyruntime.lifecycle.delete import poststop

            poststop(self.record, self.log)

    def kill(self) -> None:
        if hasattr(self, "criu"):
            self.criu.kill()
        if hasattr(self, "child"):
            super().kill()
        else:
            self.cgroup.kill(_signal.SIGKILL)
