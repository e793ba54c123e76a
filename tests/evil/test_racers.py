# SPDX-License-Identifier: Apache-2.0
"""Somebody who shares a volume with a container exchanges names in it while it is set up.

Each race is run against the released init, which must win every round, and against one
without the defence, which must lose one: else the race would prove nothing.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from evil.attacks_paths import FOLLOW_TO_PARENT, FOLLOW_TO_TARGET, MASK, PATH, WALK_TO_HOST
from evil.attacks_process import NOT_DUMPABLE, SYNC
from evil.private import Builder, Edit, Private, compile_c
from evil.scene import look
from support import initproc
from support.bundle import Bundle
from support.leftovers import exited
from support.runtime import Runtime
from support.sandbox import CLONE_NEWNS, container, exchanging

from pyruntime.plan import ops
from pyruntime.plan.step import Step

pytestmark = [pytest.mark.racer, pytest.mark.usefixtures("root_user")]
ROUNDS = 600
EXECS = 250
Lost = Callable[[int], str]


class Race:
    """A rootfs with two names that are exchanged all the while; `lost` looks at an init that
    got through, by its pid."""

    def __init__(self, place: Path) -> None:
        self.rootfs = place / "rootfs"
        self.rootfs.mkdir()
        self.canary = place / "canary"
        self.canary.mkdir()
        (self.canary / "file").write_text("untouched")
        self.before = look(self.canary)
        self.finished = 0

    def round(self, steps: Sequence[Step], lost: Lost) -> str:
        """One init. An error is a round that it won, too."""
        plan = [*container(self.rootfs), *steps, ops.sync("", phase=ops.PHASE_READY)]
        with initproc.Init(plan, flags=CLONE_NEWNS) as init:
            message = init.receive()
            if message is None or message.kind != ops.MSG_SYNC:
                return ""
            self.finished += 1
            return lost(init.pid)

    def rounds(self, steps: Sequence[Step], inits: int, lost: Lost, pair: tuple[str, str]) -> str:
        with exchanging(*(self.rootfs / name for name in pair)):
            for _ in range(inits):
                if found := self.round(steps, lost):
                    return found
                if look(self.canary) != self.before:
                    return f"the canary is {look(self.canary)}"
        return ""


def mounts(pid: int) -> list[list[str]]:
    """The fields of mountinfo's lines; the fifth is the place."""
    return [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]


