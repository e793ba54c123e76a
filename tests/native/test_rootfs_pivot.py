# SPDX-License-Identifier: Apache-2.0
"""The change of root and what follows it: nothing of the host left, paths protected."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.sandbox import (
    CLONE_NEWNS,
    CLONE_NEWUSER,
    MS_BIND,
    MS_PRIVATE,
    MS_REC,
    MS_SHARED,
    MS_SLAVE,
    NOSUID,
    Outcome,
    container,
    mount,
    mounts,
    run,
    unshare,
)

from pyruntime.plan import ops
from pyruntime.plan.step import Step

pytestmark = pytest.mark.usefixtures("root_user")

PROC = ops.mount_fs(
    "", attr_set=NOSUID, flags=ops.MOUNT_NO_SYMLINKS, fstype="proc", source="proc", target="/proc"
)
NULL = ops.device("", mode=stat.S_IFCHR | 0o666, major=1, minor=3, path="/dev/null")
PIVOT = ops.pivot_root("")


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    made = tmp_path / "rootfs"
    for name in ("proc", "dev", "secret/sub", "other"):
        (made / name).mkdir(parents=True)
    (made / "marker").write_text("the container")
    (made / "secret/file").write_text("secret")
    return made


def inside(
    rootfs: Path, *steps: Step, after: Callable[[], object] | None = None, **keywords: Any
) -> Outcome:
    """Runs the steps after the change of root; /proc and /dev/null are there."""
    return run([*container(rootfs), PROC, NULL, PIVOT, *steps], after, **keywords)


def refusal(action: Callable[[], object]) -> int:
    """The errno that action fails with, 0 when it does not."""
    try:
        action()
    except OSError as error:
        return error.errno or -1
    return 0


def test_pivot_leaves_only_the_rootfs(rootfs: Path) -> None:
    def after() -> tuple[list[str], str, str, int]:
        return sorted(mounts()), Path("/marker").read_text(), os.getcwd(), os.stat("/..").st_ino

    outcome = inside(rootfs, after=after)
    assert outcome.result == 0, outcome
    assert outcome.value[:3] == (["/", "/proc"], "the container", "/")
    assert outcome.value[3] == rootfs.stat().st_ino


def test_no_descriptor_of_the_old_root_stays(rootfs: Path) -> None:
    def held() -> int:
        return len(os.listdir("/proc/self/fd"))

    few = run(container(rootfs), held)
    outcome = inside(rootfs, ops.masked_path("", path="/missing"), after=held)
    assert outcome.value == few.value, "the rootfs's own descriptor and no more"


@pytest.mark.parametrize("propagation", [MS_SHARED, MS_SLAVE, MS_PRIVATE])
@pytest.mark.parametrize("own_mount", [True, False])
def test_pivot_with_a_shared_parent(rootfs: Path, propagation: int, own_mount: bool) -> None:
    """The rootfs's mount is shared, whether it is a mount point or a directory in it."""
    peer = rootfs.parent / "peer"
    peer.mkdir()
    place = rootfs.parent if not own_mount else rootfs

    def before() -> None:
        mount(str(place), str(place), flags=MS_BIND)
        mount("", str(place), flags=MS_SHARED)
        mount("x", str(peer), "tmpfs")
        mount(str(place), str(peer), flags=MS_BIND)

    steps = container(rootfs, propagation=propagation | MS_REC)
    outcome = run([*steps, PROC, PIVOT], lambda: sorted(mounts()), before=before)
    assert outcome.result == 0, outcome
    assert outcome.value == ["/", "/proc"]


def host_mounts_late(rootfs: Path, root: int, after_pivot: int) -> bool:
    """Whether something that the host mounts in the rootfs's directory later is seen."""
    ready_read, ready_write = os.pipe()
    done_read, done_write = os.pipe()

    def before() -> None:
        mount(str(rootfs), str(rootfs), flags=MS_BIND)
        mount("", str(rootfs), flags=MS_SHARED)
        if os.fork() == 0:
            os.read(ready_read, 1)
            mount("late", f"{rootfs}/other", "tmpfs")
            os.write(done_write, b"x")
            os._exit(0)
        # The host is the child; this process goes on in a namespace of its own.
        unshare(CLONE_NEWNS)

    def after() -> bool:
        os.write(ready_write, b"x")
        os.read(done_read, 1)
        os.wait()
        return "/other" in mounts()

    steps = [
        ops.procfs_open(""),
        ops.propagation("", flags=root | MS_REC),
        ops.rootfs_open("", propagation=root, path=str(rootfs)),
        PROC,
        PIVOT,
        ops.root_propagation("", flags=after_pivot),
    ]
    outcome = run(steps, after, before=before)
    assert outcome.result == 0, outcome
    return bool(outcome.value)


