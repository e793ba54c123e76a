# SPDX-License-Identifier: Apache-2.0
"""A seccomp section to the bytes of a filter, by libseccomp, with the stub before it."""

from __future__ import annotations

import errno
import os
from _struct import Struct

from pyruntime.errors import ConfigError, HostError
from pyruntime.host.seccomp import library
from pyruntime.host.seccomp.stub import ARM, ARM_PRIVATE, INSN, INSNS_MAX, X86_64, Last, stub
from pyruntime.plan import seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pyruntime.host.seccomp.library import Place
    from pyruntime.plan.field import Map
    from pyruntime.plan.seccomp import Policy, Rule

# struct scmp_arg_cmp: argument, operator, first and second value
CONDITION = Struct("=IIQQ")
X32 = 0x4000003E  # SCMP_ARCH_X32: libseccomp's own name for a part of x86-64
# More rules than this make a linear search slow; libseccomp 2.5 must not be asked with none.
TREE_FROM = 33
PERMISSIVE = tuple(
    seccomp.ACTIONS[name] for name in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE")
)
ACTION_MASK = 0xFFFF0000
CODE = "seccomp"


def compile_filter(section: Map, place: Place, debug: Callable[[str], None]) -> bytes:
    """The program: an array of struct sock_filter. debug is told of unknown system calls.

    Raises ConfigError for what libseccomp refuses, HostError without libseccomp.
    """
    policy = seccomp.policy(section)
    lib = library.load(place)
    context = lib.seccomp_init(policy.default)
    if not context:
        raise HostError(
            "libseccomp gives no filter: seccomp_init failed", op="seccomp_init", code=CODE
        )
    try:
        arches = _architectures(lib, context, policy)
        if len(policy.rules) >= TREE_FROM:
            # An older library has no such attribute, and searches in line.
            lib.seccomp_attr_set(context, library.ATTRIBUTE_OPTIMIZE, library.BINARY_TREE)
        for rule in policy.rules:
            _add(lib, context, rule, debug)
        program = _export(lib, context)
    finally:
        lib.seccomp_release(context)
    program = _stub(lib, arches, policy) + program
    if len(program) > INSNS_MAX * INSN.size:
        count = len(program) // INSN.size
        raise ConfigError(
            f"{seccomp.POINTER}: the filter takes {count} instructions: more than {INSNS_MAX}",
            pointer=seccomp.POINTER,
            code=CODE,
        )
    return program


def check_names(section: Map) -> None:
    """Raises ConfigError for a system call that libseccomp does not know."""
    lib = library.load(library.locate())
    for index, entry in enumerate(section.get("syscalls") or ()):
        for number, name in enumerate(entry["names"]):
            if lib.seccomp_syscall_resolve_name(name.encode()) == library.UNKNOWN_CALL:
                pointer = f"{seccomp.POINTER}/syscalls/{index}/names/{number}"
                raise ConfigError(
                    f"{pointer}: unknown system call {name}",
                    pointer=pointer,
                    code=CODE,
                    hint="it would be ignored but for an annotation of the container",
                )


def _architectures(lib: Any, context: int, policy: Policy) -> list[int]:
    """Add those that are configured; all of them, the machine's own first."""
    arches = [lib.seccomp_arch_native()]
    for index, name in enumerate(policy.architectures):
        pointer = f"{seccomp.POINTER}/architectures/{index}"
        token = lib.seccomp_arch_resolve_name(name.removeprefix("SCMP_ARCH_").lower().encode())
        if token == 0:
            raise ConfigError(
                f"{pointer}: this libseccomp does not know {name}",
                pointer=pointer,
                code=CODE,
                hint="a newer one may: the architecture, or the entry, is of no use here",
            )
        result = lib.seccomp_arch_add(context, token)
        if result == -errno.EEXIST:
            continue
        if result < 0:
            raise ConfigError(
                f"{pointer}: {name} cannot be filtered on this machine: {os.strerror(-result)}",
                pointer=pointer,
                code=CODE,
            )
        arches.append(token)
    return arches


def _add(lib: Any, context: int, rule: Rule, debug: Callable[[str], None]) -> None:
    number = lib.seccomp_syscall_resolve_name(rule.name.encode())
    if number == library.UNKNOWN_CALL:
        # Profiles name calls of newer kernels; what the library can't know is not there.
        debug(f"seccomp: unknown system call {rule.name} is ignored")
        return
    conditions = b"".join(CONDITION.pack(*condition) for condition in rule.conditions)
    result = lib.seccomp_rule_add_array(
        context, rule.action, number, len(rule.conditions), conditions
    )
    if result < 0 and result != -errno.EEXIST:
        raise ConfigError(
            f"{rule.pointer}: libseccomp refuses the rule for {rule.name}: {os.strerror(-result)}",
            pointer=rule.pointer,
            code=CODE,
        )


def _export(lib: Any, context: int) -> bytes:
    fd = os.memfd_create("seccomp", os.MFD_CLOEXEC)
    try:
        result = lib.seccomp_export_bpf(context, fd)
        if result < 0:
            raise HostError(
                f"libseccomp gives no filter: {os.strerror(-result)}",
                op="seccomp_export_bpf",
                errno=-result,
                code=CODE,
            )
        return os.pread(fd, os.fstat(fd).st_size, 0)
    finally:
        os.close(fd)


def _stub(lib: Any, arches: list[int], policy: Policy) -> bytes:
    """None where new system calls are let through anyway, or get ENOSYS."""
    if policy.default & ACTION_MASK in PERMISSIVE:
        return b""
    if policy.default == seccomp.action("SCMP_ACT_ERRNO", errno.ENOSYS):
        return b""
    names = [name.encode() for name in set(policy.names)]
    lasts: dict[int, Last] = {}
    for token in arches:
        numbers = [lib.seccomp_syscall_resolve_name_arch(token, name) for name in names]
        arch = X86_64 if token == X32 else token
        last = lasts.setdefault(arch, Last(arch, -1))
        if token == X32:
            last.x32 = max(numbers, default=-1)
        else:
            last.number = max((n for n in numbers if not _private(arch, n)), default=-1)
    return stub(list(lasts.values()))


def _private(arch: int, number: int) -> bool:
    """One of ARM's own numbers, which lie far above those that grow with time."""
    return arch == ARM and number >= ARM_PRIVATE
