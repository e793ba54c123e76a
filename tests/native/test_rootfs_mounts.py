# SPDX-License-Identifier: Apache-2.0
"""What a mount step leaves in the kernel: flags, data, contents, propagation."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from support.sandbox import (
    ATIME,
    BASE,
    MS_PRIVATE,
    MS_REC,
    MS_SHARED,
    MS_SLAVE,
    MS_UNBINDABLE,
    NOATIME,
    NODEV,
    NOEXEC,
    NOSUID,
    RDONLY,
    STRICTATIME,
    Outcome,
    container,
    mount,
    mounts,
    open_tree,
    run,
)

from pyruntime.plan import ops
from pyruntime.plan.step import Step

pytestmark = pytest.mark.usefixtures("root_user")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    (made / "file").write_text("content")
    return made


def mounted(rootfs: Path, *steps: Step, at: str = "data", **keywords: Any) -> Outcome:
    """Runs the steps; value: what mountinfo says of rootfs/at."""
    return run([*container(rootfs), *steps], lambda: mounts().get(f"{rootfs}/{at}"), **keywords)


def tmpfs(*options: str, **keywords: Any) -> Step:
    return ops.mount_fs(
        "", fstype="tmpfs", source="named", target="/data", options=options, **keywords
    )


def bind(source: Path, **keywords: Any) -> Step:
    return ops.mount_bind("", source=str(source), target="/data", **keywords)


def test_filesystem_with_flags_and_data(rootfs: Path) -> None:
    flags = NOSUID | NODEV | NOEXEC | STRICTATIME
    outcome = mounted(rootfs, tmpfs("size=64k", "mode=1751", attr_set=flags))
    assert outcome.result == 0, outcome
    found = outcome.value
    assert (found["fstype"], found["source"]) == ("tmpfs", "named")
    assert set(found["options"].split(",")) == {"rw", "nosuid", "nodev", "noexec"}
    assert {"size=64k", "mode=1751"} <= set(found["super"].split(","))


def test_read_only_filesystem_and_superblock_flags(rootfs: Path) -> None:
    outcome = mounted(rootfs, tmpfs("sync", "dirsync", "lazytime", "silent", attr_set=RDONLY))
    assert outcome.result == 0, outcome
    assert "ro" in outcome.value["options"].split(",")
    assert {"rw", "sync", "dirsync", "lazytime"} <= set(outcome.value["super"].split(","))


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("nonsense", "tmpfs: Unknown parameter 'nonsense'"),
        ("nonsense=1", "tmpfs: Unknown parameter 'nonsense'"),
        ("size=much", "tmpfs: Bad value for 'size'"),
    ],
)
def test_refused_option_in_the_kernels_words(rootfs: Path, option: str, text: str) -> None:
    outcome = mounted(rootfs, tmpfs("size=1m", option))
    assert outcome.errno == errno.EINVAL
    assert (outcome.what, outcome.path, outcome.text) == ("fsconfig", "/data", text)
    assert outcome.value is None


def test_refused_at_creation(rootfs: Path) -> None:
    outcome = mounted(rootfs, ops.mount_fs("", fstype="overlay", target="/data"))
    assert outcome.errno == errno.EINVAL
    assert outcome.what == "mount"
    assert outcome.value is None


def layers(rootfs: Path, count: int) -> str:
    """An overlay's lowerdir of some hundred bytes; the topmost layer holds `top`."""
    paths = [rootfs.parent / f"layer{number}" for number in range(count)]
    for path in paths:
        path.mkdir()
    (paths[0] / "top").write_text("")
    return "lowerdir=" + ":".join(str(path) for path in paths)


@pytest.mark.parametrize("propagation", [0, MS_SHARED])
def test_option_too_long_for_a_context(rootfs: Path, propagation: int) -> None:
    lower = layers(rootfs, 12)
    assert len(lower) > 300
    step = ops.mount_fs(
        "",
        attr_set=NOSUID | NODEV | RDONLY | NOATIME,
        propagation=propagation,
        fstype="overlay",
        source="named",
        target="/data",
        options=["sync", lower, "index=off"],
    )
    here = os.getcwd()

    def after() -> Any:
        assert os.getcwd() == here
        return os.listdir(rootfs / "data"), mounts()[f"{rootfs}/data"]

    outcome = run([*container(rootfs), step], after)
    assert outcome.result == 0, outcome
    names, found = outcome.value
    assert names == ["top"]
    assert set(found["options"].split(",")) == {"ro", "nosuid", "nodev", "noatime"}
    assert found["source"] == "named"
    assert found["tags"].startswith("shared:") == bool(propagation)


