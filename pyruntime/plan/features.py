# SPDX-License-Identifier: Apache-2.0
"""What this runtime can do (features.md), from the tables that the compiler itself uses.

It is about the program, not about the host it runs on, but for one field of seccomp's.
"""

from __future__ import annotations

from pyruntime.plan import (
    capabilities,
    hooks,
    mount_options,
    namespaces,
    placement,
    seccomp,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

OCI_VERSION_MIN, OCI_VERSION_MAX = "1.0.0", "1.3.0"
CONTAINER_HOOKS = ("createContainer", "startContainer")


def features(supported_flags: Sequence[str]) -> dict[str, Any]:
    """The features document. supported_flags: of the seccomp flags those that work here."""
    return {
        "ociVersionMin": OCI_VERSION_MIN,
        "ociVersionMax": OCI_VERSION_MAX,
        "hooks": sorted((*hooks.RUNTIME_KINDS, *CONTAINER_HOOKS)),
        "mountOptions": mount_option_names(),
        "linux": {
            "namespaces": sorted(namespaces.TYPES),
            "capabilities": list(capabilities.NAMES),
            "cgroup": {
                "v1": True,
                "v2": True,
                "systemd": True,
                "systemdUser": True,
                "rdma": True,
            },
            "seccomp": {
                "enabled": True,
                "actions": list(seccomp.ACTIONS),
                "operators": list(seccomp.OPERATORS),
                "archs": list(seccomp.ARCHITECTURES),
                "knownFlags": list(seccomp.FLAGS),
                "supportedFlags": list(supported_flags),
            },
            "apparmor": {"enabled": True},
            "selinux": {"enabled": True},
            "memoryPolicy": {
                "modes": list(placement.MODES),
                "flags": list(placement.MODE_FLAGS),
            },
            "intelRdt": {"enabled": True, "schemata": True, "monitoring": True},
            "mountExtensions": {"idmap": {"enabled": True}},
            "netDevices": {"enabled": True},
        },
        "annotations": {"org.opencontainers.runc.checkpoint.enabled": "true"},
        "potentiallyUnsafeConfigAnnotations": [
            "org.criu.config",
            "org.systemd.property.",
            "run.oci.",
        ],
    }


def mount_option_names() -> list[str]:
    names = {
        *mount_options.ATTRIBUTES,
        *mount_options.RECURSIVE,
        *mount_options.PROPAGATION,
        *mount_options.SUPERBLOCK,
        *mount_options.WITHOUT_EFFECT,
        "bind",
        "idmap",
        "rbind",
        "ridmap",
        "remount",
        "tmpcopyup",
    }
    return sorted(names - {""})
