# SPDX-License-Identifier: Apache-2.0
"""A mount of type `cgroup`: what the container sees of its cgroup.

cgroup2 is one mount: of the filesystem in a cgroup namespace, else a bind of the host's, since
a mount of it from the host's namespace would change the options of the host's own (nsdelegate,
memory_recursiveprot). v1 is a tmpfs with one directory per hierarchy: a mount of the
hierarchy in a cgroup namespace (its root is then the container's cgroup), else a bind of
the container's directory; joint controllers get symbolic links.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.field import mapping, number, sequence, text
from pyruntime.plan.mount_options import NODEV, NOEXEC, NOSUID, RDONLY
from pyruntime.plan.paths import below, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.facts import CgroupFacts
    from pyruntime.plan.field import Map
    from pyruntime.plan.mount_options import MountOptions
    from pyruntime.plan.step import Step


class CgroupView:
    """facts: of the host. path: of the container's cgroup, as CgroupPlan.path.
    own_namespace: True when the container has a cgroup namespace, new or joined.
    user_namespace: True when it has one of those. absent: it has no cgroup, and shares the
    runtime's.
    """

    __slots__ = ("absent", "facts", "own_namespace", "path", "user_namespace")

    def __init__(
        self,
        facts: CgroupFacts,
        path: str,
        own_namespace: bool,
        *,
        user_namespace: bool = False,
        absent: bool = False,
    ) -> None:
        self.facts = facts
        self.path = path
        self.own_namespace = own_namespace
        self.user_namespace = user_namespace
        self.absent = absent

    @property
    def read_only(self) -> bool:
        """Without a cgroup namespace what is shown belongs to the host, where a user has
        rights of his own: the container's root is to have none there."""
        return not self.own_namespace and (self.user_namespace or self.absent)


def steps(options: MountOptions, target: str, pointer: str, view: CgroupView) -> list[Step]:
    attr_set = options.attr_set & ~options.rec_clr | options.rec_set
    propagation = options.propagation[0] if options.propagation else 0
    if view.read_only:
        attr_set |= RDONLY
    if view.facts.mode == "v2" and view.own_namespace:
        return [
            ops.mount_fs(
                pointer,
                attr_set=attr_set,
                propagation=propagation,
                fstype="cgroup2",
                source="cgroup",
                target=target,
                options=options.data,
            )
        ]
    if options.data:
        raise ConfigError(
            f"{pointer}/options: unknown option of a cgroup mount: {options.data[0]!r}",
            pointer=f"{pointer}/options",
        )
    if view.facts.mode == "v2":
        # Root sees the whole; a user's container no more than what is its own.
        own = view.user_namespace or view.absent
        source = _own_directory("", view.facts.v2, view) if own else view.facts.v2
        return [
            ops.mount_bind(
                pointer,
                attr_set=attr_set,
                propagation=propagation,
                source=source,
                target=target,
            )
        ]
    return _v1(attr_set, propagation, target, pointer, view)


def _v1(attr_set: int, propagation: int, target: str, pointer: str, view: CgroupView) -> list[Step]:
    base = NOSUID | NODEV | NOEXEC
    found = [
        ops.mount_fs(
            pointer,
            attr_set=base,
            propagation=propagation,
            fstype="tmpfs",
            source="tmpfs",
            target=target,
            options=["mode=755"],
        )
    ]
    hierarchies: dict[str, list[str]] = {}
    for controller, directory in view.facts.v1.items():
        hierarchies.setdefault(directory, []).append(controller)
    attributes = base | attr_set & RDONLY
    for directory, controllers in hierarchies.items():
        where = f"{target}/{directory.rsplit('/', 1)[1]}"
        if view.own_namespace:
            found.append(_hierarchy(controllers, attributes, where, pointer))
        else:
            source = _own_directory(controllers[0], directory, view)
            found.append(ops.mount_bind(pointer, attr_set=attributes, source=source, target=where))
    for directory, controllers in hierarchies.items():
        name = directory.rsplit("/", 1)[1]
        if len(controllers) > 1:
            found += [
                ops.symlink(
                    pointer,
                    flags=ops.SYMLINK_OPTIONAL,
                    target=name,
                    path=f"{target}/{controller}",
                )
                for controller in controllers
                if controller != name
            ]
    if attr_set & RDONLY:
        found.append(ops.mount_attr(pointer, attr_set=RDONLY, target=target))
    return found


def _hierarchy(controllers: list[str], attributes: int, where: str, pointer: str) -> Step:
    named = controllers[0].startswith("name=")
    return ops.mount_fs(
        pointer,
        attr_set=attributes,
        fstype="cgroup",
        source="cgroup",
        target=where,
        # A named hierarchy has no controller, which has to be said.
        options=["none", controllers[0]] if named else controllers,
    )


def _own_directory(controller: str, directory: str, view: CgroupView) -> str:
    """The container's directory in a hierarchy, on the host."""
    own = view.facts.own.get(controller, "/")
    if view.absent:
        return clean(directory + own)
    return clean(directory + below(own, view.path))


def owner(config: Map, own_namespace: bool) -> int | None:
    """The host's id of the user that the cgroup is to be given to, None to give it to nobody.

    own_namespace: the cgroup namespace is new. Only then, and where the container can write
    to its cgroup, does it make sense, and only cgroup2 makes it safe.
    Source: the runtime specification, config-linux, "Cgroup ownership".
    """
    if not own_namespace or not any(_writable(mount) for mount in sequence(config, "mounts")):
        return None
    uid = number(mapping(mapping(config, "process"), "user"), "uid") or 0
    linux = mapping(config, "linux")
    if not any(entry.get("type") == "user" for entry in sequence(linux, "namespaces")):
        return uid
    for entry in sequence(linux, "uidMappings"):
        first, size = number(entry, "containerID") or 0, number(entry, "size") or 0
        if first <= uid < first + size:
            return (number(entry, "hostID") or 0) + uid - first
    return None


def _writable(mount: Map) -> bool:
    return (
        text(mount, "type") in ("cgroup", "cgroup2")
        and clean(text(mount, "destination")) == "/sys/fs/cgroup"
        and not {"ro", "rro"} & set(sequence(mount, "options"))
    )