def test_long_option_at_a_link_stays_in_the_rootfs(rootfs: Path, source: Path) -> None:
    (rootfs / "data").symlink_to(source)
    step = ops.mount_fs("", fstype="overlay", target="/data", options=[layers(rootfs, 12)])
    inside = f"{rootfs}{source}"
    outcome = run([*container(rootfs), step], lambda: (inside in mounts(), str(source) in mounts()))
    assert outcome.value == (True, False), outcome


def test_more_options_than_a_page(rootfs: Path) -> None:
    step = ops.mount_fs("", fstype="overlay", target="/data", options=["lowerdir=" + "x" * 5000])
    outcome = mounted(rootfs, step)
    assert outcome.errno == errno.E2BIG
    assert outcome.value is None


def test_unknown_filesystem(rootfs: Path) -> None:
    outcome = mounted(rootfs, ops.mount_fs("", fstype="nofs", target="/data"))
    assert outcome.errno == errno.ENODEV
    assert (outcome.what, outcome.text) == ("fsopen", "unknown filesystem type")


@pytest.mark.parametrize("fstype", ["proc", "sysfs", "mqueue", "devpts", "cgroup2"])
def test_kernel_filesystems(rootfs: Path, fstype: str) -> None:
    options = ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] if fstype == "devpts" else []
    flags = NOSUID | NOEXEC
    step = ops.mount_fs(
        "", attr_set=flags, fstype=fstype, source=fstype, target="/data", options=options
    )
    outcome = mounted(rootfs, step)
    assert outcome.result == 0, outcome
    assert outcome.value["fstype"] == fstype


@pytest.mark.parametrize(
    ("existing", "options", "mode"),
    [
        (0o750, (), 0o750),
        (0o1777, (), 0o1777),
        (0o750, ("mode=1755",), 0o1755),
        (None, (), 0o1777),
    ],
)
def test_tmpfs_keeps_the_mode_of_what_it_covers(
    rootfs: Path, existing: int | None, options: tuple[str, ...], mode: int
) -> None:
    target = rootfs / "data"
    if existing is not None:
        target.mkdir()
        target.chmod(existing)
    step = tmpfs(*options, flags=ops.MOUNT_KEEP_MODE)
    outcome = run([*container(rootfs), step], lambda: stat.S_IMODE(target.stat().st_mode))
    assert outcome.value == mode, outcome


def describe(top: Path) -> list[tuple[str, int, int, int, int, str]]:
    """Name, type and mode, owner, device and contents of everything below."""
    found = []
    for path in [top, *sorted(top.rglob("*"))]:
        st = path.lstat()
        text = os.readlink(path) if path.is_symlink() else ""
        if stat.S_ISREG(st.st_mode):
            text = str(hash(path.read_bytes()))
        name = str(path.relative_to(top))
        found.append((name, st.st_mode, st.st_uid, st.st_gid, st.st_rdev, text))
    return found


def test_copy_up(rootfs: Path) -> None:
    data = rootfs / "data"
    deep = data / "sub" / "deep"
    deep.mkdir(parents=True)
    (deep / "big").write_bytes(os.urandom(100_000))
    (deep / "empty").write_bytes(b"")
    os.chown(deep / "big", 5, 6)
    (deep / "big").chmod(0o4711)
    (data / "link").symlink_to("/etc/passwd")
    os.chown(data / "link", 7, 8, follow_symlinks=False)
    os.mkfifo(data / "fifo", 0o640)
    os.mknod(data / "node", stat.S_IFCHR | 0o604, os.makedev(1, 7))
    for number in range(100):
        (data / f"many-{number}-{'n' * 60}").write_text(str(number))
    (data / "sub").chmod(0o2770)
    data.chmod(0o1711)
    os.chown(data, 9, 10)
    before = describe(data)

    def after() -> Any:
        return describe(data), mounts()[str(data)]["options"].split(",")[0]

    step = tmpfs(attr_set=RDONLY, flags=ops.MOUNT_COPY_UP)
    outcome = run([*container(rootfs), step], after, before=lambda: os.umask(0o77))
    assert outcome.result == 0, outcome
    copied, access = outcome.value
    assert copied == before
    assert access == "ro"
    assert describe(data) == before


