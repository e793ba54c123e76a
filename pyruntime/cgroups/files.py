# SPDX-License-Identifier: Apache-2.0
"""Reading and writing cgroup files, and what to say when the kernel refuses.

A cgroup file takes one whole value per write(2), so nothing here buffers or splits.
"""

from __future__ import annotations

import os
from errno import EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENOSPC, EPERM, ERANGE, EROFS

from pyruntime.errors import CgroupError

READ = os.O_RDONLY | os.O_CLOEXEC
WRITE = os.O_WRONLY | os.O_CLOEXEC

CODES = {
    ENOENT: "cgroup-controller",
    EACCES: "cgroup-denied",
    EPERM: "cgroup-denied",
    EROFS: "cgroup-denied",
    EINVAL: "cgroup-value",
    ERANGE: "cgroup-value",
    EBUSY: "cgroup-busy",
}
CAUSES = {
    ENOENT: "the kernel lacks this file, or the controller is not enabled for this cgroup",
    EACCES: "the cgroup belongs to another user, or the value goes beyond the parent's",
    EPERM: "the caller lacks the privilege, or the value goes beyond the parent's",
    EROFS: "the cgroup hierarchy is mounted read-only",
    EINVAL: "the kernel does not accept this value here",
    ERANGE: "the value is out of the range that the kernel accepts",
    EBUSY: "what is in use already exceeds the value, or the cgroup has members",
    ENODEV: "the cgroup was removed meanwhile, or there is no such device",
    ENOSPC: "cpuset.cpus and cpuset.mems of this cgroup or of its parents are empty",
}


def failure(
    op: str, path: str, err: OSError, *, value: str = "", pointer: str = "", hint: str = ""
) -> CgroupError:
    """A CgroupError that names field, operation, value, file and the kernel's answer."""
    what = f"{op} {value!r} to {path}" if value else f"{op} {path}"
    if pointer:
        what = f"{pointer}: {what}"
    return CgroupError(
        f"{what}: {err.strerror or err}",
        pointer=pointer,
        op=op,
        errno=err.errno or 0,
        path=path,
        hint=hint or CAUSES.get(err.errno or 0, ""),
        code=CODES.get(err.errno or 0, ""),
    )


def read_raw(path: str) -> str:
    """The whole file as text; OSError as it comes."""
    fd = os.open(path, READ)
    try:
        data = os.read(fd, 65536)
        while data and (more := os.read(fd, 65536)):
            data += more
    finally:
        os.close(fd)
    return data.decode("utf-8", "surrogateescape")


def write_raw(path: str, value: str) -> None:
    """One write(2) of the whole value; OSError as it comes."""
    fd = os.open(path, WRITE)
    try:
        os.write(fd, os.fsencode(value))
    finally:
        os.close(fd)


def read(path: str) -> str:
    """The whole file; raises CgroupError."""
    try:
        return read_raw(path)
    except OSError as err:
        raise failure("read", path, err) from None


def write(path: str, value: str, *, pointer: str = "", hint: str = "") -> None:
    """Write the value; raises CgroupError that names the field, file, value and cause."""
    try:
        write_raw(path, value)
    except OSError as err:
        raise failure("write", path, err, value=value, pointer=pointer, hint=hint) from None


def frozen_error(path: str, thaw: str) -> CgroupError:
    """In such a cgroup a process would hang at once. thaw: the command against it."""
    return CgroupError(
        f"use cgroup {path}: it is frozen",
        op="use cgroup",
        errno=EBUSY,
        path=path,
        pointer="/linux/cgroupsPath",
        hint=f"thaw it, or the parent that is frozen: {thaw}",
        code="cgroup-frozen",
    )