def mount_targets(race: Race) -> str:
    """CVE-2021-30465, CVE-2024-45310: a volume's directory, and a link to the host; missing mount points in it."""
    (race.rootfs / "vol/dir").mkdir(parents=True)
    (race.rootfs / "vol/link").symlink_to(race.canary)
    steps = [
        ops.mount_fs("", fstype="tmpfs", source="race", target=f"/vol/dir/{number}")
        for number in range(50)
    ]

    def lost(pid: int) -> str:
        places = [fields[4] for fields in mounts(pid) if "race" in fields[-3:]]
        return " ".join(place for place in places if not place.startswith(f"{race.rootfs}/"))

    return race.rounds(steps, ROUNDS // 50, lost, ("vol/dir", "vol/link"))


def device_directory(race: Race) -> str:
    """CVE-2026-41579: /dev, and a link to the host."""
    (race.rootfs / "dev").mkdir()
    (race.rootfs / "link").symlink_to(race.canary)
    steps = []
    for number in range(25):
        node = f"/dev/node{number}"
        steps.append(ops.device("", mode=stat.S_IFCHR | 0o666, major=1, minor=3, path=node))
        steps.append(ops.symlink("", target="/proc/self/fd", path=f"/dev/fd{number}"))
    return race.rounds(steps, ROUNDS // 50, lambda _: "", ("dev", "link"))


def proc_directory(race: Race) -> str:
    """CVE-2019-19921: /proc, and a link that would put the mount elsewhere."""
    for name in ("proc", "elsewhere"):
        (race.rootfs / name).mkdir()
    (race.rootfs / "link").symlink_to("elsewhere")
    steps = [
        ops.mount_fs("", fstype="proc", source="proc", target="/proc", flags=ops.MOUNT_NO_SYMLINKS)
    ]
    there = f"{race.rootfs}/elsewhere"

    def lost(pid: int) -> str:
        return there if any(fields[4] == there for fields in mounts(pid)) else ""

    return race.rounds(steps, ROUNDS, lost, ("proc", "link"))


def null_device(race: Race) -> str:
    """CVE-2025-31133: /dev/null, and a file of the attacker's that would be bound in its place."""
    for name in ("dev", "etc"):
        (race.rootfs / name).mkdir()
    os.mknod(race.rootfs / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (race.rootfs / "dev/bait").write_text("bait")
    (race.rootfs / "etc/hidden").write_text("hidden")
    bait = (race.rootfs / "dev/bait").stat().st_ino

    def lost(pid: int) -> str:
        """Names move, inodes don't."""
        hidden = Path(f"/proc/{pid}/root{race.rootfs}/etc/hidden")
        return "the bait lies there" if hidden.stat().st_ino == bait else ""

    steps = [ops.masked_path("", path="/etc/hidden")]
    return race.rounds(steps, ROUNDS, lost, ("dev/null", "dev/bait"))


RACES: dict[str, tuple[Callable[[Race], str], list[Edit]]] = {
    "mount-targets": (mount_targets, [FOLLOW_TO_TARGET, WALK_TO_HOST]),
    "device-directory": (device_directory, [FOLLOW_TO_PARENT]),
    "proc-directory": (
        proc_directory,
        [Edit(PATH, "if (flags & PATH_NO_SYMLINKS) {", "if (0) {")],
    ),
    "null-device": (
        null_device,
        [Edit(MASK, "if (!node_matches(&st, S_IFCHR, NULL_MAJOR, NULL_MINOR))", "if (0)")],
    ),
}


@pytest.mark.parametrize("name", RACES)
def test_every_round_is_won(name: str, tmp_path: Path) -> None:
    race = Race(tmp_path)
    assert RACES[name][0](race) == ""
    assert race.finished, "no init got through"


@pytest.mark.parametrize("name", RACES)
def test_a_round_is_lost_without_the_defence(
    name: str, tmp_path: Path, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, edits = RACES[name]
    init = builder.build(edits) / "pyruntime/libexec/pyruntime-init"
    monkeypatch.setattr(initproc, "INIT", init)
    assert act(Race(tmp_path)) != ""


def watched(runtime: Runtime, bundle: Bundle, execs: int) -> list[str]:
    """What a process of the container saw of the inits that came by `exec`."""
    watch = Path(__file__).with_name("watch.c")
    compile_c("-O2", "-static", "-Wall", "-Werror", "-o", bundle.rootfs / "watch", watch)
    name = runtime.new_id()
    with (bundle.path / "seen").open("w+") as seen:
        runtime("run", "--detach", "--bundle", bundle, name, stdout=seen, stderr=seen)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: runtime("exec", name, "/bin/true"), range(execs)))
        pid = int(runtime("state", name).stdout.split('"pid":')[1].split(",")[0])
        (bundle.rootfs / "stop").touch()
        assert exited(pid, 20_000)
    *found, rounds = (bundle.path / "seen").read_text().splitlines()
    assert int(rounds.split()[1]) > 500
    return found


def in_user_namespace(bundle: Bundle) -> None:
    """There CAP_SYS_PTRACE is one over the container's own processes only."""
    spaces = [*bundle.config["linux"]["namespaces"], {"type": "user"}]
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    bundle.change(linux={"namespaces": spaces, "uidMappings": ids, "gidMappings": ids})
    granted = {kind: ["CAP_SYS_PTRACE"] for kind in ("bounding", "effective", "permitted")}
    bundle.change(process={"capabilities": granted})


@pytest.mark.parametrize("weakened", [False, True])
@pytest.mark.parametrize("userns", [False, True])
def test_entering_inits_are_not_seen(
    userns: bool,
    weakened: bool,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    builder: Builder,
    tmp_path: Path,
) -> None:
    """CVE-2016-9962: a process of the same user and capabilities watches exec, 500 times in all."""
    made = bundle(["/watch"])
    if userns:
        for directory in (tmp_path, tmp_path.parent, made.path):
            directory.chmod(directory.stat().st_mode | 0o11)
        in_user_namespace(made)
    used: Runtime = runtime
    if weakened:
        edit = Edit(SYNC, NOT_DUMPABLE, NOT_DUMPABLE.replace("DUMPABLE, 0", "DUMPABLE, 1"))
        used = Private(builder.build([edit]), runtime.root, runtime.prefix)
        runtime.ids = used.ids
    assert bool(watched(used, made, 20 if weakened else EXECS)) == weakened


def test_two_creates_share_a_rootfs(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    """CVE-2024-45310: each makes what is missing, and takes what the other has made."""
    one, two = bundle(), bundle()
    missing = [
        {"destination": f"/new/{number}/deep", "type": "tmpfs", "source": "tmpfs"}
        for number in range(10)
    ]
    for each in (one, two):
        each.change(
            mounts=[*each.config["mounts"], *missing],
            root={"path": str(one.rootfs), "readonly": False},
        )
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            done = list(pool.map(lambda each: runtime.run(each, check=False), (one, two)))
            assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
            subprocess.run(["rm", "-r", one.rootfs / "new"], check=True)
