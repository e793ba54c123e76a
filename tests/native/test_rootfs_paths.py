# SPDX-License-Identifier: Apache-2.0
"""Mount targets in a rootfs that somebody hostile has made."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from support.sandbox import (
    MS_BIND,
    MS_REC,
    MS_SHARED,
    MS_SLAVE,
    Outcome,
    container,
    exchanging,
    mount,
    mounts,
    run,
)

from pyruntime.plan import ops

pytestmark = pytest.mark.usefixtures("root_user")


def mount_at(rootfs: Path, target: str, *, flags: int = 0, fstype: str = "tmpfs") -> Outcome:
    """Mounts at target; value: the mount points below the rootfs's parent, relative to it."""
    top = rootfs.parent

    def after() -> list[str]:
        return sorted(
            os.path.relpath(path, top) for path in mounts() if Path(path).is_relative_to(top)
        )

    step = ops.mount_fs("", flags=flags, fstype=fstype, source="test", target=target)
    return run([*container(rootfs), step], after)


def listing(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("/data", "data"),
        ("data", "data"),
        ("/data/", "data"),
        ("//a/./b//c", "a/b/c"),
        ("/a/../b", "b"),
        ("/../../x", "x"),
    ],
)
def test_missing_target_is_made(rootfs: Path, target: str, place: str) -> None:
    outcome = mount_at(rootfs, target)
    assert outcome.result == 0, outcome
    assert outcome.value == ["rootfs", f"rootfs/{place}"]
    assert (rootfs / place).stat().st_mode & 0o7777 == 0o755


