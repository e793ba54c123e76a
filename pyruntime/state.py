# SPDX-License-Identifier: Apache-2.0
"""What is kept of a container: one directory below the root, its record, its lock.

    <root>/<id>/            0700; flock on the directory itself is the container's lock
      state.json            the record, written atomically (temporary file + rename)
      config.json           a copy of the bundle's, as it was at create
      start.sock            the created container's init listens here for `start`
      notify/               mounted in a container that tells a service manager of itself
    <root>/@seccomp/        compiled filters: see host.seccomp.cache

It reads and writes files and asks the kernel about one process; it starts, signals and
removes nothing but these files. No verb but `list` looks at another container's directory.
"""

from __future__ import annotations

import errno
import fcntl
import os

from pyruntime import jsontext
from pyruntime.errors import Error, Exists, NotFound, StateError, UsageError, host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ID_MAX = 255
_STAGED = ".state.json"  # writers hold the lock of the directory
_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")

CREATING, CREATED, RUNNING, PAUSED, STOPPED = "creating", "created", "running", "paused", "stopped"


def check_id(container_id: str) -> None:
    """An id is a file name of [A-Za-z0-9_+.-], neither "." nor "..". Raises UsageError."""
    if not container_id:
        raise UsageError("container id cannot be empty", code="invalid-id")
    if (
        len(container_id) > ID_MAX
        or container_id in (".", "..")
        or not _ID_CHARACTERS.issuperset(container_id)
    ):
        raise UsageError(
            f"invalid container ID format: {container_id[:ID_MAX]!r}",
            hint=f"letters, digits and _ + - . only, at most {ID_MAX} of them",
            code="invalid-id",
        )


class Record:
    """The content of state.json.

    pid is 0 until the init is known. pid_start is field 22 of /proc/PID/stat, in clock
    ticks since boot: with the pid it names a process for good. cgroup is what
    cgroups.driver.from_record takes, or None without a cgroup. hooks holds poststart and
    poststop. resctrl is what host.rdt takes, or None. start_socket: True when the init waits
    for `start`. resources: linux.resources as `update` left them, None while config.json's
    are in force. descriptors: what the standard streams were at create, as links in /proc/PID/fd
    read, for a checkpoint.
    """

    __slots__ = (
        "annotations",
        "bundle",
        "cgroup",
        "created",
        "descriptors",
        "hooks",
        "id",
        "late",
        "no_process",
        "oci_version",
        "own_pid_namespace",
        "owner",
        "pid",
        "pid_start",
        "resctrl",
        "resources",
        "rootfs",
        "start_socket",
    )

    id: str
    late: dict[str, list[Any]]
    bundle: str
    rootfs: str
    oci_version: str
    created: str
    descriptors: list[str]
    owner: int
    annotations: dict[str, str]
    pid: int
    pid_start: int
    cgroup: dict[str, Any] | None
    resctrl: dict[str, Any] | None
    resources: dict[str, Any] | None
    hooks: dict[str, list[dict[str, Any]]]
    own_pid_namespace: bool
    no_process: bool
    start_socket: bool

    def __init__(self, **fields: Any) -> None:
        fields.setdefault("resources", None)
        fields.setdefault("descriptors", [])
        for name in self.__slots__:
            setattr(self, name, fields[name])

    def check(self, container_id: str) -> None:
        """Raises ValueError for a member that is not what this class writes."""
        for name, kinds in _KINDS:
            if not isinstance(getattr(self, name), kinds):
                raise ValueError(f"{name} is of the wrong type")
        if self.id != container_id:
            raise ValueError("id is another container's")
        if not (0 <= self.pid < 1 << 31 and self.pid_start >= 0):
            raise ValueError("pid is no process id")

    def to_json(self) -> str:
        return jsontext.dumps({name: getattr(self, name) for name in self.__slots__}, lossless=True)

    def oci_state(self, status: str) -> dict[str, Any]:
        """The spec's state of a container (runtime.md, "State").

        pid is 0 for a stopped container, as runc gives it.
        """
        state: dict[str, Any] = {
            "ociVersion": self.oci_version,
            "id": self.id,
            "status": status,
            "pid": 0 if status == STOPPED else self.pid,
            "bundle": self.bundle,
        }
        if self.annotations:
            state["annotations"] = self.annotations
        return state


