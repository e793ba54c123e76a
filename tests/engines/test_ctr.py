# SPDX-License-Identifier: Apache-2.0
"""containerd's own client with the runtime under its runc shim."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from engines.containerd import Ctr, Daemon
from engines.daemon import PATIENCE
from integration.terminal import Seat, read_until
from support.leftovers import Snapshot

SLEEP = ["/bin/sleep", "1000"]


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def test_output_and_exit_code(ctr: Ctr, leftovers: Snapshot) -> None:
    done = ctr.run(shell("echo out; echo err >&2; exit 42"), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (42, "out\n", "err\n")
    assert leftovers.compare() == []


def test_success(ctr: Ctr) -> None:
    assert ctr.run(["/bin/echo", "hello"]).stdout == "hello\n"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/bin/absent", "stat /bin/absent: no such file or directory"),
        ("absent", "executable file not found in $PATH"),
        ("/etc/passwd", "permission denied"),
    ],
)
def test_the_runtimes_error_reaches_the_user(
    program: str, said: str, ctr: Ctr, leftovers: Snapshot
) -> None:
    done = ctr.run([program], check=False)
    assert done.returncode == 1
    assert said in done.stderr
    # A failed task leaves no container when --rm was said, yet ctr 1.6 wants it deleted.
    ctr.cleanup()
    assert leftovers.compare() == []


def test_terminal(ctr: Ctr) -> None:
    words = ctr.run_words(
        ctr.new_id(), shell("tty; stty size; read line; echo got $line; exit 5"), "--rm", "-t"
    )
    seat = Seat(ctr.command(*words), rows=30, columns=90)
    try:
        read_until(seat.master, b"/dev/pts/0")
        os.write(seat.master, b"words\r")
        assert b"got words" in read_until(seat.master, b"got words")
        assert seat.finish() == 5
    finally:
        seat.close()


def test_a_task_in_the_background(ctr: Ctr, leftovers: Snapshot) -> None:
    name = ctr.detached(SLEEP)
    pid, status = ctr.task(name)
    assert status == "RUNNING"
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"/bin/sleep\0001000\0"
    assert str(pid) in ctr("task", "ps", name).stdout
    ctr("task", "kill", "--signal", "SIGKILL", name)
    ctr("task", "delete", "--force", name)
    ctr("container", "delete", name)
    assert leftovers.compare() == []


def test_exec(ctr: Ctr) -> None:
    name = ctr.detached(SLEEP)
    run = ["task", "exec", "--exec-id", "one", name]
    done = ctr(*run, *shell("echo out; echo err >&2; hostname; exit 7"), check=False)
    assert done.returncode == 7
    assert done.stdout.splitlines()[0] == "out"
    assert done.stderr == "err\n"
    done = ctr(*run, "/bin/absent", check=False)
    assert done.returncode == 1
    assert "no such file or directory" in done.stderr
    assert ctr(*run, "/bin/echo", "still").stdout == "still\n"
    assert ctr.task(name)[1] == "RUNNING"


def test_exec_on_a_terminal(ctr: Ctr) -> None:
    name = ctr.detached(SLEEP)
    seat = Seat(
        ctr.command("task", "exec", "-t", "--exec-id", "t", name, *shell("tty; read l; exit 3"))
    )
    try:
        read_until(seat.master, b"/dev/pts/0")
        os.write(seat.master, b"\r")
        assert seat.finish() == 3
    finally:
        seat.close()


def test_pause_and_resume(ctr: Ctr) -> None:
    name = ctr.detached(SLEEP)
    ctr("task", "pause", name)
    assert ctr.task(name)[1] == "PAUSED"
    ctr("task", "resume", name)
    assert ctr.task(name)[1] == "RUNNING"
    assert ctr("task", "exec", "--exec-id", "e", name, "/bin/echo", "on").stdout == "on\n"


def test_a_paused_task_can_be_removed(ctr: Ctr, leftovers: Snapshot) -> None:
    name = ctr.detached(SLEEP)
    ctr("task", "pause", name)
    ctr("task", "resume", name)
    ctr.remove(name)
    assert leftovers.compare() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_program(number: signal.Signals, ctr: Ctr) -> None:
    name = ctr.new_id()
    script = f"trap 'exit 9' {number.name[3:]}; echo up; while :; do sleep 0.1; done"
    with subprocess.Popen(
        ctr.command(*ctr.run_words(name, shell(script), "--rm")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        ctr("task", "kill", "--signal", number.name, name)
        assert process.wait(PATIENCE) == 9


def test_kill_by_another_client(ctr: Ctr) -> None:
    name = ctr.new_id()
    with subprocess.Popen(
        ctr.command(*ctr.run_words(name, shell("echo up; exec sleep 1000"), "--rm")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        ctr("task", "kill", "--signal", "SIGKILL", name)
        assert process.wait(PATIENCE) == 137


def test_settings(ctr: Ctr, tmp_path: Path) -> None:
    (tmp_path / "shared").write_text("shared\n")
    script = "echo $WORD; pwd; cat /mnt/shared; echo > /mnt/x; touch /x"
    options = [
        *("--env", "WORD=word", "--cwd", "/tmp", "--read-only"),
        *("--mount", f"type=bind,src={tmp_path},dst=/mnt,options=rbind:ro"),
    ]
    done = ctr.run(shell(script), *options, check=False)
    assert done.stdout.split() == ["word", "/tmp", "shared"]
    assert done.stderr.count("ead-only file system") == 2


def test_limits(ctr: Ctr) -> None:
    name = ctr.detached(SLEEP, "--memory-limit", str(32 << 20), "--cpus", "0.5")
    pid, _ = ctr.task(name)
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        where = Path("/sys/fs/cgroup", controllers or "unified", path.lstrip("/"))
        if controllers in ("memory", "cpu", "pids", "devices", "freezer"):
            assert name in path
        if controllers == "memory":
            assert int((where / "memory.limit_in_bytes").read_text()) == 32 << 20
        if controllers == "cpu":
            quota = int((where / "cpu.cfs_quota_us").read_text())
            assert quota * 2 == int((where / "cpu.cfs_period_us").read_text())


def test_metrics(ctr: Ctr) -> None:
    """The shim reads the cgroup that the runtime made, by the pid that it was told."""
    name = ctr.detached(SLEEP)
    assert "memory" in ctr("task", "metrics", name).stdout
    assert "pids" in ctr("task", "metrics", name).stdout


def test_host_network(ctr: Ctr) -> None:
    host = os.readlink("/proc/self/ns/net")
    assert ctr.run(["/bin/readlink", "/proc/self/ns/net"], "--net-host").stdout.strip() == host
    assert ctr.run(["/bin/readlink", "/proc/self/ns/net"]).stdout.strip() != host


def test_fifty_containers(ctr: Ctr, leftovers: Snapshot) -> None:
    """Started ten at a time, all of them alive together, ended together."""
    names = [ctr.new_id() for _ in range(50)]
    words = ["-d", "--null-io"]
    for first in range(0, 50, 10):
        commands = [ctr.command(*ctr.run_words(name, SLEEP, *words)) for name in names[first:][:10]]
        at_once(commands)
    alive = ctr("task", "ls").stdout.splitlines()[1:]
    assert {line.split()[0] for line in alive if line.split()[2] == "RUNNING"} >= set(names)
    for first in range(0, 50, 10):
        at_once([ctr.command("task", "delete", "-f", name) for name in names[first:][:10]])
    ctr("container", "delete", *names)
    assert leftovers.compare() == []


def at_once(commands: list[list[str]]) -> None:
    running = [
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )
        for command in commands
    ]  # fmt: skip
    said = [process.communicate(timeout=PATIENCE)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(running), said


def test_the_daemon_restarts(
    ctr: Ctr, leftovers: Snapshot, tmp_path: Path, image: Path, pyruntime: Path
) -> None:
    """Killed, while a container runs: the next daemon has it, and all commands work on it."""
    (tmp_path / "own").mkdir()
    daemon = Daemon(tmp_path / "own")
    own = Ctr(daemon, ctr.namespace, pyruntime, f"{ctr.prefix}own-")
    try:
        own("image", "import", str(image))
        name = own.detached(SLEEP)
        pid, _ = own.task(name)
        daemon.restart()
        assert own.task(name) == (pid, "RUNNING")
        assert own("task", "exec", "--exec-id", "x", name, "/bin/echo", "x").stdout == "x\n"
        own("task", "pause", name)
        assert own.task(name)[1] == "PAUSED"
        own("task", "resume", name)
        own("task", "kill", "--signal", "SIGKILL", name)
        own("task", "delete", "--force", name)
        assert own.run(["/bin/echo", "new"]).stdout == "new\n"
    finally:
        own.cleanup()
        daemon.stop()
    assert leftovers.compare() == []


KILLED = """#!/bin/sh
case " $* " in
*" {verb} "*) exec timeout --foreground -s KILL {seconds} {runtime} "$@" ;;
esac
exec {runtime} "$@"
"""


@pytest.mark.parametrize(
    ("verb", "moments"),
    [
        ("create", (1, 8, 12, 16, 20, 25, 32, 45)),
        ("start", (1, 6, 10, 16)),
        ("delete", (1, 6, 10, 16)),
    ],
    ids=["create", "start", "delete"],
)
def test_the_runtime_is_killed(
    ctr: Ctr,
    leftovers: Snapshot,
    tmp_path: Path,
    pyruntime: Path,
    verb: str,
    moments: tuple[int, ...],
) -> None:
    """At moments all over its run: an error at most, nothing left, and the id is free again."""
    mortal = tmp_path / "mortal"
    name = ctr.new_id()
    failed = 0
    for milliseconds in moments:
        text = KILLED.format(verb=verb, seconds=milliseconds / 1000, runtime=pyruntime)
        mortal.write_text(text)
        mortal.chmod(0o755)
        ctr.runtime = mortal
        failed += bool(ctr(*ctr.run_words(name, ["/bin/true"], "--rm"), check=False).returncode)
        mortal.write_text(KILLED.format(verb="none", seconds=1, runtime=pyruntime))
        ctr.runtime = pyruntime
        ctr.remove(name)
        assert leftovers.compare() == [], milliseconds
        assert ctr(*ctr.run_words(name, ["/bin/echo", "again"], "--rm")).stdout == "again\n"
    assert failed or verb == "delete"
