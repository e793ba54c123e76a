# SPDX-License-Identifier: Apache-2.0
"""A container's life: create, start, state, kill, delete, list, and what each refuses when."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.asking import QUIET, await_end, kill, pid, state, status
from integration.gate import Gate
from support.bundle import Bundle
from support.leftovers import Snapshot, cgroups
from support.runtime import Runtime

Make = Callable[..., Bundle]
SLEEP = ["/bin/sleep", "1000"]


def refused(runtime: Runtime, said: str, *args: str, code: int = 1) -> None:
    done = runtime(*args, check=False)
    assert done.returncode == code
    assert re.search(said, done.stderr, re.IGNORECASE), done.stderr


@pytest.mark.vm
def test_a_whole_life(
    runtime: Runtime, bundle: Make, leftovers: Snapshot, prefix: str, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    proof.mkdir()
    made = bundle(["/bin/sh", "-c", "echo ran > /mnt/ran; exec sleep 1000"])
    made.config["mounts"].append(
        {"destination": "/mnt", "source": str(proof), "type": "bind", "options": ["bind"]}
    )
    made.config["annotations"] = {"org.example.key": "value"}
    made.save()
    name = runtime.create(made)
    assert not list(proof.iterdir()), "the program ran before start"
    found = state(runtime, name)
    assert found["id"] == name
    assert found["status"] == "created"
    assert found["bundle"] == str(made)
    assert found["annotations"] == {"org.example.key": "value"}
    assert re.match(r"\d+\.\d+\.\d+", found["ociVersion"])
    assert Path(f"/proc/{found['pid']}").is_dir()
    assert cgroups(prefix)
    runtime("start", name)
    assert state(runtime, name) | {"status": "created"} == found
    assert status(runtime, name) == "running"
    kill(runtime, name, "KILL")
    assert state(runtime, name)["status"] == "stopped"
    assert state(runtime, name)["pid"] == 0
    runtime("delete", name)
    assert leftovers.compare() == []
    refused(runtime, "does not exist", "state", name)


def test_a_created_container_is_not_the_program(runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(bundle(SLEEP))
    command = Path(f"/proc/{pid(runtime, name)}/cmdline").read_bytes()
    assert b"sleep" not in command
    runtime("start", name)
    command = Path(f"/proc/{pid(runtime, name)}/cmdline").read_bytes()
    assert command == b"/bin/sleep\0001000\0"


def test_start_is_for_created_containers(runtime: Runtime, running: str) -> None:
    refused(runtime, "running|started", "start", running)
    kill(runtime, running, "KILL")
    refused(runtime, "stopped", "start", running)


def test_start_of_a_container_whose_init_was_killed(runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(bundle(SLEEP))
    kill(runtime, name, "KILL")
    refused(runtime, "stopped", "start", name)


def test_a_program_that_the_kernel_cannot_run(
    runtime: Runtime, bundle: Make, only_ours: None
) -> None:
    """Found out by execve alone: start fails with its answer, and the container has stopped."""
    made = bundle(["/bin/garbage"])
    (made.rootfs / "bin/garbage").write_bytes(b"\x7fELF, and then nothing of the kind")
    (made.rootfs / "bin/garbage").chmod(0o755)
    name = runtime.create(made)
    refused(runtime, "exec format error", "start", name)
    assert status(runtime, name) == "stopped"
    runtime("delete", name)


def test_configuration_is_kept_from_create(runtime: Runtime, bundle: Make) -> None:
    made = bundle(["/bin/sh", "-c", "exit 3"])
    name = runtime.create(made)
    made.change(process={"args": SLEEP})
    init = pid(runtime, name)
    runtime("start", name)
    await_end(init)
    assert status(runtime, name) == "stopped"


def test_create_without_process(runtime: Runtime, bundle: Make, only_ours: None) -> None:
    """config.md: process is needed when start is called, and not before."""
    name = runtime.create(bundle(process=None))
    assert status(runtime, name) == "created"
    refused(runtime, "process", "start", name)


def test_the_id_in_use(runtime: Runtime, bundle: Make) -> None:
    made = bundle(SLEEP)
    name = runtime.create(made)
    refused(runtime, "already exists", "create", "--bundle", str(made), name)
    assert status(runtime, name) == "created"
    runtime("start", name)
    refused(runtime, "already exists", "run", "--bundle", str(made), name)
    assert status(runtime, name) == "running"


@pytest.mark.vm
def test_two_creates_of_one_id_at_once(runtime: Runtime, bundle: Make) -> None:
    """Exactly one wins, and its container works."""
    made = bundle(SLEEP)
    name = runtime.new_id()
    racers = [
        subprocess.Popen(
            runtime.command("create", "--bundle", made, name),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]  # fmt: skip
    assert sorted(racer.wait(30) for racer in racers) == [0, 1, 1, 1]
    runtime("start", name)
    assert status(runtime, name) == "running"


def test_delete_of_a_created_container(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    name = runtime.create(bundle(SLEEP))
    assert status(runtime, name) == "created"
    runtime("delete", name)
    assert leftovers.compare() == []


def test_delete_refuses_a_running_container(
    runtime: Runtime, running: str, leftovers: Snapshot
) -> None:
    refused(runtime, "running|not stopped", "delete", running)
    assert status(runtime, running) == "running"
    runtime("delete", "--force", running)
    assert leftovers.compare() == []


def test_delete_of_the_absent(runtime: Runtime) -> None:
    refused(runtime, "does not exist", "delete", "absent")
    runtime("delete", "--force", "absent")


def test_several_deletes_by_force_at_once(runtime: Runtime, running: str) -> None:
    """To those that come late the container is absent, which is no error. The lock is held
    until all of them wait for it."""
    init = pid(runtime, running)
    lock = os.open(runtime.root / running, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    words = runtime.command("delete", "--force", running)
    found = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    await_end(init)
    os.close(lock)
    ended = [(process.communicate(timeout=20)[1], process.returncode) for process in found]
    assert ended == [("", 0)] * 4


def test_force_removes_a_directory_without_record(runtime: Runtime, state_root: Path) -> None:
    (state_root / "broken").mkdir(parents=True)
    runtime("delete", "--force", "broken")
    assert not (state_root / "broken").exists()


def test_force_removes_a_damaged_record(
    runtime: Runtime, state_root: Path, only_ours: None
) -> None:
    (state_root / "broken").mkdir(parents=True)
    (state_root / "broken/state.json").write_text('{"id": ')
    refused(runtime, "broken|state", "state", "broken")
    runtime("delete", "--force", "broken")
    assert not (state_root / "broken").exists()


@pytest.mark.vm
def test_force_kills_what_shares_the_hosts_pid_namespace(
    runtime: Runtime, bundle: Make, leftovers: Snapshot, gate: Gate
) -> None:
    """Without a pid namespace the init's end ends nobody else: the cgroup says who is left."""
    script = f"sleep 1000 & sleep 1000 & {gate.script_at('/mnt')}"
    made = bundle(["/bin/sh", "-c", script])
    made.config["mounts"].append(
        {"destination": "/mnt", "source": str(gate.path), "type": "bind", "options": ["bind"]}
    )
    others = [n for n in made.config["linux"]["namespaces"] if n["type"] != "pid"]
    made.change(linux={"namespaces": others})
    name = runtime.new_id()
    runtime("run", "-d", "--bundle", made, name, **QUIET)
    gate.reached()
    assert len(json.loads(runtime("ps", "--format", "json", name).stdout)) == 3
    runtime("delete", "--force", name)
    assert leftovers.compare() == []


