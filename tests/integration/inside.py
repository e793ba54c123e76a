# SPDX-License-Identifier: Apache-2.0
"""Bundles with a user namespace, whose rootfs belongs to the ids that its own are mapped to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from support.bundle import Bundle

FIRST, SIZE = 200_000, 65_536
MAPS = [{"containerID": 0, "hostID": FIRST, "size": SIZE}]
KINDS = ("pid", "network", "ipc", "uts", "mount", "user")

Make = Callable[..., Bundle]


def give(path: Path, uid: int) -> None:
    """The tree to user and group uid, links as links."""
    os.chown(path, uid, uid, follow_symlinks=False)
    for top, dirs, files in os.walk(path):
        for name in (*dirs, *files):
            os.chown(f"{top}/{name}", uid, uid, follow_symlinks=False)


def namespaces(*kinds: str) -> list[dict[str, str]]:
    """ "pid" is a new namespace, "pid=/path" a joined one."""
    found = []
    for kind in kinds:
        name, _, path = kind.partition("=")
        found.append({"type": name, "path": path} if path else {"type": name})
    return found


def mapped(
    bundle: Make, script: str | Sequence[str], kinds: Sequence[str] = KINDS, **changes: Any
) -> Bundle:
    """A bundle with these namespaces, the mappings if its user namespace is new."""
    linux = {"namespaces": namespaces(*kinds)} | changes.pop("linux", {})
    if "user" in kinds:
        linux = {"uidMappings": MAPS, "gidMappings": MAPS} | linux
    args = ["/bin/sh", "-c", script] if isinstance(script, str) else list(script)
    made = bundle(args, linux=linux, **changes)
    give(made.rootfs, FIRST)
    return made
