# SPDX-License-Identifier: Apache-2.0
"""The steps that lead into user and time namespaces."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import sandbox
from support.initproc import Init, lib, output, program

from pyruntime.host import idmap
from pyruntime.plan import ops
from pyruntime.plan.plan import IdMaps
from pyruntime.plan.step import Step

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")

ALL = ((0, 100000, 65536),)
MAPS = IdMaps(ALL, ALL, "")


def map_self() -> None:
    """As an ordinary user does it, in the namespace."""
    for name, text in (("setgroups", "deny"), ("gid_map", "0 0 1"), ("uid_map", "0 0 1")):
        Path(f"/proc/self/{name}").write_text(text)


def into_userns() -> list[Step]:
    return [
        ops.procfs_open(""),
        ops.ns_unshare("", flags=lib.CLONE_NEWUSER),
        ops.sync("", phase=ops.PHASE_USERNS),
        ops.ns_root(""),
    ]


def talk(init: Init, pids: list[int] | None = None) -> None:
    """Write the mappings, take over the fork, until the program ends well."""
    while message := init.receive():
        if message.kind == ops.MSG_SYNC:
            idmap.write_maps(init.pid, MAPS)
            init.go()
        else:
            assert (message.kind, message.data) == (ops.MSG_FD, b"init"), message.detail
            os.waitpid(init.pid, 0)
            os.close(init.pidfd)
            [init.pidfd] = message.fds
            info = Path(f"/proc/self/fdinfo/{init.pidfd}").read_text()
            init.pid = int(info.partition("Pid:")[2].split()[0])
            if pids is not None:
                pids.append(init.pid)
    assert init.wait() == 0


def said(
    steps: Sequence[Step], path: Path, pids: list[int] | None = None, slots: Sequence[int] = ()
) -> list[str]:
    """What the plan's program writes to `path`, its standard output."""
    saved = os.dup(1)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    os.dup2(fd, 1)
    try:
        init = Init(steps, slots=slots)
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(fd)
    with init:
        talk(init, pids)
    return path.read_text().splitlines()


def test_root_of_a_new_user_namespace(tmp_path: Path) -> None:
    show = program("/bin/sh", "-c", "id -u; id -g; id -G; cat /proc/self/uid_map")
    lines = said([*into_userns(), *show], tmp_path / "out")
    assert lines[:3] == ["0", "0", "0"]
    assert lines[3].split() == ["0", "100000", "65536"]


def test_no_root_is_mapped() -> None:
    with Init(into_userns()) as init:
        assert (message := init.receive()) and message.phase == ops.PHASE_USERNS
        few = ((5, 100005, 1),)
        idmap.write_maps(init.pid, IdMaps(few, few, ""))
        init.go()
        message = init.receive()
        assert message and (message.err, message.detail[0]) == (errno.EINVAL, "setresgid")


def test_dumpable_only_while_it_waits() -> None:
    """The owner of its files tells: the host's root unless it is dumpable."""
    steps = [*into_userns(), ops.sync("", phase=ops.PHASE_READY)]
    with Init(steps) as init:
        owner = lambda: os.stat(f"/proc/{init.pid}/environ").st_uid  # noqa: E731
        assert init.receive()
        idmap.write_maps(init.pid, MAPS)
        init.go()
        assert init.receive()
        assert owner() == 0, "100000 if it were dumpable"


def test_a_fork_into_a_pid_namespace(tmp_path: Path) -> None:
    steps = [
        ops.ns_unshare("", flags=lib.CLONE_NEWPID),
        ops.fork(""),
        ops.setsid(""),
        *program("/bin/sh", "-c", "echo $$; exec cut -d' ' -f6 /proc/self/stat"),
    ]
    pids: list[int] = []
    lines = said(steps, tmp_path / "out", pids)
    assert lines[0] == "1"
    [pid] = pids
    assert lines[1] == str(pid), "the leader of a session, in the numbers of the host's procfs"


def test_a_fork_into_a_pid_namespace_that_is_there(tmp_path: Path) -> None:
    with Init([ops.sync("", phase=ops.PHASE_READY)], flags=lib.CLONE_NEWPID) as first:
        assert first.receive() is not None
        pidns = os.open(f"/proc/{first.pid}/ns/pid", os.O_RDONLY)
        try:
            steps = [
                ops.ns_join("", slot=3, nstype=lib.CLONE_NEWPID),
                ops.fork(""),
                *program("/bin/sh", "-c", "echo $$"),
            ]
            assert said(steps, tmp_path / "out", [], slots=[pidns]) == ["2"]
        finally:
            os.close(pidns)


def test_the_fork_ends_when_nobody_answers() -> None:
    steps = [
        ops.ns_unshare("", flags=lib.CLONE_NEWPID),
        ops.fork(""),
        ops.sync("", phase=ops.PHASE_CGROUP),
    ]
    with Init(steps) as init:
        message = init.receive()
        assert message and message.data == b"init"
        os.waitpid(init.pid, 0)
        os.close(init.pidfd)
        [init.pidfd] = message.fds
        info = Path(f"/proc/self/fdinfo/{init.pidfd}").read_text()
        init.pid = int(info.partition("Pid:")[2].split()[0])
        assert init.receive()
        init.sync.close()
        assert init.wait() != 0


