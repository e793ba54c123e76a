# SPDX-License-Identifier: Apache-2.0
"""Mount options of the spec (config.md, "Linux mount options") to attributes of the kernel.

An option either sets or clears; later ones win. It does not know what is mounted.
"""

from __future__ import annotations

RDONLY = 0x01
NOSUID = 0x02
NODEV = 0x04
NOEXEC = 0x08
NODIRATIME = 0x80
NOSYMFOLLOW = 0x200000
# The access time mode is one field of three values (mount_setattr(2)): whoever sets it has to
# clear the whole field.
ATIME_MASK = 0x70
RELATIME, NOATIME, STRICTATIME = 0x00, 0x10, 0x20

MS_REC = 0x4000
UNBINDABLE, PRIVATE, SLAVE, SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20

# name -> (bits to set, bits to clear)
ATTRIBUTES = {
    "ro": (RDONLY, 0),
    "rw": (0, RDONLY),
    "nosuid": (NOSUID, 0),
    "suid": (0, NOSUID),
    "nodev": (NODEV, 0),
    "dev": (0, NODEV),
    "noexec": (NOEXEC, 0),
    "exec": (0, NOEXEC),
    "nodiratime": (NODIRATIME, 0),
    "diratime": (0, NODIRATIME),
    "nosymfollow": (NOSYMFOLLOW, 0),
    "symfollow": (0, NOSYMFOLLOW),
    "noatime": (NOATIME, ATIME_MASK),
    "strictatime": (STRICTATIME, ATIME_MASK),
    "relatime": (RELATIME, ATIME_MASK),
    # Without a mode of its own a mount is relatime since Linux 2.6.30.
    "atime": (RELATIME, ATIME_MASK),
    "nostrictatime": (RELATIME, ATIME_MASK),
    "norelatime": (RELATIME, ATIME_MASK),
}
# These three only take back their opposite: another mode that was asked for stays.
TAKES_BACK = {"atime": NOATIME, "nostrictatime": STRICTATIME, "norelatime": RELATIME}
RECURSIVE = {f"r{name}": bits for name, bits in ATTRIBUTES.items()}

PROPAGATION = {
    "private": PRIVATE,
    "slave": SLAVE,
    "shared": SHARED,
    "unbindable": UNBINDABLE,
    "rprivate": PRIVATE | MS_REC,
    "rslave": SLAVE | MS_REC,
    "rshared": SHARED | MS_REC,
    "runbindable": UNBINDABLE | MS_REC,
}

# Flags of the superblock that fsconfig(2) takes by name, and what undoes them.
SUPERBLOCK = {
    "sync": ("sync", True),
    "async": ("sync", False),
    "dirsync": ("dirsync", True),
    "lazytime": ("lazytime", True),
    "nolazytime": ("lazytime", False),
    "mand": ("mand", True),
    "nomand": ("mand", False),
}

# silent only hushes the kernel's log and iversion is up to the filesystem since mount(2) is
# no longer the interface: fsconfig(2) knows neither, so nothing is passed on.
WITHOUT_EFFECT = frozenset(("defaults", "silent", "loud", "iversion", "noiversion", ""))


class MountOptions:
    """attr_*: for the mount itself; rec_*: for all mounts below too (mount_setattr(2)).
    propagation: MS_* values in the order given. superblock: fsconfig flags. data: options of
    the filesystem, one each. idmap: "", "idmap" or "ridmap".
    """

    __slots__ = (
        "attr_clr",
        "attr_set",
        "bind",
        "copy_up",
        "data",
        "idmap",
        "propagation",
        "rec_clr",
        "rec_set",
        "recursive",
        "remount",
        "superblock",
    )

    def __init__(self) -> None:
        self.attr_set = self.attr_clr = self.rec_set = self.rec_clr = 0
        self.propagation: list[int] = []
        self.superblock: list[str] = []
        self.data: list[str] = []
        self.bind = self.recursive = self.remount = self.copy_up = False
        self.idmap = ""

    def attribute(self, on: int, off: int) -> None:
        mask = on | off
        self.attr_set = self.attr_set & ~mask | on
        self.attr_clr = self.attr_clr & ~mask | off

    def recursive_attribute(self, on: int, off: int) -> None:
        mask = on | off
        self.rec_set = self.rec_set & ~mask | on
        self.rec_clr = self.rec_clr & ~mask | off


def parse(options: list[str]) -> MountOptions:
    """Sort the options. An unknown one belongs to the filesystem."""
    found = MountOptions()
    for option in options:
        if option in ATTRIBUTES:
            if not _is_moot(option, found.attr_set, found.attr_clr):
                found.attribute(*ATTRIBUTES[option])
        elif option in PROPAGATION:
            found.propagation.append(PROPAGATION[option])
        elif option in RECURSIVE:
            if not _is_moot(option[1:], found.rec_set, found.rec_clr):
                found.recursive_attribute(*RECURSIVE[option])
        elif option in SUPERBLOCK:
            _superblock(found, *SUPERBLOCK[option])
        elif option not in WITHOUT_EFFECT:
            _other(found, option)
    return found


def _is_moot(option: str, bits: int, cleared: int) -> bool:
    """True when the option takes back an access time mode that was not asked for."""
    if option not in TAKES_BACK or not cleared & ATIME_MASK:
        return False
    return bits & ATIME_MASK != TAKES_BACK[option]


def _superblock(found: MountOptions, name: str, on: bool) -> None:
    if name in found.superblock:
        found.superblock.remove(name)
    if on:
        found.superblock.append(name)


def _other(found: MountOptions, option: str) -> None:
    if option == "bind":
        found.bind = True
    elif option == "rbind":
        found.bind = found.recursive = True
    elif option == "remount":
        found.remount = True
    elif option == "tmpcopyup":
        found.copy_up = True
    elif option in ("idmap", "ridmap"):
        found.idmap = option
    else:
        found.data.extend(split(option) if "," in option else (option,))


def split(option: str) -> list[str]:
    """Several options in one string, as mount(2) takes them: by commas that are neither
    quoted (SELinux contexts) nor escaped (overlay paths)."""
    parts = [""]
    quoted = escaped = False
    for char in option:
        if char == "," and not quoted and not escaped:
            parts.append("")
            continue
        if char == '"':
            quoted = not quoted
        escaped = char == "\\" and not escaped
        parts[-1] += char
    return [part for part in parts if part]


def attribute_names(bits: int, cleared: int = 0) -> list[str]:
    """Option names of attribute bits that are set and cleared, for people."""
    found: list[str] = []
    for name in ("ro", "nosuid", "nodev", "noexec", "nodiratime", "nosymfollow"):
        bit = ATTRIBUTES[name][0]
        if bits & bit:
            found.append(name)
        elif cleared & bit:
            found.append({"ro": "rw"}.get(name, name[2:]))
    if cleared & ATIME_MASK or bits & ATIME_MASK:
        mode = bits & ATIME_MASK
        found.append({NOATIME: "noatime", STRICTATIME: "strictatime"}.get(mode, "relatime"))
    return found


def propagation_names(flags: int) -> list[str]:
    return [name for name, value in PROPAGATION.items() if flags and value == flags]
