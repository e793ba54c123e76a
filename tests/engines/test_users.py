# SPDX-License-Identifier: Apache-2.0
"""What users of Docker and Podman do all day, with the runtime below."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from engines.daemon import PATIENCE
from engines.docker_podman import Engine, everybody
from engines.image import NAME
from integration.terminal import Seat, read_until

WAITS = 'trap "echo got; exit 5" TERM USR1; echo up; while :; do sleep 0.1; done'


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def output(engine: Engine, *words: str) -> str:
    """Of `run --rm OPTION... IMAGE COMMAND...`."""
    return engine.run("--rm", *words).stdout


def inspect(engine: Engine, name: str, template: str) -> str:
    return engine("inspect", "-f", template, name).stdout.strip()


def cgroup_file(pid: str, controller: str, file: str) -> str:
    """The content of a file of a process's v1 cgroup."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            where = Path("/sys/fs/cgroup", controller) / path.lstrip("/")
            return (where / file).read_text().strip()
    pytest.skip(f"kernel: {controller} is not a v1 hierarchy")


def remove(engine: Engine, name: str) -> None:
    """At once: `rm -f` would wait for a program that takes no notice of TERM."""
    engine("kill", name, check=False)
    engine("rm", "-f", name)


@everybody
def test_terminal(engine: Engine) -> None:
    options = ["run", "--rm", "-it", "--network", "none", *engine.place]
    seat = Seat([*engine.anywhere, *options, NAME, *shell("tty; read x; echo got $x; exit 4")])
    try:
        assert b"/dev/" in read_until(seat.master, b"\n")
        os.write(seat.master, b"words\r")
        read_until(seat.master, b"got words")
        assert seat.finish() == 4
    finally:
        seat.close()


@everybody
def test_volumes(engine: Engine, shared: Path) -> None:
    (shared / "in").write_text("shared\n")
    script = "cat /rw/in; echo back > /rw/out; touch /ro/x || echo refused"
    options = ["-v", f"{shared}:/rw", "-v", f"{shared}:/ro:ro"]
    assert output(engine, *options, NAME, *shell(script)) == "shared\nrefused\n"
    assert (shared / "out").read_text() == "back\n"


def test_named_volume_and_tmpfs(engine: Engine, prefix: str) -> None:
    engine("volume", "create", prefix)
    try:
        assert output(engine, "-v", f"{prefix}:/v", NAME, *shell("echo kept > /v/x")) == ""
        assert output(engine, "-v", f"{prefix}:/v", NAME, "cat", "/v/x") == "kept\n"
    finally:
        engine("volume", "rm", prefix)
    script = "touch /t/x && grep -c ' /t tmpfs' /proc/mounts"
    assert output(engine, "--tmpfs", "/t", NAME, *shell(script)) == "1\n"


def test_limits(engine: Engine, prefix: str) -> None:
    limits = ["--memory", "48m", "--cpus", "0.5", "--pids-limit", "64", "--cpu-shares", "512"]
    engine.run("-d", "--name", prefix, *limits, NAME, "sleep", "1000")
    try:
        pid = inspect(engine, prefix, "{{.State.Pid}}")
        assert cgroup_file(pid, "memory", "memory.limit_in_bytes") == str(48 << 20)
        assert cgroup_file(pid, "cpu", "cpu.cfs_quota_us") == "50000"
        assert cgroup_file(pid, "cpu", "cpu.shares") == "512"
        assert cgroup_file(pid, "pids", "pids.max") == "64"
    finally:
        remove(engine, prefix)


@everybody
def test_read_only(engine: Engine) -> None:
    assert output(engine, "--read-only", NAME, *shell("touch /x || echo refused")) == "refused\n"


@pytest.mark.parametrize(
    ("options", "mask"),
    [
        (["--cap-drop", "ALL"], 0),
        (["--cap-drop", "ALL", "--cap-add", "NET_ADMIN"], 1 << 12),
    ],
)
def test_capabilities(engine: Engine, options: list[str], mask: int) -> None:
    text = output(engine, *options, NAME, "grep", "CapEff", "/proc/self/status")
    assert int(text.split()[1], 16) == mask


@everybody
def test_privileged(engine: Engine) -> None:
    """All that the host itself has, no more; in a user's namespace that is all there are."""
    status = Path("/proc/self/status").read_text().splitlines()
    own = int(next(line for line in status if "CapBnd" in line).split()[1], 16)
    if engine.uid:
        own = (2 << int(Path("/proc/sys/kernel/cap_last_cap").read_text())) - 1
    text = output(engine, "--privileged", NAME, "grep", "CapEff", "/proc/self/status")
    found = int(text.split()[1], 16)
    assert found & ~own == 0
    assert own & ~found <= 0b111 << 38  # an older engine does not know the last three


