# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint has to know of a plan: the mounts of things outside, what can't come back,
and the steps that make a rootfs ready for a restore. Pure.
"""

from __future__ import annotations

from pyruntime.errors import Unsupported
from pyruntime.plan import mount_options, namespaces, ops
from pyruntime.plan.field import mapping, sequence, text
from pyruntime.plan.mount_options import MS_REC, RDONLY, SLAVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.plan.field import Map
    from pyruntime.plan.plan import Plan
    from pyruntime.plan.step import Step

# The steps that make mount points, devices and links in the rootfs.
PREPARING = ("mount_fs", "mount_bind", "device", "symlink")
CGROUP_TYPES = ("cgroup", "cgroup2")


class Bind:
    """A file or directory of the host that is mounted in the container: on target, from
    source; absolute paths, as configured. pointer: JSON pointer of the mount."""

    __slots__ = ("pointer", "source", "target")

    def __init__(self, pointer: str, source: str, target: str) -> None:
        self.pointer = pointer
        self.source = source
        self.target = target


def binds(plan: Plan) -> list[Bind]:
    """In the order in which they are mounted."""
    found = []
    for step in plan.steps:
        args: dict[str, Any] = step.args
        if step.op == "mount_bind":
            found.append(Bind(step.pointer, args["source"], args["target"]))
        elif step.op == "device" and args["flags"] & ops.DEVICE_BIND:
            found.append(Bind(step.pointer, args["path"], args["path"]))
    return found


def read_only_binds(plan: Plan) -> list[Bind]:
    """Those that are mounted read-only, and not changed by a later mount."""
    changed = {step.args["target"] for step in plan.steps if step.op == "mount_remount"}
    return [
        Bind(step.pointer, str(step.args["source"]), str(step.args["target"]))
        for step in plan.steps
        if step.op == "mount_bind"
        and (int(str(step.args["attr_set"])) | int(str(step.args["rec_set"]))) & RDONLY
        and step.args["target"] not in changed
    ]


def root_is_read_only(config: Map) -> bool:
    return bool(mapping(config, "root").get("readonly"))


def refuse(config: Map) -> None:
    """Raises Unsupported for what criu would restore otherwise than it was."""
    for index, mount in enumerate(sequence(config, "mounts")):
        pointer = f"/mounts/{index}"
        options = mount_options.parse(sequence(mount, "options", pointer))
        if options.idmap or mount.get("uidMappings") or mount.get("gidMappings"):
            raise Unsupported(f"{pointer}: criu can't restore an id-mapped mount", pointer=pointer)
    linux = mapping(config, "linux")
    joined = namespaces.read(linux).joined
    if "cgroup" in joined:
        pointer = joined["cgroup"][1]
        raise Unsupported(f"{pointer}: criu can't join a cgroup namespace", pointer=pointer)


def joined(config: Map) -> dict[str, tuple[str, str]]:
    """Path and its JSON pointer of each namespace that the container joined, by type."""
    return namespaces.read(mapping(config, "linux")).joined


def mounting_steps(directory: str, name: str, sources: dict[str, str]) -> list[Step]:
    """Mount the sources in `name` below a directory of the host, by their names there."""
    found = [
        ops.rootfs_open("", flags=ops.ROOTFS_IN_PLACE, propagation=0, path=directory),
        ops.mount_fs("", fstype="tmpfs", source="tmpfs", target=f"/{name}"),
    ]
    for key, source in sources.items():
        found.append(ops.mount_bind("", source=source, target=f"/{name}/{key}"))
    return found


def is_new(config: Map, kind: str) -> bool:
    """The container has a namespace of this type that is neither joined nor the runtime's."""
    return kind in namespaces.read(mapping(config, "linux")).new


def without_user_namespace(config: Map) -> Map:
    """The same for a runtime that makes the mount points as the host's root."""
    linux = dict(mapping(config, "linux"))
    for key in ("uidMappings", "gidMappings", "seccomp", "timeOffsets"):
        linux.pop(key, None)
    linux["namespaces"] = [
        entry
        for entry in sequence(linux, "namespaces", "/linux")
        if entry.get("type") not in ("user", "time")
    ]
    return {**config, "linux": linux}


def preparing_steps(config: Map, plan: Plan) -> list[Step]:
    """For an init in a mount namespace of its own: whatever a create makes in the rootfs.

    An empty tmpfs stands for what a cgroup mount would show.
    """
    cgroups = {
        f"/mounts/{index}"
        for index, mount in enumerate(sequence(config, "mounts"))
        if text(mount, "type") in CGROUP_TYPES
    }
    steps = root_steps(plan.rootfs)
    for step in plan.steps:
        if step.op not in PREPARING:
            continue
        if step.pointer not in cgroups:
            steps.append(step)
        elif "target" in step.args and step.op != "symlink":
            target = str(step.args["target"])
            steps.append(ops.mount_fs(step.pointer, fstype="tmpfs", source="tmpfs", target=target))
    return steps


def root_steps(rootfs: str, before: Sequence[Step] = ()) -> list[Step]:
    """Make the rootfs a mount of its own, out of the host's sight."""
    return [
        ops.propagation("", flags=SLAVE | MS_REC),
        ops.procfs_open(""),
        *before,
        ops.rootfs_open("/root/path", flags=0, propagation=0, path=rootfs),
    ]
