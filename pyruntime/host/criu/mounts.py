# SPDX-License-Identifier: Apache-2.0
"""The container's mounts of things outside, which criu has to be told of.

A dump names each by its mount point in the container, for a key in the images; a restore gives
each key a directory or file of the host. Which mount of the container is which of the
configuration's is told by what is mounted, not by the path: that one leads through the image,
whose links are the container's to change. So keys are numbers, and a list beside the images says
to which destination of the configuration each belongs.
"""

from __future__ import annotations

import os

from pyruntime import jsontext
from pyruntime.errors import ConfigError, StateError, host_error
from pyruntime.state import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyruntime.plan.external import Bind

LIST = "mounts.json"
KEY = "mount-{}"
_ESCAPED = {b"\\040": b" ", b"\\011": b"\t", b"\\012": b"\n", b"\\134": b"\\"}
_DELETED = "//deleted"


class Mounted:
    """A line of mountinfo. what: the filesystem's device and the path in it that is the
    mount's root; point: where, as the process sees it; read_only: this mount, whatever the
    filesystem is."""

    __slots__ = ("id", "point", "read_only", "what")

    def __init__(self, line: bytes) -> None:
        fields = line.split(b" ", 6)
        self.id = int(fields[0])
        root = _unescaped(fields[3])
        self.what = (fields[2].decode(), root.removesuffix(_DELETED))
        self.point = _unescaped(fields[4])
        self.read_only = b"ro" in fields[5].split(b",")


def _unescaped(field: bytes) -> str:
    if b"\\" in field:
        for code, byte in _ESCAPED.items():
            field = field.replace(code, byte)
    return os.fsdecode(field)


def mounted(pid: int | str) -> list[Mounted]:
    """Raises HostError."""
    path = f"/proc/{pid}/mountinfo"
    try:
        return [Mounted(line) for line in read_file(path).split(b"\n") if line]
    except OSError as err:
        raise host_error(err, "read", path) from None


def identity(path: str, here: Iterable[Mounted]) -> tuple[str, str] | None:
    """What a file of the host is, as Mounted.what; None when it is not there.

    here: the runtime's own mounts.
    """
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        real = os.readlink(f"/proc/self/fd/{fd}")
        facts = read_file(f"/proc/self/fdinfo/{fd}")
    finally:
        os.close(fd)
    number = int(facts.partition(b"mnt_id:")[2].split(b"\n", 1)[0])
    for mount in here:
        if mount.id == number:
            device, root = mount.what
            inside = real if mount.point == "/" else real[len(mount.point) :]
            return device, f"{root.rstrip('/')}{inside}".rstrip("/") or "/"
    return None


class Found:
    """A mount of the container's: key in the images, bind of the configuration."""

    __slots__ = ("bind", "key", "mount")

    def __init__(self, key: str, mount: Mounted, bind: Bind) -> None:
        self.key = key
        self.mount = mount
        self.bind = bind


def find(binds: Sequence[Bind], here: Sequence[Mounted], there: Iterable[Mounted]) -> list[Found]:
    """The binds that are mounted, each with its mount. there: the container's mounts.

    Of several mounts of the same thing the one on the bind's own target is it. One that is
    not there was unmounted since.
    """
    left: dict[tuple[str, str], list[Mounted]] = {}
    for mount in there:
        left.setdefault(mount.what, []).append(mount)
    known = [(bind, identity(bind.source, here)) for bind in binds]
    found: dict[int, Found] = {}
    for exact in (True, False):
        for number, (bind, what) in enumerate(known):
            of_it = left.get(what, []) if what and number not in found else []
            fitting = [mount for mount in of_it if not exact or mount.point == bind.target]
            if fitting:
                of_it.remove(fitting[0])
                found[number] = Found(KEY.format(number), fitting[0], bind)
    return [found[number] for number in sorted(found)]


def check_points(found: Iterable[Found]) -> None:
    """Raises StateError for a mount point that criu would mistake for another one's option."""
    for one in found:
        point = one.mount.point
        if "]:" in point or "\n" in point:
            raise StateError(
                f"checkpoint container: criu can't be told of the mount on {point!r}",
                path=point,
                pointer=one.bind.pointer,
                hint="its path ends criu's option for it: rename the directory in the image",
                code="criu-failed",
            )


def write_list(directory: int, found: Iterable[Found]) -> None:
    """Beside the images. directory: theirs. Raises HostError."""
    text = jsontext.dumps({one.key: one.bind.target for one in found})
    write(directory, LIST, text.encode())


def write(directory: int, name: str, data: bytes) -> None:
    """Raises HostError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        fd = os.open(name, flags, 0o600, dir_fd=directory)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
    except OSError as err:
        raise host_error(err, "write", name) from None


def sources(directory: int, binds: Sequence[Bind]) -> list[tuple[str, str]]:
    """(key, path on the host) of every mount that is to be restored from outside.

    directory: of the images. Only what the configuration mounts is: a key without a mount of
    it is a ConfigError. Images without a list are another runtime's, which take the target
    for the key.
    """
    by_target = {bind.target: bind.source for bind in binds}
    try:
        keys = jsontext.loads(read_file(LIST, directory))
    except FileNotFoundError:
        return [
            *((target, source) for target, source in by_target.items() if "]:" not in target),
            ("/dev/null", "/dev/null"),
        ]
    except OSError as err:
        raise host_error(err, "read", LIST) from None
    if not isinstance(keys, dict):
        raise ConfigError(f"{LIST} of the images is damaged", path=LIST, code="criu-images")
    found = []
    for key, target in keys.items():
        if target not in by_target:
            raise ConfigError(
                f"restore container: config.json has no mount on {target!r}, the images have",
                path=LIST,
                pointer="/mounts",
                hint="the bundle must be that of the checkpoint, or a copy of it",
                code="criu-images",
            )
        found.append((str(key), by_target[target]))
    return found
