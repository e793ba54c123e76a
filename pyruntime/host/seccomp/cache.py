# SPDX-License-Identifier: Apache-2.0
"""Compiled filters, kept below the state root: <root>/@seccomp/<key>.

No container can be named so: "@" is no character of an id. The key is a hash of the section, the
machine, the library and the format; a file holds its magic, a hash over key and program, and
the program. What is not whole, not ours or writable for others is not there; a cache
that can't be written is none.
"""

from __future__ import annotations

import os
import stat
from _blake2 import blake2b

from pyruntime import jsontext, state
from pyruntime.errors import Error
from pyruntime.host.seccomp import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyruntime.host.seccomp.library import Place
    from pyruntime.plan.field import Map

DIRECTORY = "@seccomp"
# To be changed with what compiler.py makes of a section.
MAGIC = b"pyruntime-bpf-1\n"
FIELDS = ("defaultAction", "defaultErrnoRet", "architectures", "syscalls")
HASH_SIZE = 32
PROGRAM_MAX = 8 * 4096
ENTRIES_MAX = 64


def filter_of(section: Map, root: str, debug: Callable[[str], None]) -> bytes:
    """The program of a seccomp section. Raises ConfigError, HostError, as the compiler does."""
    place = library.locate()
    if not place.identity:
        return _compile(section, place, debug)
    name = key(section, place)
    program = load(root, name)
    if program:
        debug(f"seccomp: filter {name} is in the cache")
        return program
    program = _compile(section, place, debug)
    save(root, name, program)
    return program


def _compile(section: Map, place: Place, debug: Callable[[str], None]) -> bytes:
    from pyruntime.host.seccomp.compiler import compile_filter  # seldom: see above

    debug(f"seccomp: compile the filter with {place.path}")
    return compile_filter(section, place, debug)


def key(section: Map, place: Place) -> str:
    parts = {field: section.get(field) for field in FIELDS}
    text = jsontext.dumps([MAGIC.decode(), os.uname().machine, place.identity, parts])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_SIZE).hexdigest()


def _checksum(name: str, program: bytes) -> bytes:
    return blake2b(name.encode() + program, digest_size=HASH_SIZE).digest()


def load(root: str, name: str) -> bytes:
    """The program kept under this key, b"" without a good one."""
    try:
        directory = _open_directory(root)
    except OSError:
        return b""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=directory)
        try:
            if not _ours(fd, stat.S_IFREG):
                return b""
            data = os.read(fd, len(MAGIC) + HASH_SIZE + PROGRAM_MAX + 1)
        finally:
            os.close(fd)
    except OSError:
        return b""
    finally:
        os.close(directory)
    start = len(MAGIC) + HASH_SIZE
    program = data[start:]
    good = (
        data[: len(MAGIC)] == MAGIC
        and 0 < len(program) <= PROGRAM_MAX
        and len(program) % 8 == 0
        and data[len(MAGIC) : start] == _checksum(name, program)
    )
    return program if good else b""


def save(root: str, name: str, program: bytes) -> None:
    """Keep a program; an older one of the name is replaced. Fails in silence."""
    try:
        state.make_root(root)
        try:
            os.mkdir(f"{root}/{DIRECTORY}", 0o700)
        except FileExistsError:
            pass
        directory = _open_directory(root)
    except (OSError, Error):
        return
    temporary = f".{name}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        fd = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            os.write(fd, MAGIC + _checksum(name, program) + program)
        finally:
            os.close(fd)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
        _prune(directory)
    except OSError:
        pass
    finally:
        os.close(directory)


def _open_directory(root: str) -> int:
    """Raises OSError; one that others can write is treated like one that is missing."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    fd = os.open(f"{root}/{DIRECTORY}", flags)
    if _ours(fd, stat.S_IFDIR):
        return fd
    os.close(fd)
    raise PermissionError(f"{root}/{DIRECTORY}")


def _ours(fd: int, kind: int) -> bool:
    found = os.fstat(fd)
    mode = found.st_mode
    return stat.S_IFMT(mode) == kind and found.st_uid == os.geteuid() and not mode & 0o022


def _prune(directory: int) -> None:
    """Profiles change with the engine's version and options: let go of the oldest."""
    names = os.listdir(directory)
    if len(names) <= ENTRIES_MAX:
        return
    ages = {name: os.stat(name, dir_fd=directory, follow_symlinks=False).st_mtime for name in names}
    for name in sorted(names, key=ages.__getitem__)[: len(names) - ENTRIES_MAX]:
        os.unlink(name, dir_fd=directory)