def test_slave_root_hears_of_the_host(rootfs: Path) -> None:
    assert host_mounts_late(rootfs, MS_SLAVE, MS_SLAVE)


def test_private_root_does_not(rootfs: Path) -> None:
    assert not host_mounts_late(rootfs, MS_PRIVATE, MS_PRIVATE)


def test_shared_root_is_a_group_of_its_own(rootfs: Path) -> None:
    assert not host_mounts_late(rootfs, MS_SHARED, MS_SHARED)
    outcome = inside(
        rootfs,
        ops.root_propagation("", flags=MS_SHARED | MS_REC),
        after=lambda: [found["tags"].split(":")[0] for found in mounts().values()],
    )
    assert outcome.value == ["shared", "shared"]


def test_root_read_only(rootfs: Path) -> None:
    def after() -> tuple[int, str]:
        return refusal(lambda: Path("/new").write_text("")), mounts()["/"]["options"]

    # A procfs of the image's own must not matter: nothing is looked up by name any more.
    (rootfs / "proc/self/fd").mkdir(parents=True)

    def before() -> None:
        mount(str(rootfs), str(rootfs), flags=MS_BIND)
        mount("", str(rootfs), flags=MS_BIND | 32 | 2 | 4)

    outcome = inside(rootfs, ops.root_readonly(""), after=after, before=before)
    assert outcome.value == (errno.EROFS, "ro,nosuid,nodev,relatime"), outcome


def test_readonly_path(rootfs: Path) -> None:
    def after() -> list[int]:
        return [
            refusal(lambda: Path("/secret/new").write_text("")),
            refusal(lambda: Path("/secret/sub/new").write_text("")),
            refusal(lambda: Path("/other/new").write_text("")),
            refusal(lambda: Path("/marker").write_text("")),
        ]

    below = ops.mount_fs("", fstype="tmpfs", target="/secret/sub")
    steps = [ops.readonly_path("", path=path) for path in ("/secret", "/marker", "/missing/x")]
    outcome = run([*container(rootfs), PROC, below, PIVOT, *steps], after)
    assert outcome.value == [errno.EROFS, errno.EROFS, 0, errno.EROFS], outcome


def test_readonly_path_keeps_flags(rootfs: Path) -> None:
    outcome = inside(
        rootfs,
        ops.readonly_path("", path="/proc"),
        after=lambda: mounts()["/proc"]["options"],
    )
    assert outcome.value == "ro,nosuid,relatime", outcome


def test_readonly_root_path(rootfs: Path) -> None:
    outcome = inside(
        rootfs,
        ops.readonly_path("", path="/"),
        after=lambda: refusal(lambda: Path("/new").write_text("")),
    )
    assert outcome.value == errno.EROFS, outcome


def test_masked_directory(rootfs: Path) -> None:
    def after() -> tuple[list[str], int, str, bool]:
        found = mounts()
        return (
            os.listdir("/secret"),
            refusal(lambda: Path("/secret/new").write_text("")),
            found["/secret"]["options"],
            os.stat("/secret").st_dev == os.stat("/other").st_dev,
        )

    steps = [ops.masked_path("", path=path) for path in ("/secret", "/other", "/secret")]
    outcome = inside(rootfs, *steps, after=after)
    empty, refused, options, shared = outcome.value
    assert empty == []
    assert refused == errno.EROFS
    assert options.startswith("ro,nosuid,nodev,noexec")
    assert shared, "one tmpfs serves all"
    outcome = inside(rootfs, *steps, after=lambda: count("/secret"))
    assert outcome.value == 1, "a path that is masked is not masked again"


def count(path: str) -> int:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return sum(line.split(" ")[4] == path for line in lines)


def test_masked_file(rootfs: Path) -> None:
    def after() -> tuple[str, int, int, int]:
        file = Path("/secret/file")
        return (
            file.read_text(),
            refusal(lambda: file.write_text("lost")),
            refusal(lambda: file.chmod(0o600)),
            count("/secret/file"),
        )

    steps = [ops.masked_path("", path=path) for path in ("/secret/file", "/marker", "/secret/file")]
    outcome = inside(rootfs, *steps, after=after)
    assert outcome.value == ("", 0, errno.EROFS, 1), outcome
    assert (rootfs / "secret/file").read_text() == "secret"


def test_masked_paths_that_are_not_there(rootfs: Path) -> None:
    steps = [ops.masked_path("", path=path) for path in ("/missing/x", "/marker/x", "/nothing")]
    outcome = inside(rootfs, *steps, after=lambda: sorted(mounts()))
    assert outcome.value == ["/", "/proc"], outcome


def test_mask_on_a_read_only_root(rootfs: Path) -> None:
    steps = [ops.root_readonly(""), ops.masked_path("", path="/secret/file")]
    outcome = inside(rootfs, *steps, after=lambda: Path("/secret/file").read_text())
    assert outcome.value == "", outcome