def test_modes_do_not_depend_on_umask(rootfs: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("")
    steps = [
        ops.mount_fs("", fstype="tmpfs", target="/d/e"),
        ops.mount_bind("", source=str(source), target="/f/g"),
    ]
    outcome = run([*container(rootfs), *steps], lambda: os.umask(0), before=lambda: os.umask(0o77))
    assert outcome.result == 0, outcome
    assert outcome.value == 0o77, "the umask is put back"
    modes = {name: (rootfs / name).stat().st_mode & 0o7777 for name in ("d", "d/e", "f", "f/g")}
    assert modes == {"d": 0o755, "d/e": 0o755, "f": 0o755, "f/g": 0o644}


@pytest.mark.parametrize("existing", [True, False])
def test_link_to_the_host_stays_in_the_rootfs(rootfs: Path, canary: Path, existing: bool) -> None:
    (rootfs / "data").symlink_to(canary)
    inside = rootfs / str(canary).lstrip("/")
    if existing:
        inside.mkdir(parents=True)
    outcome = mount_at(rootfs, "/data")
    assert outcome.result == 0, outcome
    assert outcome.value == ["rootfs", os.path.relpath(inside, rootfs.parent)]
    assert listing(canary) == ["file"]


@pytest.mark.parametrize("existing", [True, False])
def test_relative_link_cannot_climb_out(rootfs: Path, canary: Path, existing: bool) -> None:
    (rootfs / "data").symlink_to("../../../../../../../../../../canary/deep")
    if existing:
        (rootfs / "canary" / "deep").mkdir(parents=True)
    outcome = mount_at(rootfs, "/data/sub")
    assert outcome.result == 0, outcome
    assert outcome.value == ["rootfs", "rootfs/canary/deep/sub"]
    assert listing(canary) == ["file"]


def test_parent_of_a_link_is_that_of_its_target(rootfs: Path) -> None:
    (rootfs / "one" / "two").mkdir(parents=True)
    (rootfs / "link").symlink_to("/one/two")
    outcome = mount_at(rootfs, "/link/../new/x")
    assert outcome.value == ["rootfs", "rootfs/one/new/x"]


def test_absolute_link_counts_from_the_rootfs(rootfs: Path) -> None:
    (rootfs / "deep" / "er").mkdir(parents=True)
    (rootfs / "deep" / "er" / "link").symlink_to("/deep/new")
    outcome = mount_at(rootfs, "/deep/er/link/x")
    assert outcome.value == ["rootfs", "rootfs/deep/new/x"], outcome


def test_dangling_link_as_a_file_target(rootfs: Path, canary: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("bound")
    (rootfs / "hosts").symlink_to(canary / "new")
    step = ops.mount_bind("", source=str(source), target="/hosts")
    inside = rootfs / str(canary / "new").lstrip("/")
    outcome = run([*container(rootfs), step], inside.read_text)
    assert outcome.value == "bound", outcome
    assert inside.stat().st_size == 0
    assert listing(canary) == ["file"]


def test_link_of_the_image_does_not_lead_over_proc(rootfs: Path) -> None:
    """What may lie over a procfs is said by its name in the config, never by a link."""
    (rootfs / "volume").symlink_to("proc")
    first = ops.mount_fs("", fstype="proc", source="proc", target="/proc")
    named = ops.mount_fs("", fstype="tmpfs", source="tmpfs", target="/proc/fs")
    linked = ops.mount_fs("", fstype="tmpfs", source="tmpfs", target="/volume/fs")
    outcome = run([*container(rootfs), first, named])
    assert outcome.result == 0, outcome
    outcome = run([*container(rootfs), first, linked])
    assert (outcome.errno, outcome.path) == (errno.ELOOP, "/volume/fs")
    assert "procfs" in outcome.what


@pytest.mark.parametrize("fstype", ["proc", "sysfs"])
@pytest.mark.parametrize("link", ["/canary", "elsewhere", "."])
def test_proc_and_sysfs_refuse_a_link(rootfs: Path, fstype: str, link: str) -> None:
    (rootfs / "elsewhere").mkdir()
    (rootfs / "fs").symlink_to(link)
    outcome = mount_at(rootfs, "/fs", flags=ops.MOUNT_NO_SYMLINKS, fstype=fstype)
    assert outcome.errno in (errno.ELOOP, errno.ENOTDIR)
    assert "ordinary directory" in outcome.what
    assert outcome.value == ["rootfs"]
    assert listing(rootfs) == ["elsewhere", "fs"]


@pytest.mark.parametrize("existing", [True, False])
def test_proc_refuses_a_link_on_the_way(rootfs: Path, existing: bool) -> None:
    (rootfs / "real").mkdir()
    (rootfs / "link").symlink_to("real")
    if existing:
        (rootfs / "real" / "proc").mkdir()
    outcome = mount_at(rootfs, "/link/proc", flags=ops.MOUNT_NO_SYMLINKS, fstype="proc")
    assert outcome.errno == errno.ELOOP
    assert listing(rootfs / "real") == (["proc"] if existing else [])


def test_proc_refuses_a_link_that_comes_and_goes(rootfs: Path) -> None:
    (rootfs / "vol" / "dir").mkdir(parents=True)
    (rootfs / "elsewhere").mkdir()
    (rootfs / "vol" / "link").symlink_to("/elsewhere")
    step = ops.mount_fs(
        "", flags=ops.MOUNT_NO_SYMLINKS, fstype="proc", source="proc", target="/vol/dir/new/proc"
    )
    with exchanging(rootfs / "vol" / "dir", rootfs / "vol" / "link"):
        for _ in range(100):
            run([*container(rootfs), step])
            assert listing(rootfs / "elsewhere") == []
            for name in ("dir", "link"):
                made = rootfs / "vol" / name / "new"
                if made.is_dir() and not made.parent.is_symlink():
                    for path in (made / "proc", made):
                        with suppress(OSError):
                            path.rmdir()


def test_proc_refuses_a_file(rootfs: Path) -> None:
    (rootfs / "proc").write_text("")
    outcome = mount_at(rootfs, "/proc", flags=ops.MOUNT_NO_SYMLINKS, fstype="proc")
    assert outcome.errno == errno.ENOTDIR
    assert "ordinary directory" in outcome.what


@pytest.mark.parametrize("target", ["/", "", "..", "/.", "/root", "/a/.."])
def test_target_is_never_the_root(rootfs: Path, target: str) -> None:
    (rootfs / "root").symlink_to("/")
    outcome = mount_at(rootfs, target)
    assert outcome.errno == errno.EINVAL
    assert outcome.what == "resolve: the target is the root itself"
    assert outcome.value == ["rootfs"]


def test_circle_of_links(rootfs: Path) -> None:
    (rootfs / "a").symlink_to("b")
    (rootfs / "b").symlink_to("a")
    assert mount_at(rootfs, "/a/new").errno == errno.ELOOP
    assert mount_at(rootfs, "/made/../a/new").errno == errno.ELOOP


def test_file_on_the_way(rootfs: Path) -> None:
    (rootfs / "file").write_text("")
    assert mount_at(rootfs, "/file/new").errno == errno.ENOTDIR


@pytest.mark.parametrize("target", ["/" + "n" * 256, "/" + "x/" * 2100])
def test_too_long(rootfs: Path, target: str) -> None:
    assert mount_at(rootfs, target).errno == errno.ENAMETOOLONG


def test_links_that_grow_too_long(rootfs: Path) -> None:
    (rootfs / "grow").symlink_to("missing/" + "x/" * 1500)
    assert mount_at(rootfs, "/grow/" + "y/" * 1000).errno == errno.ENAMETOOLONG


def test_magic_link_is_not_followed(rootfs: Path, canary: Path) -> None:
    """A procfs that is in the rootfs leads nowhere, whatever its links say."""
    (rootfs / "proc").mkdir()
    steps = [
        ops.mount_fs("", fstype="proc", source="proc", target="/proc"),
        ops.mount_fs("", fstype="tmpfs", target=f"/proc/self/root{canary}"),
    ]
    outcome = run([*container(rootfs), *steps], lambda: str(canary) in mounts())
    assert outcome.errno in (errno.ELOOP, errno.EXDEV)
    assert outcome.value is False


def test_target_below_another_mount(rootfs: Path) -> None:
    steps = [
        ops.mount_fs("", fstype="tmpfs", source="upper", target="/a"),
        ops.mount_fs("", fstype="tmpfs", source="inner", target="/a/b/c"),
    ]
    outcome = run([*container(rootfs), *steps], lambda: mounts()[f"{rootfs}/a/b/c"]["source"])
    assert outcome.value == "inner", outcome
    assert listing(rootfs / "a") == []


def test_rootfs_that_is_a_link_is_refused(rootfs: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(rootfs)
    outcome = run(container(link))
    assert outcome.errno == errno.ENOTDIR
    assert outcome.what == "open rootfs"


def test_racer_swaps_a_directory_and_a_link(rootfs: Path, canary: Path) -> None:
    """Another container shares a volume and exchanges a directory with a link all the time."""
    volume = rootfs / "vol"
    (volume / "dir").mkdir(parents=True)
    (volume / "link").symlink_to("/../.." + str(canary))
    step = ops.mount_fs("", fstype="tmpfs", target="/vol/dir/new/point")
    with exchanging(volume / "dir", volume / "link"):
        for _ in range(40):
            outcome = run(
                [*container(rootfs), *[step] * 20],
                lambda: [path for path in mounts() if path.startswith(str(canary))],
            )
            assert outcome.value == []
            assert listing(canary) == ["file"]


def test_missing_target_in_a_read_only_bind(rootfs: Path, canary: Path) -> None:
    """The mount is read-only from the moment it is there: nothing is made in its source."""
    steps = [
        ops.mount_bind("", attr_set=1, source=str(canary), target="/vol"),
        ops.mount_fs("", fstype="tmpfs", target="/vol/missing"),
    ]
    outcome = run([*container(rootfs), *steps])
    assert outcome.errno == errno.EROFS
    assert outcome.path == "/vol/missing"
    assert listing(canary) == ["file"]


@pytest.mark.parametrize("propagation", [MS_SLAVE, MS_SHARED])
def test_nothing_reaches_the_host(rootfs: Path, propagation: int) -> None:
    """A rootfs of shared mounts: the setup must not appear in the mounts' other copies."""
    seen = rootfs.parent / "seen"
    seen.mkdir()

    def before() -> None:
        mount("shared", str(rootfs), "tmpfs")
        (rootfs / "sub").mkdir()
        mount("shared", str(rootfs / "sub"), "tmpfs")
        mount("", str(rootfs), flags=MS_SHARED | MS_REC)
        mount(str(rootfs), str(seen), flags=MS_BIND | MS_REC)

    def after() -> list[str]:
        return sorted(path for path in mounts() if path.startswith(f"{seen}/"))

    steps = [ops.mount_fs("", fstype="tmpfs", target=target) for target in ("/data", "/sub/data")]
    outcome = run(
        [*container(rootfs, propagation=propagation | MS_REC), *steps], after, before=before
    )
    assert outcome.result == 0, outcome
    assert outcome.value == [f"{seen}/sub"]