def test_clocks_of_a_time_namespace(tmp_path: Path) -> None:
    steps = [
        ops.procfs_open(""),
        ops.ns_unshare("", flags=lib.CLONE_NEWTIME),
        ops.time_offset("", clock=1, secs=-3),
        ops.time_offset("", clock=7, secs=86400, nanosecs=7),
        ops.fork(""),
        *program("/bin/cat", "/proc/self/timens_offsets", "/proc/uptime"),
    ]
    monotonic, boottime, uptime = said(steps, tmp_path / "out")
    assert monotonic.split() == ["monotonic", "-3", "0"]
    assert boottime.split() == ["boottime", "86400", "7"]
    assert float(uptime.split()[0]) > 86400


def test_a_clock_before_the_epoch() -> None:
    steps = [
        ops.procfs_open(""),
        ops.ns_unshare("", flags=lib.CLONE_NEWTIME),
        ops.time_offset("", clock=7, secs=-(1 << 40)),
    ]
    found = sandbox.run(steps)
    assert (found.step, found.errno, found.what) == (2, errno.ERANGE, "write")


def joins(flags: int, before: Sequence[Step] = ()) -> list[Step]:
    return [*before, ops.ns_join("", slot=3, nstype=lib.CLONE_NEWUTS, flags=flags)]


def test_what_can_not_be_joined_yet_is_left_for_later(tmp_path: Path) -> None:
    """An ordinary user has no right to join, until he is root of a user namespace."""
    become = ops.user("", uid=4321, gid=4321)
    with open("/proc/self/ns/uts") as uts:
        steps = [*joins(ops.NS_TRY, [become]), *program("/bin/true")]
        assert output(steps, slots=[uts.fileno()]) == ""
        with Init(joins(0, [become]), slots=[uts.fileno()]) as init:
            message = init.receive()
            assert message and (message.err, message.detail[0]) == (errno.EPERM, "setns")
        with Init(joins(ops.NS_REST, joins(ops.NS_TRY, [become])), slots=[uts.fileno()]) as init:
            message = init.receive()
            assert message and (message.step, message.err) == (2, errno.EPERM)
        steps = [*joins(ops.NS_REST, joins(ops.NS_TRY)), *program("/bin/true")]
        assert output(steps, slots=[uts.fileno()]) == ""


def test_joining_ones_own_user_namespace_is_nothing() -> None:
    with open("/proc/self/ns/user") as user:
        steps = [
            ops.ns_join("", slot=3, nstype=lib.CLONE_NEWUSER),
            *program("/bin/readlink", "/proc/self/ns/user"),
        ]
        own = os.readlink("/proc/self/ns/user")
        assert output(steps, slots=[user.fileno()]).strip() == own


def test_groups_where_setgroups_is_denied() -> None:
    def deny() -> None:
        sandbox.unshare(sandbox.CLONE_NEWUSER)
        map_self()

    steps = [ops.procfs_open(""), ops.groups("", gids=[])]
    assert sandbox.run(steps, before=deny).result == 0
    found = sandbox.run([ops.procfs_open(""), ops.groups("", gids=[0])], before=deny)
    assert (found.errno, found.what) == (
        errno.EPERM,
        "setgroups is denied in this user namespace",
    )


def test_a_limit_is_raised_and_never_lowered() -> None:
    kind = resource.RLIMIT_CORE

    def before() -> None:
        resource.setrlimit(kind, (1000, 2000))

    def limits(hard: int, uid: int = 0) -> object:
        steps = [ops.user("", uid=uid, gid=uid)] if uid else []
        steps.append(ops.rlimit_raise("", resource=kind, hard=hard))
        return sandbox.run(steps, lambda: list(resource.getrlimit(kind)), before=before).value

    assert limits(1500) == [1000, 2000]
    assert limits(3000, uid=4321) == [1000, 2000], "the rlimit step will say so"
    assert limits(3000) in ([1000, 3000], [1000, 2000]), "CAP_SYS_RESOURCE decides"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    (made / "file").write_text("text")
    os.chown(made / "file", 1000, 1000)
    return made


def bound(source: Path, rootfs: Path, flags: int = 0) -> list[Step]:
    """The steps of a bind from slot 4; ids are mapped by the user namespace in slot 3."""
    return [
        ops.source_open("", slot=4, flags=flags, idmap_slot=3, source=str(source)),
        *sandbox.container(rootfs),
        ops.mount_bind("", flags=ops.MOUNT_FROM_SLOT, slot=4, source=str(source), target="/t"),
    ]


