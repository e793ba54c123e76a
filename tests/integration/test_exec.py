# SPDX-License-Identifier: Apache-2.0
"""`exec`: another process in a running container, from a command or a process file."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import QUIET, await_end, kill, pid, status
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def process(path: Path, args: list[str], **changes: Any) -> Path:
    """A process file; the least that a runtime must accept."""
    path.write_text(json.dumps({"cwd": "/", "args": args, "user": {"uid": 0, "gid": 0}} | changes))
    return path


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code(code: int, runtime: Runtime, running: str) -> None:
    done = runtime("exec", running, *shell(f"exit {code}"), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_death_by_signal(runtime: Runtime, running: str) -> None:
    assert runtime("exec", running, *shell("kill -9 $$"), check=False).returncode == 137


def test_stdio(runtime: Runtime, running: str) -> None:
    done = runtime("exec", running, *shell("cat; echo two >&2"), stdin=None, input="one\n")
    assert (done.stdout, done.stderr) == ("one\n", "two\n")


def test_options_of_the_command_are_its_own(runtime: Runtime, running: str) -> None:
    assert runtime("exec", running, "/bin/echo", "-e", "x", "--user", "1").stdout == "x --user 1\n"
    assert runtime("exec", running, "--", "/bin/echo", "--", "y").stdout == "-- y\n"


@pytest.mark.vm
def test_settings_of_the_container_hold(runtime: Runtime, running: str, bundle: Make) -> None:
    def ask(script: str) -> str:
        return str(runtime("exec", running, *shell(script)).stdout.strip())

    ns = ["cgroup", "ipc", "mnt", "net", "pid", "uts"]
    for kind in ns:
        init = os.readlink(f"/proc/{pid(runtime, running)}/ns/{kind}")
        assert ask(f"readlink /proc/self/ns/{kind}") == init
    assert ask("grep NoNewPrivs /proc/self/status").split() == ["NoNewPrivs:", "1"]
    assert ask("grep CapBnd /proc/self/status") == ask("grep CapBnd /proc/1/status")
    assert ask("grep CapInh /proc/self/status").split()[1] == "0" * 16
    assert ask("ulimit -n") == "1024"
    assert ask("cat /proc/self/cgroup") == ask("cat /proc/1/cgroup")
    assert ask("echo $TERM") == "xterm"
    assert ask("touch /x 2>&1 || true").endswith("Read-only file system")


def test_only_stdio_is_open(runtime: Runtime, running: str) -> None:
    held = [os.open("/", os.O_RDONLY) for _ in range(3)]
    try:
        done = runtime("exec", running, *shell("echo /proc/self/fd/*"), pass_fds=held)
    finally:
        for fd in held:
            os.close(fd)
    assert done.stdout.split()[:3] == [f"/proc/self/fd/{fd}" for fd in range(3)]
    assert len(done.stdout.split()) == 4


@pytest.mark.parametrize(
    ("options", "script", "answer"),
    [
        (["--cwd", "/tmp"], "pwd", "/tmp"),
        (["--env", "A=b c", "--env", "D="], 'echo "$A|${D-unset}"', "b c|"),
        (["--user", "1000"], "id -u; id -g", "1000\n0"),
        (["--user", "1000:1001"], "id -u; id -g", "1000\n1001"),
        (["--user=1000", "-g", "7", "-g", "8"], "id -G", "0 7 8"),
        (["--cap", "CAP_SYS_TIME"], "grep CapInh /proc/self/status", "CapInh:\t0000000000000000"),
        (["--no-new-privs"], "grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options(
    options: list[str], script: str, answer: str, runtime: Runtime, running: str
) -> None:
    assert runtime("exec", *options, running, *shell(script)).stdout.strip() == answer


def test_cap_adds_a_capability(runtime: Runtime, running: str) -> None:
    """CAP_SYS_TIME is bit 25 of bounding, effective and permitted."""
    ask = shell("grep -E 'Cap(Bnd|Eff|Prm)' /proc/self/status")
    without = runtime("exec", running, *ask).stdout
    added = runtime("exec", "--cap", "CAP_SYS_TIME", running, *ask).stdout
    values = re.findall(r"[0-9a-f]{16}", without), re.findall(r"[0-9a-f]{16}", added)
    assert len(values[0]) == 3
    assert [int(b, 16) for b in values[1]] == [int(a, 16) | 1 << 25 for a in values[0]]


@pytest.mark.parametrize("user", ["1:", ":1", "-1", "4294967295", "1x", "root", "1:1:1", " 1"])
def test_user_is_a_number_or_an_error(
    user: str, runtime: Runtime, running: str, only_ours: None
) -> None:
    """Never taken for 0, and never looked up as a name."""
    done = runtime("exec", f"--user={user}", running, *shell("id -u"), check=False)
    assert done.returncode == 255
    assert done.stdout == ""
    assert "user" in done.stderr


def test_process_file(runtime: Runtime, running: str, tmp_path: Path) -> None:
    script = 'echo "$A"; pwd; id -u; grep CapEff /proc/self/status; grep NoNew /proc/self/status'
    file = process(
        tmp_path / "process.json",
        shell(script),
        env=["A=from file", "PATH=/bin"],
        cwd="/tmp",
        user={"uid": 1000, "gid": 1000, "additionalGids": [5]},
    )
    lines = runtime("exec", "--process", file, running).stdout.splitlines()
    assert lines[:3] == ["from file", "/tmp", "1000"]
    assert lines[3].split() == ["CapEff:", "0" * 16]
    assert lines[4].split() == ["NoNewPrivs:", "0"]


@pytest.mark.vm
def test_process_file_as_an_engine_gives_it(runtime: Runtime, running: str, tmp_path: Path) -> None:
    """exec --process F --detach --pid-file P ID: stdio is the caller's, the pid alone in P."""
    file = process(tmp_path / "process.json", ["/bin/sleep", "1000"])
    pid_file = tmp_path / "exec.pid"
    options = ["--process", str(file), "--detach", "--pid-file", str(pid_file)]
    runtime("exec", *options, running, **QUIET)
    found = int(pid_file.read_text())
    assert pid_file.read_text() == str(found)
    assert Path(f"/proc/{found}/cmdline").read_bytes() == b"/bin/sleep\0001000\0"
    assert os.readlink(f"/proc/{found}/ns/pid") == os.readlink(
        f"/proc/{pid(runtime, running)}/ns/pid"
    )
    init = pid(runtime, running)
    runtime("kill", running, "KILL")
    # The init stays until its namespace's processes are reaped: this one by the test.
    await_end(found)
    await_end(init)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut off", '{"cwd": "/", "args": ['),
        ("no arguments", '{"cwd": "/", "user": {"uid": 0, "gid": 0}}'),
        ("wrong type", '{"cwd": 7, "args": ["/bin/true"], "user": {"uid": 0, "gid": 0}}'),
        ("relative cwd", '{"cwd": "x", "args": ["/bin/true"], "user": {"uid": 0, "gid": 0}}'),
    ],
)
def test_bad_process_file(
    name: str, content: str, runtime: Runtime, running: str, tmp_path: Path
) -> None:
    file = tmp_path / "process.json"
    file.write_text(content)
    done = runtime("exec", "--process", file, running, check=False)
    assert done.returncode == 255
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert status(runtime, running) == "running"


