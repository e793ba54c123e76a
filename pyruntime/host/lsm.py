# SPDX-License-Identifier: Apache-2.0
"""Whether this host has the security module that a configuration names.

A label that nothing enforces would be a silent gap: it is refused instead. Imported only
where a label is asked for.
"""

from __future__ import annotations

import os

from pyruntime.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

APPARMOR = "/sys/module/apparmor/parameters/enabled"
SELINUX = "/sys/fs/selinux/enforce"
OWN_LABEL = "/proc/thread-self/attr/current"


def apparmor_enabled(parameter: str = APPARMOR) -> bool:
    return _read(parameter).strip() == "Y"


def selinux_enabled(enforce: str = SELINUX, own: str = OWN_LABEL) -> bool:
    """Before a policy is loaded the kernel takes any label, and gives everything its own.
    Permissive counts, as labels do there."""
    in_use = _read(enforce).strip() in ("0", "1")
    return in_use and _read(own).rstrip("\0\n ") not in ("", "kernel")


def _read(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(fd, 64).decode(errors="replace")
    except OSError:
        return ""  # /proc/PID/attr without a module
    finally:
        os.close(fd)


def require(process: dict[str, Any], pointer: str, linux: dict[str, Any]) -> None:
    """Raises ConfigError when a label is asked for that nothing here knows of.

    process: with its place in the document; linux: {} when it is not its config.
    """
    profile = process.get("apparmorProfile")
    if profile and profile != "unconfined" and not apparmor_enabled():
        raise _missing(f"{pointer}/apparmorProfile", "AppArmor", APPARMOR)
    for place, label in (
        (f"{pointer}/selinuxLabel", process.get("selinuxLabel")),
        ("/linux/mountLabel", linux.get("mountLabel")),
    ):
        if label and not selinux_enabled():
            raise _missing(place, "SELinux", SELINUX)


def _missing(pointer: str, module: str, path: str) -> ConfigError:
    return ConfigError(
        f"{pointer}: {module} is not enabled on this host",
        pointer=pointer,
        path=path,
        hint="leave the field out, or start the kernel with lsm= that names it",
    )
