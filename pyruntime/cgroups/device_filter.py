# SPDX-License-Identifier: Apache-2.0
"""Attaching the device filter to a cgroup2 directory."""

from __future__ import annotations

import os

from pyruntime.cgroups.device_program import INSN, assemble
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cgroups.device_program import Rule

LOG_SIZE = 16384


def install(path: str, rules: list[Rule], pointer: str) -> None:
    """Load the program for the rules and attach it, in place of an earlier one.

    Raises CgroupError, with the verifier's last line when it is the verifier that refuses.
    """
    from pyruntime._shim import ffi, lib
    from pyruntime.cgroups.v2 import directory_fd

    program = assemble(rules)
    log = ffi.new("char[]", LOG_SIZE)
    fd = directory_fd(path)
    try:
        result = lib.pyr_bpf_device(fd, program, len(program) // INSN.size, log, LOG_SIZE)
    finally:
        os.close(fd)
    if result >= 0:
        return
    words = ffi.string(log).decode("utf-8", "replace").strip().splitlines()
    said = f" ({words[-1]})" if words else ""
    raise CgroupError(
        f"attach device filter to {path}: {os.strerror(-result)}{said}",
        op="bpf",
        errno=-result,
        path=path,
        pointer=pointer,
        hint="needs CAP_SYS_ADMIN or CAP_BPF with CAP_NET_ADMIN in the first user namespace, "
        "and a kernel with CONFIG_CGROUP_BPF",
    )