def test_missing_process_file(runtime: Runtime, running: str) -> None:
    done = runtime("exec", "--process", "/absent/file", running, check=False)
    assert done.returncode == 255
    assert "/absent/file" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["/bin/absent"], "stat /bin/absent: no such file or directory"),
        (["absent"], "executable file not found in $PATH"),
        (["/etc/passwd"], "permission denied"),
        (["--cwd", "/etc/passwd"], "not a directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_failures(args: list[str], said: str, runtime: Runtime, running: str) -> None:
    """255 and the words that engines look for; the container lives on."""
    call = [*args, running, "/bin/true"] if args[0] == "--cwd" else [running, *args]
    done = runtime("exec", *call, check=False)
    assert done.returncode == 255
    assert said in done.stderr.lower().replace("$path", "$PATH")
    assert done.stdout == ""
    assert status(runtime, running) == "running"


def test_exec_needs_a_running_container(runtime: Runtime, running: str) -> None:
    kill(runtime, running, "KILL")
    done = runtime("exec", running, "/bin/true", check=False)
    assert done.returncode == 255
    assert re.search("stopped|not running", done.stderr)


@pytest.mark.vm
def test_exec_in_a_created_container(runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(bundle())
    assert runtime("exec", name, "/bin/echo", "early").stdout == "early\n"
    assert status(runtime, name) == "created"


@pytest.mark.vm
def test_exec_in_a_paused_container(runtime: Runtime, running: str) -> None:
    runtime("pause", running)
    done = runtime("exec", running, "/bin/true", check=False)
    assert done.returncode == 255
    assert "paused" in done.stderr
    runtime("resume", running)


def test_the_init_takes_room_for_two(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """It forks in the container's cgroup, into the container's pid namespace."""
    made = bundle(["/bin/sleep", "1000"], linux={"resources": {"pids": {"limit": 3}}})
    name = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, name, **QUIET)
    assert runtime("exec", name, "/bin/echo", "well").stdout == "well\n"
    file = tmp_path / "pid"
    runtime("exec", "--detach", "--pid-file", file, name, "/bin/sleep", "1000", **QUIET)
    done = runtime("exec", name, "/bin/true", check=False)
    init = pid(runtime, name)
    runtime("kill", name, "KILL")
    await_end(int(file.read_text()))
    await_end(init)
    assert done.returncode == 255
    assert "Resource temporarily unavailable" in done.stderr and "pids.limit" in done.stderr


def test_pid_file_in_a_missing_directory(
    runtime: Runtime, running: str, tmp_path: Path, leftovers: Snapshot
) -> None:
    pid_file = tmp_path / "absent/pid"
    done = runtime("exec", "--pid-file", pid_file, running, "/bin/sleep", "1000", check=False)
    assert done.returncode == 255
    assert "absent" in done.stderr
    assert json.loads(runtime("ps", "-f", "json", running).stdout) == [pid(runtime, running)]


def test_an_exec_that_waits_in_a_paused_container_can_be_ended(
    runtime: Runtime, running: str
) -> None:
    """In a frozen cgroup of v1 even a killed process stays until the thaw."""
    runtime("pause", running)
    words = ("exec", "--ignore-paused", running, "/bin/true")
    with subprocess.Popen(runtime.command(*words), stdin=subprocess.DEVNULL) as waiting:
        while len(inside := json.loads(runtime("ps", "--format", "json", running).stdout)) < 2:
            assert waiting.poll() is None
        waiting.terminate()
        assert waiting.wait(20) == 128 + signal.SIGTERM
    runtime("resume", running)
    await_end(max(set(inside) - {pid(runtime, running)}))
    assert runtime("exec", running, "/bin/echo", "works").stdout == "works\n"
