# SPDX-License-Identifier: Apache-2.0
"""The user namespace of a container, as far as a plan can know it (user_namespaces(7)).

Imported only for a config that has one, or that maps the ids of a mount.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan import ops
from pyruntime.plan.field import number, sequence, text
from pyruntime.plan.paths import clean
from pyruntime.plan.plan import SLOT_FIRST_FREE, IdMaps, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map
    from pyruntime.plan.mount_options import MountOptions
    from pyruntime.plan.namespaces import Namespaces
    from pyruntime.plan.plan import Range
    from pyruntime.plan.step import Step

USER = "namespace:user"


def ranges(section: Map, key: str, pointer: str) -> tuple[Range, ...]:
    """uidMappings or gidMappings as (id inside, id outside, how many)."""
    return tuple(
        (
            number(entry, "containerID") or 0,
            number(entry, "hostID") or 0,
            number(entry, "size") or 0,
        )
        for entry in sequence(section, key, pointer)
    )


def read_maps(section: Map, pointer: str) -> IdMaps:
    return IdMaps(
        ranges(section, "uidMappings", pointer), ranges(section, "gidMappings", pointer), pointer
    )


def outside(mapped: tuple[Range, ...], inside: int) -> int:
    """The host's number of an id of the container, -1 when it has none."""
    for first, host, size in mapped:
        if first <= inside < first + size:
            return host + inside - first
    return -1


class UserNamespace:
    """The container's user namespace, new or joined.

    maps: as configured; empty for a joined one that the config says no more of: then
    every id may be there. privileged: the runtime has the host's rights, so that it reaches
    what the container's root does not. own_network: whether sysfs can be mounted.
    """

    __slots__ = ("maps", "new", "own_network", "privileged")

    def __init__(self, linux: Map, namespaces: Namespaces, *, privileged: bool) -> None:
        self.maps = read_maps(linux, "/linux")
        self.new = "user" in namespaces.new
        self.privileged = privileged
        self.own_network = "network" in namespaces.new

    @property
    def groups_denied(self) -> bool:
        """An ordinary user who maps his own group alone can't set any (setgroups(2))."""
        return self.new and not self.privileged and [r[2] for r in self.maps.gids] == [1]

    def host_uid(self, uid: int) -> int:
        """-1 when it is not known."""
        return outside(self.maps.uids, uid)

    def check_user(self, user: Map, pointer: str) -> None:
        """Every id of process.user has to be mapped. Raises ConfigError."""
        if self.groups_denied and sequence(user, "additionalGids", pointer):
            raise ConfigError(
                f"{pointer}/additionalGids: need more than one mapped group",
                pointer=f"{pointer}/additionalGids",
                hint="an ordinary user has these with a range in /etc/subgid and newgidmap",
            )
        self._check(self.maps.uids, number(user, "uid") or 0, f"{pointer}/uid", "uidMappings")
        self._check(self.maps.gids, number(user, "gid") or 0, f"{pointer}/gid", "gidMappings")
        for index, gid in enumerate(sequence(user, "additionalGids", pointer)):
            here = f"{pointer}/additionalGids/{index}"
            self._check(self.maps.gids, int(gid), here, "gidMappings")

    def _check(self, mapped: tuple[Range, ...], wanted: int, pointer: str, key: str) -> None:
        if mapped and outside(mapped, wanted) < 0:
            raise ConfigError(
                f"{pointer}: {wanted} is not mapped by linux.{key}",
                pointer=pointer,
                hint=f"the user namespace has only the ids of linux.{key}",
            )

    def adapt(self, mount: Map) -> Map:
        """The mount as this user namespace allows it."""
        kind, options = text(mount, "type"), sequence(mount, "options")
        if kind == "devpts":
            kept = [option for option in options if self._has_owner(option)]
            return {**mount, "options": kept}
        bind = "bind" in options or "rbind" in options
        if kind == "sysfs" and not bind and not self.own_network:
            # It shows the network namespace, which has to be the container's own.
            found = {**mount, "type": "none", "source": "/sys"}
            return {**found, "options": _read_only_below(["rbind", *options])}
        if "rbind" in options and clean(text(mount, "source")) == "/sys":
            return {**mount, "options": _read_only_below(options)}
        return mount

    def _has_owner(self, option: str) -> bool:
        """False for a uid= or gid= that nobody in the container has."""
        name, _, value = option.partition("=")
        mapped = {"uid": self.maps.uids, "gid": self.maps.gids}.get(name)
        if not mapped or not value.isdecimal():
            return True
        return outside(mapped, int(value)) >= 0


