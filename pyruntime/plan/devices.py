# SPDX-License-Identifier: Apache-2.0
"""The default devices and those of linux.devices (config-linux.md, "Devices")."""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.field import number, sequence, text
from pyruntime.plan.paths import clean
from pyruntime.plan.plan import ignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.errors import Problem
    from pyruntime.plan.field import Map
    from pyruntime.plan.step import Step

S_IFIFO, S_IFCHR, S_IFBLK = 0o010000, 0o020000, 0o060000
TYPES = {"c": S_IFCHR, "u": S_IFCHR, "b": S_IFBLK, "p": S_IFIFO}

# path -> (major, minor), all character devices with mode 0666
DEFAULTS = {
    "/dev/null": (1, 3),
    "/dev/zero": (1, 5),
    "/dev/full": (1, 7),
    "/dev/random": (1, 8),
    "/dev/urandom": (1, 9),
    "/dev/tty": (5, 0),
}
LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    # It dangles where the kernel has no /proc/kcore, which does no harm.
    "/dev/core": "/proc/kcore",
}


def steps(linux: Map, warnings: list[Problem], *, bind: bool = False) -> list[Step]:
    """Nodes, then links. A device of the config replaces the default one of its path.

    bind: the root of a user namespace can make none, so that the host's are bound.
    """
    found: dict[str, Step] = {}
    flags = ops.DEVICE_BIND if bind else 0
    for path, (major, minor) in DEFAULTS.items():
        found[path] = ops.device(
            "", mode=S_IFCHR | 0o666, major=major, minor=minor, flags=flags, path=path
        )
    for index, device in enumerate(sequence(linux, "devices", "/linux")):
        pointer = f"/linux/devices/{index}"
        path = clean(text(device, "path"))
        if path == "/dev/ptmx":
            why = "ignore /dev/ptmx: it is a link to pts/ptmx"
            warnings.append(ignored(why, f"{pointer}/path"))
            continue
        found[path] = _node(device, path, pointer, flags)
    links = [
        ops.symlink("", flags=ops.SYMLINK_OPTIONAL, target=target, path=path)
        for path, target in LINKS.items()
        if path not in found
    ]
    # Not optional: an image's own ptmx would give terminals of another devpts.
    return [*found.values(), *links, ops.symlink("", target="pts/ptmx", path="/dev/ptmx")]


def _node(device: Map, path: str, pointer: str, flags: int) -> Step:
    kind = text(device, "type")
    if kind not in TYPES:
        raise ConfigError(f"{pointer}/type: unknown type {kind!r}", pointer=f"{pointer}/type")
    major, minor = number(device, "major"), number(device, "minor")
    if kind == "p":
        major = minor = flags = 0
    elif major is None or minor is None or major < 0 or minor < 0:
        raise ConfigError(f"{pointer}: a device needs major and minor", pointer=pointer)
    mode = number(device, "fileMode")
    return ops.device(
        pointer,
        mode=TYPES[kind] | (0o666 if mode is None else mode & 0o7777),
        major=major,
        minor=minor,
        uid=number(device, "uid") or 0,
        gid=number(device, "gid") or 0,
        flags=flags,
        path=path,
    )
