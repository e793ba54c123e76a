# SPDX-License-Identifier: Apache-2.0
"""A container in another one's pid namespace, as the containers of a pod may be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET, await_end, kill, pid, status
from integration.terminal import Receiver, read_until
from support import profile
from support.bundle import Bundle
from support.runtime import Runtime

pytestmark = pytest.mark.usefixtures("leftovers")
Make = Callable[..., Bundle]


@pytest.fixture
def beside(runtime: Runtime, running: str, bundle: Make) -> Callable[..., Bundle]:
    """A factory of bundles that share the pid namespace of `running`."""

    def make(script: str, **changes: object) -> Bundle:
        made = bundle(["/bin/sh", "-c", script], **changes)
        for entry in made.config["linux"]["namespaces"]:
            if entry["type"] == "pid":
                entry["path"] = f"/proc/{pid(runtime, running)}/ns/pid"
        made.change(linux=made.config["linux"])
        return made

    return make


def test_sees_its_neighbours(runtime: Runtime, running: str, beside: Make) -> None:
    done = runtime.run(beside("echo $$; tr '\\0' ' ' < /proc/1/cmdline; exit 3"), check=False)
    number, first = done.stdout.split(maxsplit=1)
    assert int(number) > 1 and "sleep" in first
    assert done.returncode == 3


def test_the_whole_way(runtime: Runtime, running: str, beside: Make, tmp_path: Path) -> None:
    name, file = runtime.new_id(), tmp_path / "pid"
    own = os.readlink("/proc/self/ns/pid_for_children")
    made = beside("exec sleep 1000")
    runtime("create", "--bundle", made, "--pid-file", file, name, **QUIET)
    number = pid(runtime, name)
    assert file.read_text() == str(number)
    assert os.readlink("/proc/self/ns/pid_for_children") == own
    other = pid(runtime, running)
    assert os.readlink(f"/proc/{number}/ns/pid") == os.readlink(f"/proc/{other}/ns/pid")
    assert os.readlink(f"/proc/{number}/ns/mnt") != os.readlink(f"/proc/{other}/ns/mnt")
    runtime("start", name)
    assert "sleep" in runtime("exec", name, "ps", "-o", "comm").stdout
    kill(runtime, name, "KILL")
    runtime("delete", name)
    assert status(runtime, running) == "running"


def test_its_proc_shows_the_namespace_and_nothing_of_the_host(
    runtime: Runtime, running: str, beside: Make
) -> None:
    done = runtime.run(beside("echo $$; readlink /proc/self; ls -d /proc/[0-9]*; echo end"))
    own, link, *listed, _ = done.stdout.split()
    assert int(link) > int(own)
    assert listed == ["/proc/1", f"/proc/{own}"]


@pytest.mark.parametrize("no_new_privs", [False, True])
def test_with_a_filter(no_new_privs: bool, runtime: Runtime, running: str, beside: Make) -> None:
    made = beside(
        "grep Seccomp: /proc/self/status; mkdir /dev/shm/x || echo no",
        process={"noNewPrivileges": no_new_privs},
    )
    linux = made.config["linux"]
    linux["seccomp"] = profile.engine_profile()
    for entry in linux["seccomp"]["syscalls"]:
        entry["names"] = [name for name in entry["names"] if name not in ("mkdir", "mkdirat")]
    made.change(linux=linux)
    assert runtime.run(made).stdout == "Seccomp:\t2\nno\n"
    name = runtime.new_id()
    runtime("create", "--bundle", made, name, **QUIET)
    number = pid(runtime, name)
    runtime("start", name)
    await_end(number)
    runtime("delete", name)


def test_on_a_terminal(runtime: Runtime, running: str, beside: Make, tmp_path: Path) -> None:
    """Which the session takes after the fork, as a session's first process."""
    made = beside("set -- $(cat /proc/self/stat); echo $6 $7; exec sleep 1000")
    made.change(process={"terminal": True})
    receiver, name = Receiver(tmp_path / "console"), runtime.new_id()
    try:
        runtime("create", "--bundle", made, "--console-socket", receiver.path, name, **QUIET)
        master = receiver.descriptor()
    finally:
        receiver.close()
    runtime("start", name)
    session, terminal = read_until(master, b"\r\n").split()
    assert int(session) > 1
    assert int(terminal) >> 8 == 136, "of the major number of pts"
    kill(runtime, name, "KILL")
    os.close(master)
    runtime("delete", name)


def test_hooks_are_told_the_pid_that_stays(
    runtime: Runtime, running: str, beside: Make, tmp_path: Path
) -> None:
    script = f"cat > {tmp_path}/told"
    hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", script]}]}
    name, made = runtime.new_id(), beside("exec sleep 1000", hooks=hooks)
    runtime("create", "--bundle", made, name, **QUIET)
    assert json.loads((tmp_path / "told").read_text())["pid"] == pid(runtime, name)
    kill(runtime, name, "KILL")
    runtime("delete", name)


def test_its_end_ends_nobody_else(runtime: Runtime, running: str, beside: Make) -> None:
    """What it leaves behind in the shared namespace goes with its cgroup."""
    runtime.run(beside("sleep 2000 & exit 0"))
    assert "sleep 2000" not in runtime("exec", running, "ps", "-o", "args").stdout
    assert status(runtime, running) == "running"
