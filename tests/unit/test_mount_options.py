# SPDX-License-Identifier: Apache-2.0
"""Every option of the spec's table, its opposite, and how they meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyruntime.plan import mount_options as mo

MUST = [
    "async",
    "atime",
    "bind",
    "defaults",
    "dev",
    "diratime",
    "dirsync",
    "exec",
    "iversion",
    "lazytime",
    "loud",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "noiversion",
    "nolazytime",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "private",
    "rbind",
    "relatime",
    "remount",
    "ro",
    "rprivate",
    "rshared",
    "rslave",
    "runbindable",
    "rw",
    "shared",
    "silent",
    "slave",
    "strictatime",
    "suid",
    "sync",
    "unbindable",
    "mand",
    "nomand",
    "tmpcopyup",
    "nosymfollow",
    "symfollow",
    "ratime",
    "rdev",
    "rdiratime",
    "rexec",
    "rnoatime",
    "rnodev",
    "rnodiratime",
    "rnoexec",
    "rnorelatime",
    "rnostrictatime",
    "rnosuid",
    "rnosymfollow",
    "rrelatime",
    "rro",
    "rrw",
    "rstrictatime",
    "rsuid",
    "rsymfollow",
    "idmap",
    "ridmap",
]


@pytest.mark.parametrize("option", MUST)
def test_no_option_of_the_spec_reaches_the_filesystem(option: str) -> None:
    assert mo.parse([option]).data == []


def test_unknown_options_are_the_filesystem_s() -> None:
    assert mo.parse(["size=1m", "nosuid", "newinstance"]).data == ["size=1m", "newinstance"]


@pytest.mark.parametrize(
    ("options", "bits", "cleared"),
    [
        (["ro"], mo.RDONLY, 0),
        (["rw"], 0, mo.RDONLY),
        (["ro", "rw"], 0, mo.RDONLY),
        (["rw", "ro"], mo.RDONLY, 0),
        (["nosuid", "nodev", "noexec"], mo.NOSUID | mo.NODEV | mo.NOEXEC, 0),
        (["suid", "dev", "exec"], 0, mo.NOSUID | mo.NODEV | mo.NOEXEC),
        (["nosymfollow", "nodiratime"], mo.NOSYMFOLLOW | mo.NODIRATIME, 0),
        (["symfollow", "diratime"], 0, mo.NOSYMFOLLOW | mo.NODIRATIME),
        # Whoever sets an access time mode has to clear the whole field.
        (["noatime"], mo.NOATIME, mo.ATIME_MASK),
        (["strictatime"], mo.STRICTATIME, mo.ATIME_MASK),
        (["relatime"], 0, mo.ATIME_MASK),
        (["noatime", "strictatime"], mo.STRICTATIME, mo.ATIME_MASK),
        (["noatime", "relatime"], 0, mo.ATIME_MASK),
        # These take back their opposite and nothing else.
        (["noatime", "atime"], 0, mo.ATIME_MASK),
        (["noatime", "nostrictatime"], mo.NOATIME, mo.ATIME_MASK),
        (["strictatime", "norelatime"], mo.STRICTATIME, mo.ATIME_MASK),
        (["strictatime", "nostrictatime"], 0, mo.ATIME_MASK),
        (["atime"], 0, mo.ATIME_MASK),
    ],
)
def test_attributes(options: list[str], bits: int, cleared: int) -> None:
    plain = mo.parse(options)
    assert (plain.attr_set, plain.attr_clr) == (bits, cleared)
    assert (plain.rec_set, plain.rec_clr) == (0, 0)
    recursive = mo.parse([f"r{option}" for option in options])
    assert (recursive.rec_set, recursive.rec_clr) == (bits, cleared)
    assert (recursive.attr_set, recursive.attr_clr) == (0, 0)


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        (["private"], [1 << 18]),
        (["rslave", "rshared"], [1 << 19 | 0x4000, 1 << 20 | 0x4000]),
        (["unbindable", "runbindable"], [1 << 17, 1 << 17 | 0x4000]),
    ],
)
def test_propagation_keeps_its_order(options: list[str], flags: list[int]) -> None:
    assert mo.parse(options).propagation == flags


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["sync", "dirsync", "lazytime", "mand"], ["sync", "dirsync", "lazytime", "mand"]),
        (["sync", "async"], []),
        (["nolazytime", "lazytime"], ["lazytime"]),
        (["nomand", "silent", "loud", "iversion", "defaults", ""], []),
    ],
)
def test_superblock_flags(options: list[str], names: list[str]) -> None:
    assert mo.parse(options).superblock == names


def test_kinds_of_mount() -> None:
    assert mo.parse(["bind"]).bind and not mo.parse(["bind"]).recursive
    assert mo.parse(["rbind"]).bind and mo.parse(["rbind"]).recursive
    assert mo.parse(["remount"]).remount
    assert mo.parse(["tmpcopyup"]).copy_up
    assert mo.parse(["ridmap"]).idmap == "ridmap"


@pytest.mark.parametrize(
    ("option", "parts"),
    [
        ("mode=755,size=1m", ["mode=755", "size=1m"]),
        ('context="a:b:c0,c1",size=1m', ['context="a:b:c0,c1"', "size=1m"]),
        (r"lowerdir=/a\,b,userxattr", [r"lowerdir=/a\,b", "userxattr"]),
        (",,", []),
    ],
)
def test_several_options_in_one_string(option: str, parts: list[str]) -> None:
    assert mo.parse([option]).data == parts


def test_the_numbers_are_the_kernel_s() -> None:
    """linux/mount.h is the authority."""
    text = Path("/usr/include/linux/mount.h").read_text()
    found = {
        words[1]: int(words[2], 0)
        for words in (line.split() for line in text.splitlines())
        if len(words) >= 3
        and words[0] == "#define"
        and words[1].startswith("MOUNT_ATTR_")
        and words[2].startswith("0x")
    }
    ours = {
        "RDONLY": mo.RDONLY,
        "NOSUID": mo.NOSUID,
        "NODEV": mo.NODEV,
        "NOEXEC": mo.NOEXEC,
        "NODIRATIME": mo.NODIRATIME,
        "NOSYMFOLLOW": mo.NOSYMFOLLOW,
        "_ATIME": mo.ATIME_MASK,
        "NOATIME": mo.NOATIME,
        "STRICTATIME": mo.STRICTATIME,
    }
    assert {name: found[f"MOUNT_ATTR_{name}"] for name in ours} == ours