def test_mask_of_the_root_is_refused(rootfs: Path) -> None:
    assert inside(rootfs, ops.masked_path("", path="/")).errno == errno.EINVAL


def test_mask_follows_links_inside(rootfs: Path, tmp_path: Path) -> None:
    host = tmp_path / "host-file"
    host.write_text("host")
    (rootfs / "link").symlink_to(host)
    inside_copy = rootfs / str(host).lstrip("/")
    inside_copy.parent.mkdir(parents=True)
    inside_copy.write_text("in the container")
    outcome = inside(rootfs, ops.masked_path("", path="/link"), after=Path("/link").read_text)
    assert outcome.value == "", outcome


@pytest.mark.parametrize("kind", ["link", "link to null", "file", "other"])
def test_null_device_that_is_none(rootfs: Path, kind: str) -> None:
    """A mask made of a replaced /dev/null would lay the attacker's file over the path."""
    node = rootfs / "dev/null"
    if kind == "link":
        node.symlink_to("/proc/sys/kernel/core_pattern")
    elif kind == "link to null":
        os.mknod(rootfs / "other/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        node.symlink_to("/other/null")
    elif kind == "file":
        node.write_text("bait")
    else:
        os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    steps = [*container(rootfs), PROC, PIVOT, ops.masked_path("", path="/secret/file")]
    outcome = run(steps, lambda: Path("/secret/file").read_text())
    assert outcome.result < 0
    assert outcome.path == "/dev/null"
    assert outcome.value == "secret", "nothing was laid over it"


def test_no_pivot(rootfs: Path) -> None:
    """No full procfs or sysfs of the host stays behind the root that was moved over it."""
    told: dict[str, int] = {}

    def before() -> None:
        mount("again", "/proc", "proc")
        told["old"] = os.open("/", os.O_PATH)

    def behind(name: str) -> list[str]:
        return os.listdir(os.open(name, os.O_RDONLY, dir_fd=told["old"]))

    def after() -> tuple[str, str, list[str], list[str], list[str]]:
        marker = Path("/marker").read_text()
        return marker, os.getcwd(), behind("proc"), behind("sys"), sorted(mounts())

    steps = [*container(rootfs), PROC, NULL, ops.move_root("")]
    outcome = run(steps, after, before=before)
    assert outcome.result == 0, outcome
    assert outcome.value == ("the container", "/", [], [], ["/", "/proc"])


def test_no_pivot_covers_what_cannot_be_unmounted(rootfs: Path) -> None:
    """In a user namespace the host's mounts are locked."""
    told: dict[str, int] = {}

    def behind() -> list[str]:
        return os.listdir(os.open("proc", os.O_RDONLY, dir_fd=told["old"]))

    def before() -> None:
        told["old"] = os.open("/", os.O_PATH)

    # No procfs in the container: that takes a PID namespace of its own.
    steps = [*container(rootfs), ops.move_root("")]
    outcome = run(steps, behind, before=before, namespaces=CLONE_NEWUSER)
    assert outcome.result == 0, outcome
    assert outcome.value == []


def test_no_mount_namespace(rootfs: Path) -> None:
    """Only the root directory changes: no mount is made and no propagation is touched."""

    def before() -> None:
        mount("", "/", flags=MS_SHARED)
        told["before"] = state()
        told["root"] = os.open("/", os.O_PATH)

    def state() -> list[tuple[str, str]]:
        return sorted((path, found["tags"]) for path, found in mounts().items())

    told: dict[str, Any] = {}

    def after() -> tuple[str, bool]:
        marker = Path("/marker").read_text()
        os.fchdir(told["root"])
        os.chroot(".")
        return marker, state() == told["before"]

    steps = [
        ops.rootfs_open("", flags=ops.ROOTFS_IN_PLACE, path=str(rootfs)),
        ops.chroot(""),
    ]
    outcome = run(steps, after, before=before)
    assert outcome.value == ("the container", True), outcome


def test_trusted_procfs_outlives_the_pivot(rootfs: Path) -> None:
    """Steps after the pivot change modes through it, whatever the container has at /proc."""
    late = ops.device("", mode=stat.S_IFCHR | 0o4666, major=1, minor=3, uid=1, path="/other/n")
    steps = [*container(rootfs), PIVOT, late]
    outcome = run(steps, lambda: stat.S_IMODE(os.stat("/other/n").st_mode))
    assert outcome.value == 0o4666, outcome


def test_in_a_user_namespace(rootfs: Path) -> None:
    """Without rights over the PID namespace the present procfs serves."""
    step = ops.mount_fs("", fstype="tmpfs", target="/other")
    outcome = run(
        [*container(rootfs), step],
        lambda: mounts()[f"{rootfs}/other"]["fstype"],
        namespaces=CLONE_NEWUSER,
    )
    assert outcome.value == "tmpfs", outcome