def test_init(engine: Engine) -> None:
    """The engine's little init is the first process, and reaps."""
    assert output(engine, "--init", NAME, "cat", "/proc/1/comm").strip() in (
        "docker-init",
        "tini",
        "catatonit",
        "podman-init",
    )


@everybody
def test_user_and_identity(engine: Engine) -> None:
    options = ["--user", "1000:1000", "--hostname", "box", "-e", "WORD=a b", "-w", "/tmp"]
    options += ["--ulimit", "nofile=100:200", "--ulimit", "nproc=99:99", "--group-add", "77"]
    script = 'id -u; id -g; id -G; hostname; echo "$WORD"; pwd; ulimit -n; ulimit -Hn'
    wanted = ["1000", "1000", "1000 77", "box", "a b", "/tmp", "100", "200"]
    assert output(engine, *options, NAME, *shell(script)).splitlines() == wanted


@everybody
def test_kernel_settings(engine: Engine) -> None:
    options = ["--sysctl", "kernel.msgmax=4096", "--shm-size", "8m", "--oom-score-adj", "500"]
    script = "cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj; df -k /dev/shm | tail -1"
    lines = output(engine, *options, NAME, *shell(script)).split()
    assert lines[:2] == ["4096", "500"] and "8192" in lines


@everybody
def test_devices(engine: Engine) -> None:
    script = "echo x > /dev/mine; ls /dev/mine; dd if=/dev/zero bs=1 count=1 2>/dev/null | wc -c"
    assert output(engine, "--device", "/dev/null:/dev/mine", NAME, *shell(script)) == (
        "/dev/mine\n1\n"
    )


def test_networks(engine: Engine) -> None:
    script = "cd /sys/class/net 2>/dev/null && ls; readlink /proc/self/ns/net"
    none = output(engine, NAME, *shell(script)).split()
    assert none[:-1] == ["lo"]
    words = ["run", "--rm", "--network", "host", *engine.place]
    host = engine(*words, NAME, "readlink", "/proc/self/ns/net").stdout.strip()
    assert host != none[-1]


def test_bridge_and_ports(engine: Engine, prefix: str) -> None:
    if not engine.daemon:
        pytest.skip("machine: Podman's bridge would be the host's")
    server = "echo 'ok' > /tmp/index.html; exec httpd -f -p 80 -h /tmp"
    words = ["run", "-d", "--name", prefix, "-p", "127.0.0.1:8080:80"]
    engine(*words, *engine.place, NAME, *shell(server))
    try:
        address = inspect(engine, prefix, "{{.NetworkSettings.IPAddress}}")
        assert address.startswith("10.99.78.")
        inside = engine("exec", prefix, "wget", "-qO-", "http://127.0.0.1/index.html")
        assert inside.stdout == "ok\n"
        command = ["nsenter", f"--net=/proc/{engine.daemon}/ns/net", "busybox", "wget", "-qO-"]
        for url in (f"http://{address}/index.html", "http://127.0.0.1:8080/index.html"):
            done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
            assert done.stdout == "ok\n"
    finally:
        remove(engine, prefix)


def test_restart(engine: Engine, prefix: str) -> None:
    words = ["-d", "--name", prefix, "--restart", "on-failure:2"]
    engine.run(*words, NAME, *shell("echo try; exit 3"))
    try:
        for _ in range(100):  # each look takes time enough; neither tells of the last try
            state = inspect(engine, prefix, "{{.State.Status}} {{.RestartCount}}")
            if state == "exited 2":
                break
        assert state == "exited 2"
        assert engine("logs", prefix).stdout == "try\n" * 3
        assert inspect(engine, prefix, "{{.State.ExitCode}}") == "3"
    finally:
        remove(engine, prefix)


@everybody
def test_logs_wait_and_start_again(engine: Engine, prefix: str) -> None:
    engine.run("-d", "--name", prefix, NAME, *shell("echo out; echo err >&2; exit 6"))
    try:
        assert engine("wait", prefix).stdout == "6\n"
        done = engine("logs", prefix)
        assert (done.stdout, done.stderr) == ("out\n", "err\n")
        engine("start", prefix)
        assert engine("wait", prefix).stdout == "6\n"
        assert engine("logs", prefix).stdout == "out\nout\n"
    finally:
        engine("rm", prefix)


def test_create_and_attach(engine: Engine, prefix: str) -> None:
    common = ["--network", "none", *engine.place]
    engine("create", "-i", "--name", prefix, *common, NAME, "cat")
    try:
        done = subprocess.run(
            [*engine.words, "start", "-a", "-i", prefix],
            input="through\n",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
            env=engine.environment,
        )
        assert done.stdout == "through\n"
    finally:
        remove(engine, prefix)


