# SPDX-License-Identifier: Apache-2.0
"""What a container sees of cgroups on a host with cgroup2 alone, and what it may do there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, pid
from integration.gate import Gate
from support.bundle import Bundle, mount
from support.runtime import Runtime

from pyruntime.cgroups.detect import detect
from pyruntime.cgroups.v2 import DELEGATE

pytestmark = [
    pytest.mark.vm,
    pytest.mark.skipif(
        detect().mode != "v2", reason="virtual machine: cgroup2 alone is not what is mounted here"
    ),
]

Make = Callable[..., Bundle]
HOST = Path("/sys/fs/cgroup")
KINDS = ("pid", "network", "ipc", "uts", "mount")
OWN = [{"type": kind} for kind in (*KINDS, "cgroup")]
MOUNTS = [mount("/proc", "proc", "proc"), mount("/sys", "sysfs", "sysfs", "ro")]


def with_cgroups(bundle: Make, script: str, options: str, *, own: bool, **changes: Any) -> Bundle:
    made = bundle(
        ["/bin/sh", "-ec", script],
        mounts=[*MOUNTS, mount("/sys/fs/cgroup", "cgroup", "cgroup", options)],
        **changes,
    )
    if own:
        made.change(linux={"namespaces": OWN})
    return made


def host_options() -> str:
    (line,) = (
        line
        for line in Path("/proc/self/mountinfo").read_text().splitlines()
        if line.split()[4] == str(HOST)
    )
    return line


def test_in_a_namespace_of_its_own_it_is_the_root(runtime: Runtime, bundle: Make) -> None:
    script = "cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x"
    done = runtime.run(with_cgroups(bundle, script, "ro", own=True), check=False)
    assert done.stdout.split()[:2] == ["0::/", "1"]
    assert "Read-only file system" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("options", ["ro", "rw"])
def test_in_the_host_s_namespace_it_is_the_host_s(
    runtime: Runtime, bundle: Make, options: str
) -> None:
    """A mount of the filesystem would take nsdelegate from the host's mount."""
    before = host_options()
    script = "cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); grep -c . cgroup.procs; mkdir x"
    done = runtime.run(with_cgroups(bundle, script, options, own=False), check=False)
    assert done.stdout.strip() == "2"
    assert done.returncode == (options == "ro")
    assert host_options() == before


def test_the_cgroup_of_the_user_who_may_write_it(
    runtime: Runtime, bundle: Make, gate: Gate
) -> None:
    """Uid 1000 makes a sub-cgroup and moves itself there; the limits stay root's."""
    script = (
        "cd /sys/fs/cgroup; mkdir sub; echo 0 >sub/cgroup.procs; cat /proc/self/cgroup;"
        "echo 100 >pids.max"
    )
    user = {"uid": 1000, "gid": 1000}
    made = with_cgroups(bundle, script, "rw", own=True, process={"user": user})
    done = runtime.run(made, check=False)
    assert done.stdout == "0::/sub\n"
    assert done.returncode
    assert "pids.max: Permission denied" in done.stderr


@pytest.mark.parametrize(("options", "owner"), [("rw", 1000), ("ro", 0)])
def test_only_what_the_kernel_names_is_given_away(
    runtime: Runtime, bundle: Make, options: str, owner: int
) -> None:
    user = {"uid": 1000, "gid": 1000}
    made = with_cgroups(bundle, "", options, own=True, process={"user": user})
    name = runtime.create(made)
    path = Path(f"/proc/{pid(runtime, name)}/cgroup").read_text().strip().partition("::")[2]
    cgroup = HOST / path[1:]
    assert os.stat(cgroup).st_uid == owner
    given = {file.name for file in cgroup.iterdir() if file.stat().st_uid == 1000}
    named = {each for each in Path(DELEGATE).read_text().split() if (cgroup / each).exists()}
    assert given == (named if owner else set())
    assert "cgroup.procs" in named


def test_a_container_that_manages_its_own_cgroups(runtime: Runtime, bundle: Make) -> None:
    """As systemd does: its own cgroup then takes no process, and exec goes to the init's."""
    script = (
        "cd /sys/fs/cgroup; mkdir init.scope; echo 1 >init.scope/cgroup.procs;"
        "echo +pids >cgroup.subtree_control; exec sleep 1000"
    )
    name = runtime.new_id()
    made = with_cgroups(bundle, script, "rw", own=True)
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    init = Path(f"/proc/{pid(runtime, name)}/cgroup")
    while "init.scope" not in init.read_text() or "sleep" not in command(init):
        os.sched_yield()
    done = runtime("exec", name, "cat", "/proc/self/cgroup")
    assert done.stdout == "0::/init.scope\n"
    runtime("pause", name)
    assert "frozen 1" in events(init)
    runtime("resume", name)
    runtime("delete", "--force", name)


def command(cgroup_file: Path) -> str:
    return (cgroup_file.parent / "cmdline").read_text()


def events(cgroup_file: Path) -> str:
    path = cgroup_file.read_text().strip().partition("::")[2]
    return (HOST / path[1:] / "cgroup.events").read_text()


def test_block_devices(runtime: Runtime, bundle: Make) -> None:
    """Limits of the disk that the root filesystem is on."""
    device = os.stat("/").st_dev
    numbers = {"major": os.major(device), "minor": os.minor(device)}
    block = {
        "throttleReadBpsDevice": [numbers | {"rate": 1 << 20}],
        "throttleWriteIOPSDevice": [numbers | {"rate": 100}],
    }
    script = "cat /sys/fs/cgroup/io.max"
    made = with_cgroups(bundle, script, "ro", own=True, linux={"resources": {"blockIO": block}})
    words = runtime.run(made).stdout.split()
    assert words[0] == f"{numbers['major']}:{numbers['minor']}"
    assert {"rbps=1048576", "wiops=100"} <= set(words)
