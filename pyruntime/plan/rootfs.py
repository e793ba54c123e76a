# SPDX-License-Identifier: Apache-2.0
"""The root filesystem: `root`, rootfsPropagation, read-only and masked paths.

What is mounted in it is mounts.py's and devices.py's.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.field import mapping, sequence, text
from pyruntime.plan.mount_options import MS_REC, PRIVATE, PROPAGATION, SHARED, SLAVE, UNBINDABLE
from pyruntime.plan.paths import below, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map
    from pyruntime.plan.namespaces import Namespaces
    from pyruntime.plan.step import Step


def path(config: Map, bundle: str) -> str:
    """Absolute path of the rootfs. Raises ConfigError without one."""
    found = text(mapping(config, "root"), "path")
    if not found:
        raise ConfigError("/root/path: the container has no root filesystem", pointer="/root/path")
    return below(bundle, found)


def open_steps(linux: Map, rootfs: str, namespaces: Namespaces) -> list[Step]:
    """Cut the tie to the host's mounts, then open the rootfs.

    Without a new mount namespace the propagation is the host's or another container's: it is
    left alone. "unbindable" waits until the rootfs has been cloned: see final_steps.
    """
    steps: list[Step] = []
    if "mount" in namespaces.new:
        set_ = linux.get("rootfsPropagation")
        pointer = "/linux/rootfsPropagation" if set_ else namespaces.new["mount"]
        steps.append(ops.propagation(pointer, flags=tie(linux, namespaces)))
    flags = 0 if namespaces.has("mount") else ops.ROOTFS_IN_PLACE
    if is_entered(namespaces):
        flags |= ops.ROOTFS_ENTERED
    steps.append(
        ops.rootfs_open(
            "/root/path",
            flags=flags,
            # "slave" is to go on receiving the host's mounts; all else starts out private.
            propagation=_propagation(linux) & SLAVE,
            path=rootfs,
        )
    )
    return steps


def tie(linux: Map, namespaces: Namespaces) -> int:
    """What the copies of the host's mounts are to the originals: flags of propagation."""
    if not namespaces.has("mount"):
        return 0
    wanted = _propagation(linux)
    if "mount" in namespaces.joined:
        wanted = 0  # that of the joined one's mounts was set by whoever made it
    flags = wanted or SLAVE | MS_REC
    if wanted & UNBINDABLE:
        flags = PRIVATE
    if wanted & SHARED and namespaces.has("user"):
        # The host's mounts are no peers of a user namespace's; see root_propagation.
        flags = SLAVE
    if flags & (PRIVATE | SLAVE):
        # A submount of the host that stayed shared would carry our mounts back.
        flags |= MS_REC
    return flags


def is_entered(namespaces: Namespaces) -> bool:
    """The container's root may not reach the rootfs by its path: it is entered before."""
    return namespaces.has("user") and "mount" not in namespaces.joined


def _propagation(linux: Map) -> int:
    wanted = text(linux, "rootfsPropagation")
    if wanted and wanted not in PROPAGATION:
        pointer = "/linux/rootfsPropagation"
        raise ConfigError(f"{pointer}: unknown propagation {wanted!r}", pointer=pointer)
    return PROPAGATION[wanted] if wanted else 0


def change_steps(linux: Map, namespaces: Namespaces, no_pivot: bool) -> list[Step]:
    """Make the rootfs the root."""
    if not namespaces.has("mount"):
        return [ops.chroot("")]
    steps = [ops.move_root("") if no_pivot else ops.pivot_root("")]
    wanted = _propagation(linux)
    if wanted:
        steps.append(ops.root_propagation("/linux/rootfsPropagation", flags=wanted))
    return steps


def final_steps(config: Map, linux: Map, namespaces: Namespaces) -> list[Step]:
    """Read-only root, read-only paths, masked paths: the masks lie on top."""
    steps: list[Step] = []
    if mapping(config, "root").get("readonly"):
        steps.append(ops.root_readonly("/root/readonly"))
    for index, name in enumerate(sequence(linux, "readonlyPaths", "/linux")):
        steps.append(ops.readonly_path(f"/linux/readonlyPaths/{index}", path=clean(name)))
    seen: set[str] = set()
    for index, name in enumerate(sequence(linux, "maskedPaths", "/linux")):
        masked = clean(name)
        if masked not in seen:
            seen.add(masked)
            pointer = f"/linux/maskedPaths/{index}"
            steps.append(ops.masked_path(pointer, path=masked, label=text(linux, "mountLabel")))
    if steps and not namespaces.has("mount"):
        pointer = steps[0].pointer
        raise ConfigError(f"{pointer}: needs a mount namespace", pointer=pointer)
    return steps