def test_attach_and_detach(engine: Engine, prefix: str) -> None:
    """From the terminal of a container that runs, and away from it by the key for that."""
    engine.run("-d", "-it", "--name", prefix, NAME, *shell("while read x; do echo got $x; done"))
    seat = Seat([*engine.anywhere, "attach", "--detach-keys", "ctrl-x", prefix])
    try:
        os.write(seat.master, b"words\r")
        read_until(seat.master, b"got words")
        os.write(seat.master, b"\x18")
        assert seat.finish() in (0, 1)  # Docker calls that an error
        assert inspect(engine, prefix, "{{.State.Status}}") == "running"
    finally:
        seat.close()
        remove(engine, prefix)


def test_enter_from_the_host(engine: Engine, detached: str) -> None:
    pid = inspect(engine, detached, "{{.State.Pid}}")
    words = ["nsenter", "-t", pid, "-m", "-u", "-i", "-n", "-p", "-r", "-w", "/bin/ps"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "sleep 1000" in done.stdout.splitlines()[1]


@everybody
def test_build(engine: Engine, prefix: str, shared: Path) -> None:
    name = {"docker": "Dockerfile"}.get(engine.words[0], "Containerfile")
    (shared / name).write_text(
        f"FROM {NAME}\nRUN echo built > /made && id -u >> /made\nUSER 1000\nRUN id -u > /tmp/user\n"
        "CMD cat /made /tmp/user\n"
    )
    tag = f"localhost/{prefix}built"
    engine("build", "-q", "--network", "none", "-t", tag, str(shared))
    try:
        assert output(engine, tag) == "built\n0\n1000\n"
    finally:
        engine("rmi", "-f", tag)


def test_filters(engine: Engine, shared: Path) -> None:
    script = "grep Seccomp: /proc/self/status; mkdir /tmp/x 2>/dev/null || echo refused"
    options = ["--security-opt", "seccomp=unconfined"]
    assert output(engine, *options, NAME, *shell(script)).split() == ["Seccomp:", "0"]
    rule = {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    (shared / "profile.json").write_text(json.dumps(profile))
    options = ["--security-opt", f"seccomp={shared}/profile.json"]
    assert output(engine, *options, NAME, *shell(script)).split() == ["Seccomp:", "2", "refused"]


@everybody
def test_exec_options(engine: Engine, detached: str) -> None:
    words = ["exec", "-u", "1000", "-e", "WORD=word", "-w", "/tmp", detached]
    script = "id -u; echo $WORD; pwd"
    assert engine(*words, *shell(script)).stdout == "1000\nword\n/tmp\n"
    engine("exec", "-d", detached, "touch", "/tmp/made")
    missing = engine("exec", detached, "nosuch", check=False)
    assert missing.returncode in (126, 127)
    seat = Seat([*engine.anywhere, "exec", "-it", detached, *shell("tty; exit 9")])
    try:
        assert b"/dev/" in read_until(seat.master, b"\n")
        assert seat.finish() == 9
    finally:
        seat.close()


@everybody
def test_copy(engine: Engine, detached: str, shared: Path) -> None:
    (shared / "file").write_text("copied\n")
    engine("cp", str(shared / "file"), f"{detached}:/tmp/file")
    assert engine("exec", detached, "cat", "/tmp/file").stdout == "copied\n"
    engine("cp", f"{detached}:/tmp/file", str(shared / "back"))
    assert (shared / "back").read_text() == "copied\n"


@everybody
def test_top_and_list(engine: Engine, detached: str) -> None:
    assert "sleep" in engine("top", detached).stdout
    listed = engine("ps", "--format", "{{.Names}} {{.Status}}").stdout
    assert f"{detached} Up" in listed


def test_stats(engine: Engine, detached: str) -> None:
    stats = engine("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", detached).stdout
    assert stats.split() == [detached, "1"]


def test_update(engine: Engine, detached: str) -> None:
    engine("update", "--cpu-shares", "256", "--memory", "64m", "--memory-swap", "128m", detached)
    pid = inspect(engine, detached, "{{.State.Pid}}")
    assert cgroup_file(pid, "cpu", "cpu.shares") == "256"
    assert cgroup_file(pid, "memory", "memory.limit_in_bytes") == str(64 << 20)


@pytest.mark.parametrize(
    "words", [["kill", "-s", signal.SIGUSR1.name], ["stop", "-t", "20"]], ids=["kill", "stop"]
)
def test_signals(engine: Engine, prefix: str, words: list[str]) -> None:
    engine.run("-d", "--name", prefix, NAME, *shell(WAITS))
    try:
        while "up" not in engine("logs", prefix).stdout:
            pass  # it has its trap then
        engine(*words, prefix)
        assert engine("wait", prefix).stdout == "5\n"
        assert engine("logs", prefix).stdout == "up\ngot\n"
    finally:
        remove(engine, prefix)