def test_copy_up_leaves_out_what_is_mounted_below(rootfs: Path) -> None:
    data = rootfs / "data"
    (data / "mounted").mkdir(parents=True)
    (data / "mounted" / "under").write_text("")

    def before() -> None:
        mount("x", f"{data}/mounted", "tmpfs")
        (data / "mounted" / "over").write_text("")

    step = tmpfs(flags=ops.MOUNT_COPY_UP)
    outcome = run([*container(rootfs), step], lambda: os.listdir(data / "mounted"), before=before)
    assert outcome.value == [], outcome


def test_copy_up_gives_up_on_a_bottomless_tree(rootfs: Path) -> None:
    (rootfs / "data" / ("d/" * 70)).mkdir(parents=True)
    outcome = mounted(rootfs, tmpfs(flags=ops.MOUNT_COPY_UP))
    assert outcome.errno == errno.ELOOP
    assert outcome.what == "copy what the target holds"


def test_bind_of_a_directory(rootfs: Path, source: Path) -> None:
    outcome = run([*container(rootfs), bind(source)], lambda: os.listdir(rootfs / "data"))
    assert outcome.value == ["file"], outcome


@pytest.mark.parametrize("kind", ["file", "fifo", "socket", "device"])
def test_bind_of_what_is_no_directory(rootfs: Path, source: Path, kind: str) -> None:
    path = source / kind
    if kind == "fifo":
        os.mkfifo(path)
    if kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    if kind == "device":
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    step = bind(path, rec_set=RDONLY, attr_set=NOSUID)
    target = rootfs / "data"
    outcome = run(
        [*container(rootfs), step],
        lambda: (target.lstat().st_ino, mounts()[str(target)]["options"]),
    )
    assert outcome.value == (path.lstat().st_ino, "ro,nosuid,relatime"), outcome
    assert stat.S_ISREG(target.lstat().st_mode), "the mount point is an empty file"


def test_bind_source_missing(rootfs: Path, source: Path) -> None:
    outcome = mounted(rootfs, bind(source / "missing"))
    assert outcome.errno == errno.ENOENT
    assert (outcome.what, outcome.path) == ("open bind source", str(source / "missing"))
    assert os.listdir(rootfs) == []


def test_bind_clears_flags(rootfs: Path, source: Path) -> None:
    """Options that only take flags away are options, too."""

    def before() -> None:
        mount("x", str(source), "tmpfs", 1 | 2 | 4 | 8 | 1024)

    plain = mounted(rootfs, bind(source), before=before)
    assert plain.value["options"] == "ro,nosuid,nodev,noexec,noatime"
    cleared = mounted(rootfs, bind(source, attr_clr=RDONLY | NOEXEC | ATIME), before=before)
    assert cleared.value["options"] == "rw,nosuid,nodev,relatime"


def test_bind_sets_an_atime_mode(rootfs: Path, source: Path) -> None:
    outcome = mounted(rootfs, bind(source, attr_set=NOATIME))
    assert "noatime" in outcome.value["options"], outcome


@pytest.mark.parametrize("recursive", [True, False])
def test_bind_recursive_flags(rootfs: Path, source: Path, recursive: bool) -> None:
    (source / "sub").mkdir()

    def before() -> None:
        mount("x", f"{source}/sub", "tmpfs")

    where = {"rec_set" if recursive else "attr_set": RDONLY}
    step = bind(source, flags=ops.MOUNT_RECURSIVE, **where)
    top = mounted(rootfs, step, before=before)
    below = mounted(rootfs, step, before=before, at="data/sub")
    assert top.value["options"].startswith("ro")
    assert below.value["options"].startswith("ro" if recursive else "rw")


def test_bind_not_recursive(rootfs: Path, source: Path) -> None:
    (source / "sub").mkdir()
    outcome = mounted(
        rootfs, bind(source), before=lambda: mount("x", f"{source}/sub", "tmpfs"), at="data/sub"
    )
    assert outcome.result == 0
    assert outcome.value is None