@pytest.mark.parametrize("signal", ["TERM", "SIGTERM", "sigterm", "15", None])
def test_kill_takes_names_and_numbers(signal: str | None, runtime: Runtime, bundle: Make) -> None:
    script = "trap 'exit 9' TERM; echo > /mnt/up; while :; do sleep 0.1; done"
    made = bundle(["/bin/sh", "-c", script])
    fifo = made.path / "fifo"
    fifo.mkdir()
    os.mkfifo(fifo / "up")
    made.config["mounts"].append(
        {"destination": "/mnt", "source": str(fifo), "type": "bind", "options": ["bind"]}
    )
    made.save()
    name = runtime.create(made)
    init = pid(runtime, name)
    runtime("start", name)
    (fifo / "up").read_text()
    runtime("kill", name, *([signal] if signal else []))
    await_end(init)
    assert status(runtime, name) == "stopped"


@pytest.mark.parametrize("signal", ["BOGUS", "SIG", "99999", "-5"])
def test_kill_refuses_what_is_no_signal(signal: str, runtime: Runtime, running: str) -> None:
    done = runtime("kill", running, signal, check=False)
    assert done.returncode == 1
    assert status(runtime, running) == "running"


@pytest.mark.vm
def test_kill_of_a_created_container(runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(bundle(SLEEP))
    kill(runtime, name, "KILL")
    assert status(runtime, name) == "stopped"


def test_kill_of_what_does_not_run(runtime: Runtime, running: str) -> None:
    refused(runtime, "does not exist", "kill", "absent", "KILL")
    kill(runtime, running, "KILL")
    refused(runtime, "container not running", "kill", running, "KILL")
    runtime("kill", "--all", running, "KILL")


def test_list(runtime: Runtime, bundle: Make, state_root: Path) -> None:
    made = bundle(SLEEP)
    one = runtime.create(made)
    two = runtime.create(made)
    runtime("start", two)
    rows = runtime("list").stdout.splitlines()
    assert rows[0].split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    listed = [row.split() for row in rows[1:]]
    assert [row[:4] for row in listed] == [
        [one, str(pid(runtime, one)), "created", str(made)],
        [two, str(pid(runtime, two)), "running", str(made)],
    ]
    assert all(row[5] == "root" for row in listed)
    assert runtime("list", "-q").stdout.split() == [one, two]
    found = json.loads(runtime("list", "--format", "json").stdout)
    assert [(each["id"], each["status"]) for each in found] == [(one, "created"), (two, "running")]


def test_list_of_nothing(runtime: Runtime, state_root: Path) -> None:
    state_root.mkdir()
    assert len(runtime("list").stdout.splitlines()) == 1
    assert json.loads(runtime("list", "-f", "json").stdout) in ([], None)
    assert runtime("list", "--quiet").stdout == ""


@pytest.mark.vm
def test_pause_and_resume(runtime: Runtime, running: str) -> None:
    runtime("pause", running)
    assert status(runtime, running) == "paused"
    refused(runtime, "paused", "exec", running, "/bin/true", code=255)
    refused(runtime, "paused|not running", "pause", running)
    runtime("resume", running)
    assert status(runtime, running) == "running"
    assert runtime("exec", running, "/bin/echo", "thawed").stdout == "thawed\n"
    refused(runtime, "not paused", "resume", running)


@pytest.mark.vm
def test_force_removes_a_paused_container(
    runtime: Runtime, running: str, leftovers: Snapshot
) -> None:
    runtime("pause", running)
    assert status(runtime, running) == "paused"
    runtime("delete", "--force", running)
    assert leftovers.compare() == []


@pytest.mark.vm
def test_ps(runtime: Runtime, running: str) -> None:
    assert json.loads(runtime("ps", "--format", "json", running).stdout) == [pid(runtime, running)]
    rows = runtime("ps", running).stdout.splitlines()
    assert "PID" in rows[0]
    assert [row for row in rows[1:] if "/bin/sleep 1000" in row] == rows[1:] != []
