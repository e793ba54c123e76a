# SPDX-License-Identifier: Apache-2.0
"""The working directory, and that it never is one of the host's."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from support import sandbox

from pyruntime.plan import ops

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


@pytest.mark.parametrize("make", [True, False])
def test_directory_that_is_there(tmp_path: Path, make: bool) -> None:
    steps = [ops.cwd("", flags=ops.CWD_CREATE if make else 0, path=str(tmp_path))]
    assert sandbox.run(steps, os.getcwd).value == str(tmp_path)


def test_missing_one_is_made(tmp_path: Path) -> None:
    wanted = tmp_path / "a/b//c"
    steps = [ops.umask("", mask=0), ops.cwd("", flags=ops.CWD_CREATE, path=f"{wanted}/")]
    assert sandbox.run(steps, os.getcwd).value == str(wanted)
    assert wanted.stat().st_mode & 0o777 == 0o755


def test_missing_one_is_an_error(tmp_path: Path) -> None:
    found = sandbox.run([ops.cwd("", path=str(tmp_path / "none"))])
    assert (found.errno, found.path) == (errno.ENOENT, str(tmp_path / "none"))


def test_file_and_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, expected in (("file", errno.ENOTDIR), ("link", errno.ENOENT)):
        found = sandbox.run([ops.cwd("", flags=ops.CWD_CREATE, path=str(tmp_path / name))])
        assert found.errno == expected
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]


def test_name_that_is_too_long(tmp_path: Path) -> None:
    for path in ("x" * 300, "missing/" + "x" * 300):
        found = sandbox.run([ops.cwd("", flags=ops.CWD_CREATE, path=f"{tmp_path}/{path}")])
        assert found.errno == errno.ENAMETOOLONG


@pytest.mark.parametrize("path", ["/proc/self/fd/90", "/proc/self/fd/90/new", "/proc/self/cwd"])
def test_magic_links_lead_nowhere(tmp_path: Path, path: str) -> None:
    steps = [ops.cwd("", flags=ops.CWD_CREATE, path=path)]
    found = sandbox.run(
        steps, before=lambda: os.dup2(os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY), 90)
    )
    assert found.errno == errno.ELOOP
    assert os.listdir(tmp_path) == []


def test_place_beyond_the_root_is_noticed(tmp_path: Path) -> None:
    """After chroot without chdir, "." is outside: as a leaked descriptor's directory would be."""
    (tmp_path / "in").mkdir()

    def before() -> None:
        os.chdir(tmp_path)
        os.chroot(tmp_path / "in")

    found = sandbox.run([ops.cwd("", path=".")], before=before)
    assert (found.errno, found.what) == (errno.EPERM, "cwd outside the container")


def test_user_may_enter_what_root_may_not(tmp_path: Path) -> None:
    """Without CAP_DAC_OVERRIDE root is refused, as on a squashing file server."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    os.chown(private, 1000, 1000)
    for parent in (tmp_path, *tmp_path.parents):
        if parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    setids = 1 << 6 | 1 << 7
    refused = [
        ops.caps_set("", effective=setids, permitted=setids),
        ops.cwd("", flags=ops.CWD_CREATE, path=str(private / "sub")),
    ]
    assert sandbox.run(refused).errno == errno.EACCES
    (private / "sub").mkdir()
    allowed = [
        ops.caps_set("", effective=setids, permitted=setids),
        ops.cwd("", flags=ops.CWD_CREATE | ops.CWD_MAY_FAIL_EACCES, path=str(private / "sub")),
        ops.user("", uid=1000, gid=1000),
        ops.cwd("", path=str(private / "sub")),
    ]
    assert sandbox.run(allowed, os.getcwd).value == str(private / "sub")