def _read_only_below(options: list[str]) -> list[str]:
    """What is mounted below /sys are the host's cgroups and more: read-only is meant for
    these as well."""
    return [*options, "rro"] if "ro" in options else options


class Sources:
    """The bind mounts' sources that are opened with the host's rights, before they are gone.

    maps: of the container's user namespace, None without one. all_of_them: open every
    source, not only those of id-mapped mounts. Appends to slots the user namespaces
    that map the ids.
    """

    __slots__ = ("_found", "_opened", "_user", "all_of_them", "first", "slots")

    def __init__(self, config: Map, slots: list[Slot], user: UserNamespace | None) -> None:
        self.slots = slots
        self._opened: list[tuple[str, int, int, int, str]] = []
        self._user = user
        self.all_of_them = user is not None and user.privileged
        self._found: dict[tuple[tuple[Range, ...], tuple[Range, ...]], int] = {}
        for index, mount in enumerate(sequence(config, "mounts")):
            options = sequence(mount, "options")
            if "idmap" in options or "ridmap" in options or mount.get("uidMappings"):
                self._mapper(mount, f"/mounts/{index}")
        self.first = SLOT_FIRST_FREE + len(slots)

    def _mapper(self, mount: Map, pointer: str) -> int:
        """The slot of the user namespace that maps the ids of a mount."""
        maps = read_maps(mount, pointer)
        if not maps.uids:
            if self._user is None:
                raise ConfigError(
                    f"{pointer}/options: idmap needs mappings",
                    pointer=f"{pointer}/options",
                    hint="add uidMappings and gidMappings, or a user namespace",
                )
            if not self._user.new:
                kinds = [slot.kind for slot in self.slots]
                return SLOT_FIRST_FREE + kinds.index(USER)
            maps = self._user.maps
        key = (maps.uids, maps.gids)
        if key not in self._found:
            self._found[key] = SLOT_FIRST_FREE + len(self.slots)
            self.slots.append(Slot("idmap", "", pointer, maps))
        return self._found[key]

    def open(self, mount: Map, options: MountOptions, source: str, pointer: str) -> int:
        """The slot that the source will be in, -1 when the init opens it by its path."""
        asked = options.idmap or mount.get("uidMappings")
        if not asked and not self.all_of_them:
            return -1
        flags, mapper = ops.SOURCE_RECURSIVE if options.recursive else 0, 0
        if asked:
            flags |= ops.SOURCE_IDMAP
            if options.idmap == "ridmap":
                flags |= ops.SOURCE_IDMAP_ALL
            mapper = self._mapper(mount, pointer)
        slot = self.first + len(self._opened)
        self._opened.append((pointer, slot, flags, mapper, source))
        return slot

    def steps(self, tie: int) -> list[Step]:
        """To be run first. tie: propagation of the copies, see rootfs.tie."""
        return [
            ops.source_open(
                pointer,
                slot=slot,
                flags=flags,
                idmap_slot=mapper,
                propagation=tie,
                source=source,
            )
            for pointer, slot, flags, mapper, source in self._opened
        ]


def check_idmap(options: MountOptions, pointer: str, *, privileged: bool) -> None:
    """Raises ConfigError, Unsupported: what cannot be id-mapped."""
    if not options.bind:
        raise ConfigError(
            f"{pointer}: only a bind mount can be id-mapped",
            pointer=pointer,
            hint='mount the filesystem first, then bind it with "idmap"',
        )
    if not privileged:
        raise Unsupported(f"{pointer}: an id-mapped mount takes the host's root", pointer=pointer)