def test_bind_never_writable_on_the_way(rootfs: Path, source: Path) -> None:
    """A refused attribute fails before the mount is anywhere."""
    outcome = mounted(rootfs, bind(source, attr_set=1 << 40))
    assert outcome.errno == errno.EINVAL
    assert outcome.what == "mount_setattr"
    assert outcome.value is None


@pytest.mark.parametrize("detached", [True, False])
def test_bind_from_a_slot(rootfs: Path, source: Path, detached: bool) -> None:
    def before() -> None:
        fd = open_tree(source) if detached else os.open(source, os.O_PATH)
        os.dup2(fd, BASE + 3)

    step = bind(Path("/nowhere"), flags=ops.MOUNT_FROM_SLOT, slot=3, attr_set=RDONLY)
    outcome = mounted(rootfs, step, before=before)
    assert outcome.result == 0, outcome
    assert outcome.value["options"].startswith("ro")


@pytest.mark.parametrize(
    ("propagation", "tags"),
    [(MS_SHARED, "shared:"), (MS_UNBINDABLE, "unbindable"), (MS_PRIVATE, ""), (0, "")],
)
def test_propagation(rootfs: Path, source: Path, propagation: int, tags: str) -> None:
    for step in (tmpfs(propagation=propagation), bind(source, propagation=propagation | MS_REC)):
        outcome = mounted(rootfs, step)
        assert outcome.result == 0, outcome
        assert outcome.value["tags"].startswith(tags) and bool(outcome.value["tags"]) == bool(tags)


def test_bind_as_a_slave_hears_of_the_host(rootfs: Path, source: Path) -> None:
    (source / "new").mkdir()

    def before() -> None:
        mount("x", str(source), "tmpfs")
        mount("", str(source), flags=MS_SHARED)
        (source / "new").mkdir()

    def after() -> bool:
        mount("late", f"{source}/new", "tmpfs")
        return f"{rootfs}/data/new" in mounts()

    # Not the usual recursive slave: it would take the source out of its group.
    steps = [*container(rootfs, propagation=MS_PRIVATE), bind(source, propagation=MS_SLAVE)]
    outcome = run(steps, after, before=before)
    assert outcome.value is True, outcome


def test_remount_of_flags(rootfs: Path) -> None:
    steps = (
        tmpfs(attr_set=NOSUID | NODEV),
        ops.mount_remount("", attr_set=RDONLY, attr_clr=NODEV, target="/data"),
    )
    outcome = mounted(rootfs, *steps)
    assert outcome.value["options"] == "ro,nosuid,relatime", outcome
    assert outcome.value["super"].startswith("rw")


def test_remount_of_the_superblock(rootfs: Path) -> None:
    steps = (
        tmpfs("size=1m"),
        ops.mount_remount("", flags=ops.MOUNT_SB_RDONLY, target="/data", options=["size=2m"]),
    )
    outcome = mounted(rootfs, *steps)
    assert outcome.value["super"].startswith("ro,size=2048k"), outcome


def test_remount_refused(rootfs: Path) -> None:
    outcome = mounted(rootfs, tmpfs(), ops.mount_remount("", target="/data", options=["what"]))
    assert (outcome.step, outcome.text) == (4, "tmpfs: Unknown parameter 'what'")


def test_remount_of_what_is_no_mount(rootfs: Path) -> None:
    (rootfs / "data").mkdir()
    outcome = mounted(rootfs, ops.mount_remount("", attr_set=RDONLY, target="/data"))
    assert outcome.errno == errno.EINVAL


@pytest.mark.parametrize("recursive", [True, False])
def test_late_attributes(rootfs: Path, recursive: bool) -> None:
    below = ops.mount_fs("", fstype="tmpfs", target="/data/below")
    flags = ops.MOUNT_RECURSIVE if recursive else 0
    late = ops.mount_attr("", flags=flags, attr_set=RDONLY, target="/data")
    outcome = run(
        [*container(rootfs), tmpfs(), below, late],
        lambda: [mounts()[f"{rootfs}/{at}"]["options"][:2] for at in ("data", "data/below")],
    )
    assert outcome.value == ["ro", "ro" if recursive else "rw"], outcome