_NONE = type(None)
_KINDS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    *((name, str) for name in ("id", "bundle", "rootfs", "oci_version", "created")),
    *((name, int) for name in ("owner", "pid", "pid_start")),
    *((name, dict) for name in ("annotations", "hooks", "late")),
    *((name, (dict, _NONE)) for name in ("cgroup", "resctrl", "resources")),
    *((name, bool) for name in ("own_pid_namespace", "no_process", "start_socket")),
)


def start_time(pid: int) -> int:
    """Start of a live process in clock ticks since boot, 0 when it is gone or a zombie."""
    try:
        text = read_file(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = text[text.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X", b"x"):
        return 0
    return int(fields[19])


def alive(record: Record) -> bool:
    """The init still runs, and it is not another process with a recycled pid."""
    return record.pid != 0 and start_time(record.pid) == record.pid_start


class StateDir:
    """A container's directory, open. Use as a context manager: closing releases the lock."""

    __slots__ = ("_held", "fd", "id", "path")

    def __init__(self, container_id: str, path: str, fd: int) -> None:
        self.id = container_id
        self.path = path
        self.fd = fd
        self._held = False

    def __enter__(self) -> StateDir:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        """An exception that a signal raises may come between opening and everything else."""
        self.close()

    def close(self) -> None:
        """A lock ends here even if another thread has forked since it was taken: what is
        copied is the descriptor, not the lock."""
        fd = self.fd
        if fd >= 0:
            self.unlock()
            self.fd = -1
            os.close(fd)

    def unlock(self) -> None:
        """For others to have it, while the directory stays open."""
        if self._held:
            self._held = False
            fcntl.flock(self.fd, fcntl.LOCK_UN)

    def lock(self) -> None:
        """Wait for the container's lock. Raises NotFound if it was deleted meanwhile."""
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        self._held = True
        if os.fstat(self.fd).st_nlink == 0:
            raise NotFound("container does not exist")

    def locked(self) -> bool:
        """Another process holds the lock at this moment."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        return False

    def read(self) -> Record:
        """Raises NotFound without a record, StateError for one that can't be read."""
        try:
            text = read_file("state.json", self.fd)
        except FileNotFoundError:
            raise NotFound("container does not exist") from None
        except OSError as err:
            raise self._damaged(str(err.strerror)) from None
        try:
            fields = jsontext.loads(text, lossless=True)
            if not isinstance(fields, dict):
                raise ValueError("not an object")
            record = Record(**fields)
            record.check(self.id)
            return record
        except KeyError as err:
            raise self._damaged(f"{err.args[0]} is missing") from None
        except (TypeError, ValueError, Error) as err:
            raise self._damaged(str(err)) from None

    def _damaged(self, why: str) -> StateError:
        return StateError(
            f"state of container {self.id} is damaged: {why}",
            path=f"{self.path}/state.json",
            hint="`pyruntime delete --force` removes it",
            code="state-damaged",
        )

    def config(self) -> dict[str, Any]:
        """What config.json was at create. Raises StateError."""
        try:
            found: dict[str, Any] = jsontext.loads(read_file("config.json", self.fd), nulls=False)
            return found
        except (OSError, Error) as err:
            why = err.strerror if isinstance(err, OSError) else err
            raise StateError(
                f"config.json of container {self.id} is damaged: {why}",
                path=self.config_path(),
                hint="kill and delete the container",
                code="state-damaged",
            ) from None

    def write(self, record: Record) -> None:
        self.stage(record)
        self.commit()

    def stage(self, record: Record) -> None:
        """Write beside the record what commit() puts in its place."""
        self._write_file(_STAGED, record.to_json().encode())

    def commit(self) -> None:
        self._rename(_STAGED, "state.json")

    def save_config(self, raw: bytes) -> None:
        """Keep the configuration as it was: later changes of the bundle have no effect."""
        self._write_file(".config.json", raw)
        self._rename(".config.json", "config.json")

    def config_path(self) -> str:
        return f"{self.path}/config.json"

    def _write_file(self, name: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            fd = os.open(name, flags, 0o600, dir_fd=self.fd)
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
            finally:
                os.close(fd)
        except OSError as err:
            raise host_error(err, "write", f"{self.path}/{name}") from None

    def _rename(self, old: str, new: str) -> None:
        try:
            os.rename(old, new, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except OSError as err:
            raise host_error(err, "write", f"{self.path}/{new}") from None

    def remove(self) -> None:
        """Remove the directory and all it holds; done under the lock. Raises HostError.

        It can be done without another descriptor, which may be what there is a lack of.
        """
        try:
            for name in ("state.json", "config.json", "start.sock"):
                try:
                    os.unlink(name, dir_fd=self.fd)
                except (FileNotFoundError, IsADirectoryError):
                    pass
            try:
                os.rmdir(self.path)
                return
            except OSError as err:
                if err.errno != errno.ENOTEMPTY:
                    raise
            for name in os.listdir(self.fd):
                try:
                    os.unlink(name, dir_fd=self.fd)
                except IsADirectoryError:
                    _remove_directory(name, self.fd)
            os.rmdir(self.path)
        except FileNotFoundError:
            pass
        except OSError as err:
            raise host_error(err, "remove state", self.path) from None


def _remove_directory(name: str, parent: int) -> None:
    """One that holds files only."""
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=parent)
    try:
        for file in os.listdir(fd):
            os.unlink(file, dir_fd=fd)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=parent)


def create_dir(root: str, container_id: str) -> StateDir:
    """Make and lock a new container's directory. Raises Exists, UsageError, HostError."""
    check_id(container_id)
    path = f"{root}/{container_id}"
    for _ in range(2):
        try:
            os.mkdir(path, 0o700)
            break
        except FileExistsError:
            raise Exists(
                "container with given ID already exists",
                path=path,
                hint=f"`pyruntime delete {container_id}` removes it, or take another id",
            ) from None
        except FileNotFoundError:
            make_root(root)
        except OSError as err:
            raise host_error(err, "create state directory", path) from None
    directory = _open(container_id, path)
    directory.lock()
    return directory


def make_root(root: str) -> None:
    """Make the state root and its parents, if they are not there. Raises HostError."""
    try:
        try:
            os.mkdir(root, 0o711)
        except FileExistsError:
            pass
        except FileNotFoundError:
            os.makedirs(root, 0o711, exist_ok=True)
        if os.environ.get("XDG_RUNTIME_DIR") and root.startswith(os.environ["XDG_RUNTIME_DIR"]):
            # the sticky bit keeps cleaners of that directory away (XDG Base Directory spec)
            os.chmod(root, 0o1700)
    except OSError as err:
        raise host_error(err, "create state directory", root) from None


def open_dir(root: str, container_id: str) -> StateDir:
    """An existing container's directory. Raises NotFound, UsageError, HostError."""
    check_id(container_id)
    return _open(container_id, f"{root}/{container_id}")


def _open(container_id: str, path: str) -> StateDir:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return StateDir(container_id, path, os.open(path, flags))
    except OSError as err:
        if err.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise NotFound("container does not exist", path=path) from None
        raise host_error(err, "open state directory", path) from None


def list_ids(root: str) -> list[str]:
    """The ids below root, sorted. Raises FileNotFoundError when root is missing."""
    with os.scandir(root) as entries:
        return sorted(
            entry.name
            for entry in entries
            if _ID_CHARACTERS.issuperset(entry.name) and entry.is_dir(follow_symlinks=False)
        )


def read_file(path: str, dir_fd: int | None = None) -> bytes:
    """Not waiting for a writer, should it be a FIFO. Raises OSError."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    fd = os.open(path, flags, dir_fd=dir_fd)
    try:
        parts = []
        while part := os.read(fd, 1 << 15):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)
