# SPDX-License-Identifier: Apache-2.0
"""Two v1 controllers that share a hierarchy, as many hosts have them: one of the test's own,
of controllers that nobody uses here, mounted where only the test sees it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, await_end, pid
from integration.limits import until
from support.bundle import Bundle, mount
from support.runtime import Runtime

JOINT = ("net_cls", "net_prio")
NAMES = ",".join(JOINT)
TOP = "/sys/fs/cgroup"
# The host's hierarchies beside the new one, in the usual place.
HOLD = f"""
mount -t tmpfs tmpfs "$1"
for each in {TOP}/*; do mkdir "$1/${{each##*/}}"; mount --bind "$each" "$1/${{each##*/}}"; done
mkdir "$1/{NAMES}"
mount -t cgroup -o {NAMES} cgroup "$1/{NAMES}" && mount --rbind "$1" {TOP} && echo mounted
read end
"""
NETWORK = {"classID": 0x100001, "priorities": [{"name": "lo", "priority": 5}]}


class Holder:
    """A mount namespace with the hierarchy in it, as long as its process lives."""

    def __init__(self, where: Path) -> None:
        where.mkdir()
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", HOLD, "sh"]
        self.process = subprocess.Popen(
            [*words, str(where)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.mounted = self.process.stdout.readline() == "mounted\n"
        self.inside = Path(f"/proc/{self.process.pid}/root{TOP}", NAMES)

    def close(self) -> None:
        self.process.communicate()


class Inside(Runtime):
    """The runtime, called in the namespace."""

    holder: Holder

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        enter = ["nsenter", f"--mount=/proc/{self.holder.process.pid}/ns/mnt"]
        return [*enter, *super().command(*args)]


def taken() -> bool:
    """Whether a hierarchy of the host has one of the controllers."""
    rows = [line.split() for line in Path("/proc/cgroups").read_text().splitlines()]
    hierarchies = {row[0]: row[1] for row in rows}
    return any(hierarchies.get(name) != "0" for name in JOINT)


def release(tmp_path: Path) -> None:
    """The kernel ends a hierarchy a moment after its last mount, but for one whose last cgroup
    is still on its way out by then; that takes another mount and its end."""
    again = f"mount -t cgroup -o {NAMES} cgroup {tmp_path}"
    for _ in range(20):
        deadline = time.monotonic() + 0.5
        while taken() and time.monotonic() < deadline:
            os.sched_yield()
        if not taken():
            return
        subprocess.run(["unshare", "--mount", "sh", "-c", again], check=True)
    raise AssertionError(f"the hierarchy of {NAMES} stays")


@pytest.fixture
def joint(runtime: Runtime, tmp_path: Path) -> Iterator[Inside]:
    if taken():
        pytest.skip(f"kernel: {NAMES} are missing, or the host's")
    holder = Holder(tmp_path / "joint")
    if not holder.mounted:
        holder.close()
        pytest.skip(f"kernel: {NAMES} can't be mounted as version 1")
    made = Inside(runtime.program, runtime.root, runtime.prefix)
    made.ids, made.holder = runtime.ids, holder
    yield made
    made.cleanup()
    left = [entry.name for entry in holder.inside.iterdir() if entry.is_dir()]
    holder.close()
    assert left == []
    release(tmp_path)


def test_a_cgroup_for_both(joint: Inside, bundle: Callable[..., Bundle], prefix: str) -> None:
    made = bundle(
        ["/bin/sh", "-c", "exec nc -l -p 7"],
        linux={"cgroupsPath": f"/{prefix}j", "resources": {"network": NETWORK}},
    )
    name = joint.new_id()
    joint("run", "--detach", "--bundle", made, name, **QUIET)
    init = pid(joint, name)
    lines = Path(f"/proc/{init}/cgroup").read_text().splitlines()
    assert [line.split(":", 1)[1] for line in lines if NAMES in line] == [f"{NAMES}:/{prefix}j"]
    directory = joint.holder.inside / f"{prefix}j"
    assert (directory / "net_cls.classid").read_text() == f"{0x100001}\n"
    assert "lo 5" in (directory / "net_prio.ifpriomap").read_text().splitlines()
    ss = ["nsenter", "--net", f"--target={init}", "ss", "--listening", "--tcp", "--tos"]

    def shown() -> str:
        return subprocess.run(ss, capture_output=True, text=True, check=True).stdout

    until(lambda: "class_id:0x100001" in shown(), "the class of the socket")
    joint("update", "--resources", "-", name, stdin=None, input='{"network": {"classID": 7}}')
    assert (directory / "net_cls.classid").read_text() == "7\n"
    added = joint("exec", name, "/bin/cat", "/proc/self/cgroup").stdout
    assert any(NAMES in line for line in added.splitlines())
    joint("delete", "--force", name)
    await_end(init)  # reaped: as a zombie it would still hold the hierarchy
    assert not directory.exists()


def test_what_the_container_sees_of_them(
    joint: Inside, bundle: Callable[..., Bundle], prefix: str
) -> None:
    """One mount, and a name for each controller that leads to it."""
    mounts = [mount("/proc", "proc", "proc"), mount("/sys", "sysfs", "sysfs", "ro")]
    mounts.append(mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro"))
    look = "".join(f"readlink {name}; " for name in JOINT)
    script = f"cd /sys/fs/cgroup; {look} cat net_cls/net_cls.classid"
    made = bundle(
        ["/bin/sh", "-c", script],
        mounts=mounts,
        linux={"cgroupsPath": f"/{prefix}j", "resources": {"network": NETWORK}},
    )
    done = joint.run(made)
    targets = [os.path.basename(line) for line in done.stdout.splitlines()]
    assert targets == [NAMES, NAMES, str(0x100001)]
