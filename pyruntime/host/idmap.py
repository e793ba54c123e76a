# SPDX-License-Identifier: Apache-2.0
"""The mappings of a user namespace: written for a process that is in it (user_namespaces(7)).

The host's root writes them itself. An ordinary user may map his own id alone; for more
newuidmap(1) and newgidmap(1) know what /etc/subuid and /etc/subgid allow him.
"""

from __future__ import annotations

import _signal
import os

from pyruntime._shim import ffi, lib
from pyruntime.errors import HostError, host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.plan import IdMaps, Range

PROGRAMS = {"uid": "newuidmap", "gid": "newgidmap"}
OUTPUT_KEPT = 1024
CODE = "id-map"


def write_maps(pid: int, maps: IdMaps) -> None:
    """Give the new user namespace of pid its mappings. Raises HostError.

    pid has to be dumpable unless the caller is the host's root. setgroups(2) is denied
    where the kernel wants that of an ordinary user.
    """
    for kind, ranges, own in (
        # First the groups: with the users mapped an ordinary user could no longer deny.
        ("gid", maps.gids, os.getegid()),
        ("uid", maps.uids, os.geteuid()),
    ):
        pointer = f"{maps.pointer}/{kind}Mappings"
        if os.geteuid() == 0:
            _write(pid, f"{kind}_map", _lines(ranges), pointer)
        elif len(ranges) == 1 and ranges[0][1:] == (own, 1):
            if kind == "gid":
                _write(pid, "setgroups", "deny", pointer)
            _write(pid, f"{kind}_map", _lines(ranges), pointer)
        else:
            _by_program(pid, kind, ranges, pointer)


def namespace_of(maps: IdMaps) -> int:
    """A descriptor of a user namespace that has these mappings and no process."""
    pid, pidfd = ffi.new("int *"), ffi.new("int *")
    result = lib.pyr_user_namespace(pid, pidfd)
    if result < 0:
        hint = "is a limit in /proc/sys/user/max_user_namespaces reached?"
        cause = OSError(-result, os.strerror(-result))
        raise host_error(cause, "make user namespace", pointer=maps.pointer, hint=hint, code=CODE)
    try:
        write_maps(pid[0], maps)
        return os.open(f"/proc/{pid[0]}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise host_error(err, "open user namespace", pointer=maps.pointer, code=CODE) from None
    finally:
        _signal.pidfd_send_signal(pidfd[0], _signal.SIGKILL)
        os.waitpid(pid[0], 0)
        os.close(pidfd[0])


def _lines(ranges: tuple[Range, ...]) -> str:
    return "".join(f"{inside} {outside} {size}\n" for inside, outside, size in ranges)


def _write(pid: int, name: str, text: str, pointer: str) -> None:
    """One write: the kernel takes the whole mapping at once, and once."""
    path = f"/proc/{pid}/{name}"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
    except OSError as err:
        hint = "are all of the host's ids mapped in the runtime's own user namespace?"
        raise host_error(err, "write", path, pointer=pointer, hint=hint, code=CODE) from None


def _by_program(pid: int, kind: str, ranges: tuple[Range, ...], pointer: str) -> None:
    program = PROGRAMS[kind]
    path = _find(program)
    if not path:
        raise HostError(
            f"map {kind}s: {program} is not in PATH",
            pointer=pointer,
            op=program,
            code=CODE,
            hint=f"Debian's package uidmap has it; without it only your own {kind} can be mapped",
        )
    numbers = [str(number) for entry in ranges for number in entry]
    status, said = _run(path, [program, str(pid), *numbers])
    if status:
        hint = f"the ranges have to be within those of /etc/sub{kind}"
        if "not allowed" not in said:
            hint += ", and the program setuid root or with file capabilities"
        raise HostError(
            f"map {kind}s: {said or f'{program} failed with status {status}'}",
            pointer=pointer,
            op=program,
            code=CODE,
            path=path,
            hint=f"{hint}: see `pyruntime doctor`",
        )


def _find(program: str) -> str:
    for directory in (os.environ.get("PATH") or os.defpath).split(":"):
        path = f"{directory}/{program}"
        if directory.startswith("/") and os.access(path, os.X_OK):
            return path
    return ""


def _run(path: str, args: list[str]) -> tuple[int, str]:
    """Exit status (128 + signal) and the first line of what it says."""
    read, write = os.pipe2(os.O_CLOEXEC)
    try:
        actions = ((os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_DUP2, write, 2))
        pid = os.posix_spawn(path, args, os.environ, file_actions=actions)
    except OSError as err:
        os.close(read)
        raise host_error(err, "execute", path, code=CODE) from None
    finally:
        os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read(OUTPUT_KEPT)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = said.decode("utf-8", "replace").strip().partition("\n")[0]
    return (128 - status if status < 0 else status), text