def test_a_source_that_was_opened_before(source: Path, tmp_path: Path) -> None:
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    fd = sandbox.BASE + 4

    def after() -> list[str]:
        return [(rootfs / "t/file").read_text(), str(os.path.exists(f"/proc/self/fd/{fd}"))]

    found = sandbox.run(bound(source, rootfs), after)
    assert found.value == ["text", "False"], found


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "as it was"])
def test_a_source_that_is_shared(cut: bool, source: Path, tmp_path: Path) -> None:
    """Copied from the mount namespace of the original, it is its peer until it is told."""
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    (source / "below").mkdir()
    steps = bound(source, rootfs)
    if cut:
        steps[0] = ops.source_open(
            "",
            slot=4,
            flags=ops.SOURCE_RECURSIVE,
            propagation=sandbox.MS_SLAVE | sandbox.MS_REC,
            source=str(source),
        )
    # The namespace whose mounts are told to be slaves is not the source's here.
    steps.append(ops.mount_fs("", fstype="tmpfs", source="tmpfs", target="/t/below"))

    def before() -> None:
        sandbox.mount("none", str(source), "tmpfs")
        (source / "below").mkdir()
        sandbox.mount("", str(source), flags=sandbox.MS_SHARED)

    def after() -> bool:
        return str(source / "below") in sandbox.mounts()

    found = sandbox.run(steps, after, before=before)
    assert (found.result, found.value) == (0, not cut), found


def test_a_descriptor_of_another_is_not_overwritten(source: Path) -> None:
    step = ops.source_open("", slot=4, source=str(source))
    found = sandbox.run([step], before=lambda: os.dup2(0, sandbox.BASE + 4))
    assert (found.errno, found.what) == (errno.EBUSY, "place the source's descriptor")
    missing = ops.source_open("", slot=4, source=f"{source}/none")
    found = sandbox.run([missing])
    assert (found.errno, found.what, found.path) == (
        errno.ENOENT,
        "open bind source",
        f"{source}/none",
    )


def test_ids_of_a_mount(source: Path, tmp_path: Path) -> None:
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    maps = ((1000, 77, 1),)

    def before() -> None:
        os.dup2(idmap.namespace_of(IdMaps(maps, maps, "")), sandbox.BASE + 3)

    def after() -> list[int]:
        seen = os.stat(rootfs / "t/file")
        return [seen.st_uid, seen.st_gid]

    found = sandbox.run(bound(source, rootfs, ops.SOURCE_IDMAP), after, before=before)
    if found.errno == errno.EINVAL:
        pytest.skip("kernel: the file system of the temporary files can't be id-mapped")
    assert found.value == [77, 77], found
    assert os.stat(source / "file").st_uid == 1000


def test_a_filesystem_that_can_not_be_mapped() -> None:
    def before() -> None:
        os.dup2(idmap.namespace_of(MAPS), sandbox.BASE + 3)

    step = ops.source_open("", slot=4, flags=ops.SOURCE_IDMAP, idmap_slot=3, source="/proc/sys")
    found = sandbox.run([step], before=before)
    assert (found.errno, found.what) == (errno.EINVAL, "map the ids of the mount")


def test_the_rootfs_by_its_working_directory(tmp_path: Path) -> None:
    rootfs = tmp_path / "closed/rootfs"
    rootfs.mkdir(parents=True)
    steps = [
        ops.procfs_open(""),
        ops.rootfs_enter("", path=str(rootfs)),
        ops.propagation("", flags=sandbox.MS_REC | sandbox.MS_SLAVE),
        ops.rootfs_open("", flags=ops.ROOTFS_ENTERED, path="/does/not/matter"),
    ]
    found = sandbox.run(steps, lambda: str(rootfs) in sandbox.mounts())
    assert found.value is True, found
    missing = ops.rootfs_enter("", path=f"{rootfs}/none")
    found = sandbox.run([missing])
    assert (found.errno, found.what, found.path) == (errno.ENOENT, "open rootfs", f"{rootfs}/none")


def test_locked_attributes_stay(tmp_path: Path) -> None:
    """In a mount namespace of less rights what the host forbade can't be allowed again."""
    rootfs, source = tmp_path / "rootfs", tmp_path / "source"
    rootfs.mkdir()
    source.mkdir()

    def before() -> None:
        sandbox.mount("tmpfs", str(source), "tmpfs", 2 | 4)  # nosuid, nodev
        sandbox.unshare(sandbox.CLONE_NEWUSER | sandbox.CLONE_NEWNS)
        map_self()

    steps = [
        *sandbox.container(rootfs),
        ops.mount_bind(
            "",
            attr_set=sandbox.RDONLY | sandbox.NOATIME,
            attr_clr=sandbox.NOSUID | sandbox.ATIME,
            source=str(source),
            target="/t",
        ),
    ]
    found = sandbox.run(steps, lambda: sandbox.mounts()[f"{rootfs}/t"]["options"], before=before)
    assert found.result == 0, found
    assert set(found.value.split(",")) >= {"ro", "nosuid", "nodev"}
    assert "noatime" not in found.value


def children() -> str:
    """Of this process: other tests may have left it some, as a subreaper."""
    return Path("/proc/thread-self/children").read_text()


def test_mappings_of_a_namespace_without_a_process() -> None:
    before = children()
    fd = idmap.namespace_of(MAPS)
    try:
        assert lib.pyr_ns_type(fd) == lib.CLONE_NEWUSER
        assert stat.S_ISREG(os.fstat(fd).st_mode)
    finally:
        os.close(fd)
    assert children() == before
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
