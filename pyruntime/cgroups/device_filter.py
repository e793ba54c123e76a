# SPDX-License-Identifier: Apache-2.0
"""Attaching the device filter to a cgroup2 directory."""

from __future__ import annotations

import os
from errno import EPERM

from pyruntime._shim import lib
from pyruntime.cgroups.device_program import INSN, assemble
from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cgroups.device_program import Rule

LOG_SIZE = 16384


def install(path: str, rules: list[Rule], pointer: str) -> None:
    """Load the program for the rules and attach it, in place of an earlier one.

    Skipped where it isn't permitted: for other users than root, and in a user namespace.

    Raises CgroupError, with the verifier's last line when it is the verifier that refuses.
    """
    from pyruntime.cgroups.unified import directory_fd

    program = assemble(rules)
    fd = directory_fd(path)
    log = os.memfd_create("pyruntime-verifier", os.MFD_CLOEXEC)
    try:
        result = lib.pyr_bpf_device(fd, program, len(program) // INSN.size, log)
        words = os.pread(log, LOG_SIZE, 0).decode("utf-8", "replace").strip().splitlines()
    finally:
        os.close(log)
        os.close(fd)
    # A user's container can open no device that its user can't: there it may go without.
    if result >= 0 or (result == -EPERM and not _privileged()):
        return
    said = f" ({words[-1]})" if words else ""
    raise CgroupError(
        f"attach device filter to {path}: {os.strerror(-result)}{said}",
        op="bpf",
        errno=-result,
        path=path,
        pointer=pointer,
        hint="needs CAP_SYS_ADMIN or CAP_BPF with CAP_NET_ADMIN in the first user namespace, "
        "and a kernel with CONFIG_CGROUP_BPF",
        code="cgroup-devices",
    )


def _privileged() -> bool:
    """Root of the first user namespace."""
    from pyruntime.cgroups.files import read

    return os.geteuid() == 0 and read("/proc/self/uid_map").split() == ["0", "0", "4294967295"]
