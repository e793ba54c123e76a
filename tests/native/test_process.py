# SPDX-License-Identifier: Apache-2.0
"""Steps that set a property of the process, looked at by the process itself."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from pathlib import Path

import pytest
from support import sandbox
from support.sandbox import CLONE_NEWUSER

from pyruntime.plan import ops

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


def status() -> dict[str, str]:
    """/proc/self/status; a process that is not dumpable may still read its own."""
    lines = Path("/proc/thread-self/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_setsid() -> None:
    assert sandbox.run([ops.setsid("")], lambda: os.getsid(0) == os.getpid()).value


def test_umask() -> None:
    assert sandbox.run([ops.umask("", mask=0o027)], lambda: os.umask(0)).value == 0o027


def test_rlimit() -> None:
    steps = [ops.rlimit("", resource=resource.RLIMIT_NOFILE, soft=100, hard=200)]
    found = sandbox.run(steps, lambda: resource.getrlimit(resource.RLIMIT_NOFILE))
    assert found.value == (100, 200)


def test_rlimit_with_soft_above_hard() -> None:
    found = sandbox.run([ops.rlimit("", resource=resource.RLIMIT_NOFILE, soft=200, hard=100)])
    assert (found.errno, found.what) == (errno.EINVAL, "prlimit")


def test_affinity_is_reset() -> None:
    everywhere = os.sched_getaffinity(0)
    found = sandbox.run(
        [ops.affinity_reset("")],
        lambda: sorted(os.sched_getaffinity(0)),
        before=lambda: os.sched_setaffinity(0, {min(everywhere)}),
    )
    assert set(found.value) == everywhere


def test_no_new_privs() -> None:
    found = sandbox.run([ops.no_new_privs("")], lambda: status()["NoNewPrivs"])
    assert found.value == "1"


def test_io_priority(tmp_path: Path) -> None:
    steps = [ops.setsid(""), ops.io_priority("", kind=2, priority=6)]
    found = sandbox.run(steps, lambda: subprocess.check_output(["ionice", "-p", str(os.getpid())]))
    assert found.value == b"best-effort: prio 6\n"


def test_io_priority_out_of_range() -> None:
    found = sandbox.run([ops.io_priority("", kind=7, priority=0)])
    assert (found.errno, found.what) == (errno.EINVAL, "ioprio_set")


@pytest.mark.parametrize("trusted", [True, False])
def test_oom_score_adj(trusted: bool) -> None:
    steps = [ops.procfs_open("")] if trusted else []
    steps.append(ops.oom_score_adj("", value=321))
    found = sandbox.run(steps, lambda: Path("/proc/thread-self/oom_score_adj").read_text())
    assert found.value == "321\n"


def test_oom_score_adj_does_not_trust_a_false_proc(tmp_path: Path) -> None:
    bait = tmp_path / "self"
    bait.mkdir()
    (bait / "oom_score_adj").write_text("")
    found = sandbox.run(
        [ops.oom_score_adj("", value=5)],
        before=lambda: sandbox.mount(str(tmp_path), "/proc", flags=sandbox.MS_BIND),
    )
    assert found.errno == errno.EXDEV
    assert (bait / "oom_score_adj").read_text() == ""


def test_oom_score_adj_out_of_range() -> None:
    found = sandbox.run([ops.oom_score_adj("", value=-1001)])
    assert (found.errno, found.what) == (errno.EINVAL, "write")


def test_keyring_is_new_and_searchable() -> None:
    def keys() -> list[str]:
        return Path("/proc/keys").read_text().splitlines()

    found = sandbox.run([ops.keyring_join("", name="_ses.pyrt-test")], keys)
    if not Path("/proc/keys").exists():
        assert found.result == 0
        return
    (line,) = [line for line in found.value if "_ses.pyrt-test" in line]
    assert int(line.split()[4], 16) & 0x00080000


def test_stdio_owner(tmp_path: Path) -> None:
    ours, null = tmp_path / "out", tmp_path / "null"
    ours.write_text("")

    def before() -> None:
        os.mknod(null, 0o20666, os.makedev(1, 3))
        os.dup2(os.open(null, os.O_RDWR), 0)
        os.dup2(os.open(ours, os.O_RDWR), 1)
        os.close(2)

    found = sandbox.run([ops.stdio_owner("", uid=4321)], before=before)
    assert found.result == 0
    assert (ours.stat().st_uid, ours.stat().st_gid) == (4321, 0)
    assert null.stat().st_uid == 0


def test_stdio_owner_without_the_right_to() -> None:
    def before() -> None:
        os.dup2(os.pipe()[1], 1)
        os.setresuid(65534, 65534, 65534)

    assert sandbox.run([ops.stdio_owner("", uid=4321)], before=before).result == 0


@pytest.mark.parametrize(
    ("line", "uid", "home"),
    [
        ("user:x:1000:1000:A user:/home/user:/bin/sh\n", 1000, "/home/user"),
        ("a:x:1:1::/a:\nb:x:1000:1000::/b:/bin/sh", 1000, "/b"),
        ("a:x:1000:1::/first:\nb:x:1000:1::/second:\n", 1000, "/first"),
        ("1000:x:7:7::/numeric-name:/bin/sh\n", 1000, "/"),
        ("user:x:1000:1000:no-home\n", 1000, "/"),
        ("user:x:1000:1000:::/bin/sh\n", 1000, "/"),
        (f"user:x:1000:1:{'c' * 2020}:/home/{'h' * 100}:\n", 1000, "/"),  # too long a line
        ("user:x:01000x:1::/odd:\n", 1000, "/"),
        ("user:x:18446744073709552616:1::/wrapped:\n", 1000, "/"),
        ("", 1000, "/"),
    ],
)
def test_home(tmp_path: Path, line: str, uid: int, home: str) -> None:
    assert home_of(tmp_path, lambda path: path.write_text(line), uid) == home


def test_home_when_passwd_is_odd(tmp_path: Path) -> None:
    assert home_of(tmp_path, lambda path: path.mkdir(), 0) == "/"
    assert home_of(tmp_path / "fifo", os.mkfifo, 0) == "/"
    assert home_of(tmp_path / "none", lambda path: None, 0) == "/"


def home_of(top: Path, make: object, uid: int) -> str:
    """HOME of a program whose root directory has this /etc/passwd."""
    top.mkdir(exist_ok=True)
    etc, out = top / "etc", top / "out"
    etc.mkdir()
    make(etc / "passwd")  # type: ignore[operator]
    out.mkfifo() if hasattr(out, "mkfifo") else os.mkfifo(out)
    reader = os.open(out, os.O_RDONLY | os.O_NONBLOCK)
    steps = [
        ops.home("", uid=uid),
        ops.exec_lookup("", file="/bin/env"),
        ops.execve("", args=["env"], env=["HOME=", "A=b"]),
    ]

    def before() -> None:
        os.dup2(os.open(out, os.O_WRONLY), 1)
        sandbox.mount(str(etc), "/etc", flags=sandbox.MS_BIND)

    with pytest.raises(AssertionError, match="the child died"):  # it became env
        sandbox.run(steps, before=before)
    with open(reader) as pipe:
        lines = dict(entry.rstrip("\n").split("=", 1) for entry in pipe)
    assert set(lines) == {"A", "HOME"}
    return lines["HOME"]


# ---- credentials ---------------------------------------------------------------------------


def test_user_and_groups() -> None:
    steps = [ops.groups("", gids=[7, 5, 5]), ops.user("", uid=1000, gid=1001)]
    found = sandbox.run(steps, lambda: [*os.getresuid(), *os.getresgid(), *sorted(os.getgroups())])
    assert found.value == [1000] * 3 + [1001] * 3 + [5, 5, 7]


def test_no_groups_at_all() -> None:
    assert sandbox.run([ops.groups("")], os.getgroups).value == []


def test_user_that_has_no_number_here() -> None:
    steps = [ops.user("", uid=4, gid=4)]
    found = sandbox.run(steps, namespaces=CLONE_NEWUSER)
    assert (found.errno, found.what) == (errno.EINVAL, "setresgid")


def caps_after(*steps: ops.Step) -> dict[str, int]:
    found = sandbox.run(list(steps), status)
    assert found.result == 0, found
    return {
        name: int(found.value[f"Cap{name}"], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")
    }


KILL, CHOWN, NET = 1 << 5, 1 << 0, 1 << 10


def test_capabilities_of_an_ordinary_user() -> None:
    sets = caps_after(
        ops.caps_bounding("", mask=KILL | CHOWN),
        ops.caps_keep("", on=1),
        ops.groups(""),
        ops.user("", uid=1000, gid=1000),
        ops.caps_keep("", on=0),
        ops.caps_set("", effective=KILL, permitted=KILL | CHOWN, inheritable=KILL),
        ops.caps_ambient("", mask=KILL),
    )
    assert sets == {
        "Inh": KILL,
        "Prm": KILL | CHOWN,
        "Eff": KILL,
        "Bnd": KILL | CHOWN,
        "Amb": KILL,
    }


def test_no_capabilities_at_all() -> None:
    sets = caps_after(ops.caps_bounding("", mask=0), ops.caps_set(""))
    assert set(sets.values()) == {0}


def test_what_cannot_be_granted_is_left_out_with_a_warning() -> None:
    steps = [
        ops.caps_set("", effective=KILL, permitted=KILL),
        ops.caps_set("", effective=KILL | NET, permitted=KILL | NET),
        ops.caps_ambient("", mask=NET),
    ]
    found = sandbox.run(steps, status)
    assert found.result == 0
    assert int(found.value["CapEff"], 16) == KILL
    assert found.warnings == ["capset", "prctl PR_CAP_AMBIENT"]


def test_not_dumpable_after_the_change_of_user() -> None:
    """Whoever shares the user must not get at the init's descriptors."""

    def readable() -> bool:
        try:
            os.listdir(f"/proc/{os.getppid()}/fd")
        except PermissionError:
            return False
        return True

    def after() -> int:
        pid = os.fork()
        if pid == 0:
            os._exit(readable())
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    steps = [ops.user("", uid=1000, gid=1000)]
    assert sandbox.run(steps, after).value == 0
