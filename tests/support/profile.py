# SPDX-License-Identifier: Apache-2.0
"""A seccomp profile as engines ship it, brought into the form of `linux.seccomp`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# Of the package golang-github-containers-common.
ENGINES = Path("/usr/share/containers/seccomp.json")
MACHINES = {"amd64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}
KEPT = ("names", "action", "args", "errnoRet")


def engine_profile() -> dict[str, Any]:
    """The default profile for a container on x86-64 without added capabilities."""
    source = json.loads(ENGINES.read_text())
    syscalls = [
        {key: entry[key] for key in KEPT if entry.get(key)}
        for entry in source["syscalls"]
        if _applies(entry.get("includes") or {})
    ]
    found = {"defaultAction": source["defaultAction"], "architectures": MACHINES["amd64"]}
    if "defaultErrnoRet" in source:
        found["defaultErrnoRet"] = source["defaultErrnoRet"]
    return {**found, "syscalls": syscalls}


def _applies(includes: dict[str, Any]) -> bool:
    if includes.get("caps") or includes.get("minKernel"):
        return False
    return "amd64" in includes.get("arches", ["amd64"])
