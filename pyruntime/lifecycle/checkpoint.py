# SPDX-License-Identifier: Apache-2.0
"""checkpoint: criu writes a container's processes to images; the container ends, or goes on."""

from __future__ import annotations

import os

from pyruntime import jsontext, state
from pyruntime.cgroups.driver import from_record
from pyruntime.errors import StateError, host_error
from pyruntime.host.criu import mounts, options, report, yard
from pyruntime.host.criu import protocol as p
from pyruntime.host.criu.service import Criu
from pyruntime.host.probe import probe
from pyruntime.lifecycle.status import status_of
from pyruntime.plan import external
from pyruntime.plan.compile import compile_create
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.host.criu.options import DumpAsked
    from pyruntime.host.criu.wire import Fields
    from pyruntime.log import Log
    from pyruntime.state import Record, StateDir

LOG = "dump.log"
DESCRIPTORS = "descriptors.json"  # the name that other runtimes give it, too
# Those that criu leaves alone when they are the engine's: type -> key in the images.
EXTERNAL_NAMESPACES = {"network": "extRootNetNS", "pid": "extRootPidNS"}


def checkpoint(root: str, container_id: str, asked: DumpAsked, log: Log) -> None:
    """Write the images; delete the container unless it is to go on.

    Raises StateError for one that does not run, HostError when criu fails: the container
    goes on then.
    """
    asked.check()
    with state.open_dir(root, container_id) as directory:
        directory.lock()
        record = directory.read()
        status = status_of(directory, record)
        if status not in (state.RUNNING, state.PAUSED):
            raise StateError(
                f"container cannot be checkpointed in {status} state",
                hint="only one that runs has what a checkpoint is of",
                code="not-running",
            )
        _Dump(directory, record, asked, log).run()
        if not asked.leave_running and not asked.pre_dump:
            from pyruntime.lifecycle.delete import destroy

            destroy(directory, record, log, kill=True)


class _Dump:
    """The parts of one dump."""

    __slots__ = ("asked", "config", "directory", "facts", "log", "record")

    def __init__(self, directory: StateDir, record: Record, asked: DumpAsked, log: Log) -> None:
        self.directory = directory
        self.record = record
        self.asked = asked
        self.log = log
        self.facts = probe()
        text = state.read_file("config.json", directory.fd)
        self.config: dict[str, Any] = jsontext.loads(text, nulls=False)

    def run(self) -> None:
        external.refuse(self.config)
        asked = self.asked
        criu = Criu(quiet=True)
        try:
            criu.require_version()
            if asked.features():
                need = "--pre-dump" if asked.pre_dump else "--lazy-pages"
                criu.require_features(asked.features(), f"checkpoint with {need}")
            with Directories(asked.image_path, asked.work_path) as at:
                self._dump(criu, at)
        finally:
            criu.close()
            yard.remove(self.directory.fd)

    def _dump(self, criu: Criu, at: Directories) -> None:
        asked, record = self.asked, self.record
        fields = [
            *asked.fields(at.images, at.work, LOG),
            *asked.dump_fields(),
            *options.config_file(record.annotations),
            (p.ROOT, record.rootfs),
            (p.PID, record.pid),
            *self._freezer(),
            *self._hierarchies(),
            *self._namespaces(),
        ]
        if not asked.pre_dump:
            fields += self._mounts(at.images)
            text = jsontext.dumps(record.descriptors)
            mounts.write(at.images, DESCRIPTORS, text.encode())
        kind = p.SINGLE_PRE_DUMP if asked.pre_dump else p.DUMP
        self.log.mark("prepare the dump")
        criu.log = asked.log_path(LOG)
        answer = criu.run(kind, fields, self._notified)
        if not answer.success:
            raise report.failure("checkpoint", answer, criu.log)
        self.log.mark("dump")

    def _notified(self, script: str, _pid: int, fd: int) -> None:
        """Nothing is locked at "network-lock": the network is the engine's."""
        if fd >= 0:
            os.close(fd)
        if script == "status-ready" and self.asked.status_fd >= 0:
            try:
                os.write(self.asked.status_fd, b"\0")
                os.close(self.asked.status_fd)
            except OSError as err:
                raise host_error(err, f"write to --status-fd {self.asked.status_fd}") from None

    def _freezer(self) -> Fields:
        """With the cgroup's freezer no process escapes criu by forking."""
        if self.record.cgroup is None:
            return []
        path = freezer_path(from_record(self.record.cgroup))
        return [(p.FREEZE_CGROUP, path)] if path else []

    def _hierarchies(self) -> Fields:
        targets = yard.wanted(self.facts.cgroup)
        if not targets:
            return []
        yard.link(self.directory.fd, targets)
        return [(p.CGROUP_YARD, f"{self.directory.path}/{yard.NAME}")]

    def _namespaces(self) -> Fields:
        found: Fields = []
        joined = external.joined(self.config)
        for kind, key in EXTERNAL_NAMESPACES.items():
            if kind in joined:
                entry = TYPES[kind][1]
                path = f"/proc/{self.record.pid}/ns/{entry}"
                try:
                    inode = os.stat(path).st_ino
                except OSError as err:
                    raise host_error(err, "look at namespace", path) from None
                found.append((p.EXTERNAL, f"{entry}[{inode}]:{key}"))
        return found

    def _mounts(self, images: int) -> Fields:
        record = self.record
        notify = f"{self.directory.path}/notify"
        plan = compile_create(
            {key: value for key, value in self.config.items() if key != "hooks"},
            bundle=record.bundle,
            container_id=record.id,
            facts=self.facts,
            options=Options(
                notify_directory=notify if os.path.isdir(notify) else "",
                cgroup_path=_cgroup_path(record),
            ),
        )
        there = mounts.mounted(record.pid)
        found = mounts.find(external.binds(plan), mounts.mounted("self"), there)
        mounts.check_points(found)
        mounts.write_list(images, found)
        return [(p.EXT_MOUNT, p.pair(one.mount.point, one.key)) for one in found]


def _cgroup_path(record: Record) -> str:
    """Where the cgroup is in the hierarchies, "" without one."""
    if record.cgroup is not None:
        cgroup = from_record(record.cgroup)
        for controller, path in cgroup.paths.items():
            return path.removeprefix(cgroup.tops[controller])
    return ""


def freezer_path(cgroup: Cgroup) -> str:
    """The directory of the cgroup's freezer, "" without one."""
    return cgroup.paths.get("freezer") or cgroup.paths.get("", "")


class Directories:
    """Descriptors of the images' and the work directory, made if need be. work: -1 for none.

    Use as a context manager.
    """

    __slots__ = ("images", "work")

    def __init__(self, image_path: str, work_path: str, *, make: bool = True) -> None:
        """make: of the images' directory, which a restore needs to find. Raises HostError."""
        self.work = -1
        self.images = _open(image_path, make=make)
        if work_path:
            try:
                self.work = _open(work_path, make=True)
            except BaseException:
                os.close(self.images)
                raise

    def __enter__(self) -> Directories:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.images)
        if self.work >= 0:
            os.close(self.work)


def _open(path: str, *, make: bool) -> int:
    """Nobody but root is to read the memory of processes."""
    try:
        if make:
            os.makedirs(path, 0o700, exist_ok=True)
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as err:
        raise host_error(err, "open directory", path) from None
