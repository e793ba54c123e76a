# SPDX-License-Identifier: Apache-2.0
"""libseccomp: where it is, which one it is, and the few of its functions that are used.

It is loaded by name at run time, and only when a filter must be compiled: no build needs its
headers, and a host without filters does not need it. Manual pages: seccomp_init(3) and others.
"""

from __future__ import annotations

import os

from pyruntime.errors import HostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "libseccomp.so.2"
UNKNOWN_CALL = -1  # __NR_SCMP_ERROR
ATTRIBUTE_OPTIMIZE = 8  # SCMP_FLTATR_CTL_OPTIMIZE
BINARY_TREE = 2
HINT = "install libseccomp (Debian: apt-get install libseccomp2)"


class Place:
    """path: what to load; identity: changes when the library does, "" when it is not known."""

    __slots__ = ("identity", "path")

    def __init__(self, path: str, identity: str) -> None:
        self.path = path
        self.identity = identity

    @property
    def version(self) -> str:
        """Taken from the file's name, "2.5.4"; "" when that has none."""
        return self.identity.partition(".so.")[2].partition(":")[0]


def locate() -> Place:
    """Look where distributions keep it; elsewhere the dynamic loader finds it, or does not."""
    machine = os.uname().machine
    for directory in (f"/usr/lib/{machine}-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"):
        path = f"{directory}/{NAME}"
        try:
            found = os.stat(path)
        except OSError:
            continue
        try:
            target = os.readlink(path).rpartition("/")[2]
        except OSError:
            target = NAME  # a file, not a link to one
        return Place(path, f"{target}:{found.st_size}:{found.st_mtime_ns}")
    return Place(NAME, "")


def load(place: Place) -> Any:
    """The library as ctypes has it, with the types of the functions set. Raises HostError."""
    import ctypes  # 3 ms, and only a filter that was not seen before needs it

    try:
        library = ctypes.CDLL(place.path)
    except OSError as err:
        raise HostError(
            f"seccomp filters need libseccomp: {err}",
            op="dlopen",
            path=place.path,
            hint=HINT,
            code="seccomp-library",
        ) from None
    context, number = ctypes.c_void_p, ctypes.c_int
    text, u32 = ctypes.c_char_p, ctypes.c_uint32
    functions = {
        "seccomp_init": (context, u32),
        "seccomp_release": (None, context),
        "seccomp_arch_native": (u32,),
        "seccomp_arch_resolve_name": (u32, text),
        "seccomp_arch_add": (number, context, u32),
        "seccomp_syscall_resolve_name": (number, text),
        "seccomp_syscall_resolve_name_arch": (number, u32, text),
        "seccomp_attr_set": (number, context, number, u32),
        "seccomp_rule_add_array": (number, context, u32, number, ctypes.c_uint, text),
        "seccomp_export_bpf": (number, context, number),
    }
    for name, (result, *arguments) in functions.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
