# SPDX-License-Identifier: Apache-2.0
"""The cache of compiled filters: what names one, what is believed, what is thrown away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pyruntime import state
from pyruntime.errors import HostError
from pyruntime.host.seccomp import cache, library
from pyruntime.host.seccomp.library import Place

PROGRAM = b"\x06\0\0\0\0\0\xff\x7f" * 3
SECTION: dict[str, Any] = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "architectures": ["SCMP_ARCH_X86_64"],
    "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}],
}
PLACE = Place("/lib/libseccomp.so.2", "libseccomp.so.2.5.4:1:2")
NAME = cache.key(SECTION, PLACE)


@pytest.mark.parametrize(
    "change",
    [
        {"defaultAction": "SCMP_ACT_KILL"},
        {"defaultErrnoRet": 38},
        {"architectures": []},
        {"syscalls": [{"names": ["write", "read"], "action": "SCMP_ACT_ALLOW"}]},
    ],
)
def test_what_changes_the_filter_changes_the_key(change: dict[str, Any]) -> None:
    assert cache.key(SECTION | change, PLACE) != NAME


def test_another_library_changes_the_key() -> None:
    assert cache.key(SECTION, Place(PLACE.path, "libseccomp.so.2.6.0:1:2")) != NAME


def test_what_does_not_change_the_filter_does_not() -> None:
    more = {"flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/run/agent"}
    assert cache.key(SECTION | more, Place("/elsewhere", PLACE.identity)) == NAME


def test_kept_and_found(tmp_path: Path) -> None:
    root = str(tmp_path / "a/b")
    assert cache.load(root, NAME) == b""
    cache.save(root, NAME, PROGRAM)
    assert cache.load(root, NAME) == PROGRAM
    kept = Path(root, cache.DIRECTORY, NAME)
    assert kept.stat().st_mode & 0o7777 == 0o600
    assert kept.parent.stat().st_mode & 0o7777 == 0o700
    assert os.listdir(kept.parent) == [NAME], "a temporary file is left"
    assert state.list_ids(root) == [], "no container"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    cache.save(str(tmp_path), NAME, PROGRAM)
    return tmp_path / cache.DIRECTORY / NAME


def test_damaged_in_any_byte(kept: Path, tmp_path: Path) -> None:
    good = kept.read_bytes()
    for at in range(len(good)):
        kept.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert cache.load(str(tmp_path), NAME) == b""
    for size in range(len(good)):
        kept.write_bytes(good[:size])
        assert cache.load(str(tmp_path), NAME) == b""
    kept.write_bytes(good + PROGRAM)
    assert cache.load(str(tmp_path), NAME) == b""
    cache.save(str(tmp_path), NAME, PROGRAM)
    assert cache.load(str(tmp_path), NAME) == PROGRAM


def test_the_program_of_another_key(kept: Path, tmp_path: Path) -> None:
    other = cache.key(SECTION | {"architectures": []}, PLACE)
    kept.rename(kept.with_name(other))
    assert cache.load(str(tmp_path), other) == b""


def test_what_others_could_have_written(kept: Path, tmp_path: Path) -> None:
    kept.chmod(0o620)
    assert cache.load(str(tmp_path), NAME) == b""
    kept.chmod(0o600)
    kept.parent.chmod(0o702)
    assert cache.load(str(tmp_path), NAME) == b""
    kept.parent.chmod(0o700)
    assert cache.load(str(tmp_path), NAME) == PROGRAM
    if os.geteuid() == 0:
        os.chown(kept, 1, 1)
        assert cache.load(str(tmp_path), NAME) == b""


def test_links_are_not_followed(kept: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    kept.rename(aside)
    kept.symlink_to(aside)
    assert cache.load(str(tmp_path), NAME) == b""
    cache.save(str(tmp_path), NAME, PROGRAM)
    assert cache.load(str(tmp_path), NAME) == PROGRAM
    assert not kept.is_symlink()


def test_the_oldest_go(tmp_path: Path) -> None:
    directory = tmp_path / cache.DIRECTORY
    names = [f"{number:064x}" for number in range(cache.ENTRIES_MAX + 3)]
    for number, name in enumerate(names):
        cache.save(str(tmp_path), name, PROGRAM)
        os.utime(directory / name, (1000 + number, 1000 + number))
    assert sorted(os.listdir(directory)) == names[3:]


def test_no_room_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache.save(str(tmp_path / "file"), NAME, PROGRAM)
    assert cache.load(str(tmp_path / "file"), NAME) == b""


def test_a_missing_library_is_named() -> None:
    with pytest.raises(HostError, match="need libseccomp") as missing:
        library.load(Place("/nowhere/libseccomp.so.2", ""))
    assert "libseccomp2" in missing.value.hint


def test_the_version_is_in_the_file_s_name() -> None:
    assert PLACE.version == "2.5.4"
    assert Place("libseccomp.so.2", "").version == ""
