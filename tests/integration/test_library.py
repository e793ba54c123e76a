# SPDX-License-Identifier: Apache-2.0
"""The runtime as a library: containers made and used in this process."""

from __future__ import annotations

import io
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from integration.library import *  # noqa: F403 - fixtures
from integration.library import KNOWS_OTHERS, Make
from support.leftovers import command_line
from support.runtime import Runtime as Program

import pyruntime
from pyruntime import DEVNULL, PIPE, STDOUT, Container, Runtime, Status

NewId = Callable[[], str]


def test_run_gives_what_the_program_wrote(library: Runtime, bundle: Make, new_id: NewId) -> None:
    script = ["/bin/sh", "-c", "cat; printf 'problem\\r\\n' >&2; exit 3"]
    done = library.run(new_id(), bundle(script), input="text\n", capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, "text\n", "problem\n")
    assert done.args == tuple(script)
    with pytest.raises(pyruntime.CommandFailed, match="/bin/sh: exit status 3") as caught:
        done.check()
    assert (caught.value.returncode, caught.value.stderr) == (3, "problem\n")
    assert library.list() == []


def test_run_in_bytes_with_other_args(library: Runtime, bundle: Make, new_id: NewId) -> None:
    """More than a pipe holds goes through both ways."""
    data = os.urandom(300_000)
    done = library.run(
        new_id(), bundle(["/bin/false"]), args=["/bin/cat"], input=data, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, data, b"")


def test_run_that_takes_too_long_ends(library: Runtime, bundle: Make, new_id: NewId) -> None:
    script = bundle(["/bin/sh", "-c", "echo begun; sleep 600"])
    with pytest.raises(TimeoutError) as caught:
        library.run(new_id(), script, capture_output=True, timeout=0.5)
    assert isinstance(caught.value, pyruntime.TimeoutExpired)
    assert caught.value.stdout == b"begun\n"
    assert caught.value.code == "timeout"
    assert library.list() == []


def test_run_of_a_signalled_program(library: Runtime, bundle: Make, new_id: NewId) -> None:
    script = bundle(["/bin/sh", "-c", "kill -9 $$"], linux={"namespaces": [{"type": "mount"}]})
    script.change(hostname=None)
    with pytest.raises(pyruntime.CommandFailed, match="signal 9"):
        library.run(new_id(), script, check=True)


@pytest.mark.vm
def test_the_states_of_a_life(library: Runtime, bundle: Make, new_id: NewId) -> None:
    script = "trap 'exit 7' TERM; echo; while :; do sleep 0.05; done"
    made = bundle(["/bin/sh", "-c", script])
    name = new_id()
    with library.create(name, made, stdout=PIPE) as box:
        found = box.state
        assert (found.id, found.status, found.bundle) == (name, Status.CREATED, str(made))
        assert found.status == "created"
        assert datetime.now(UTC) - found.created < timedelta(minutes=1)
        assert (found.owner, found.annotations, found.oci_version) == (0, {}, "1.0.2")
        assert box.config["hostname"] == "test"
        assert box.poll() is None
        with pytest.raises(pyruntime.TimeoutExpired):
            box.wait(0.01)
        box.start()
        assert box.status == Status.RUNNING
        assert box.pid in box.processes()
        box.pause()
        assert box.status == Status.PAUSED
        box.resume()
        with pytest.raises(pyruntime.StateError, match="already running"):
            box.start()
        with pytest.raises(pyruntime.StateError, match="not stopped"):
            box.delete()
        assert box.stdout is not None and box.stdout.readline()
        box.signal("TERM")
        assert box.wait(20) == box.returncode == 7
        assert box.state.pid == 0
        with pytest.raises(pyruntime.NotRunning):
            box.signal(signal.SIGTERM)
        box.delete()
        with pytest.raises(pyruntime.NotFound):
            _ = box.state
    assert box.returncode == 7


def test_stop_is_patient_and_then_is_not(library: Runtime, bundle: Make, new_id: NewId) -> None:
    stubborn = bundle(["/bin/sh", "-c", "trap '' TERM; echo; while :; do sleep 0.05; done"])
    with library.launch(new_id(), stubborn, stdout=PIPE) as box:
        assert box.stdout is not None
        box.stdout.readline()
        assert box.stop(0.3) == -signal.SIGKILL
        assert box.stop() == -signal.SIGKILL


@pytest.mark.vm
def test_exec_talks_by_pipes(sleeper: Container) -> None:
    with sleeper.exec(["cat"], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin and process.stdout
        assert process.poll() is None
        assert command_line(process.pid) == "cat"
        for word in ("one\n", "zwei ü\n"):
            process.stdin.write(word)
            process.stdin.flush()
            assert process.stdout.readline() == word
    assert process.returncode == 0
    assert process.wait() == process.poll() == 0


def test_exec_streams_go_where_they_are_sent(sleeper: Container, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w") as file:
        sleeper.run(["sh", "-c", "echo out; echo err >&2"], stdout=file, stderr=STDOUT, check=True)
    assert path.read_text() == "out\nerr\n"
    script = ["sh", "-c", "echo out; echo err >&2; wc -c"]
    done = sleeper.exec(script, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT).communicate()
    assert done == (b"out\nerr\n0\n", b"")


def test_exec_has_what_was_asked_for(sleeper: Container) -> None:
    script = "id -u; id -g; id -G; pwd; echo $A $PATH; grep -E '^(CapEff|NoNew)' /proc/self/status"
    done = sleeper.run(
        ["sh", "-c", script],
        user=(1000, 1001),
        groups=[7],
        cwd="/tmp",
        env={"A": "b c"},
        no_new_privileges=True,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert lines[:4] == ["1000", "1001", "1001 7", "/tmp"]
    assert lines[4].startswith("b c /usr/local/sbin")
    assert lines[6].split()[1] == "1"


def test_exec_of_a_whole_process(sleeper: Container) -> None:
    process = {"args": ["/bin/sh", "-c", "pwd"], "cwd": "/etc", "user": {"uid": 0, "gid": 0}}
    assert sleeper.run(process, capture_output=True, check=True).stdout == b"/etc\n"
    with pytest.raises(pyruntime.UsageError, match="user"):
        sleeper.exec(process, user=3)
    with pytest.raises(pyruntime.ConfigError, match="cwd"):
        sleeper.exec({"args": ["/bin/true"]})


def test_descriptors_are_passed_from_3_on(sleeper: Container, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content\n")
    ours, theirs = socket.socketpair()
    with (tmp_path / "file").open() as file, ours, theirs:
        script = ["sh", "-c", "cat <&3; echo answer >&4; ls /proc/self/fd"]
        numbers = [file.fileno(), theirs.fileno()]
        done = sleeper.run(script, pass_fds=numbers, capture_output=True, check=True, text=True)
        assert done.stdout.split() == ["content", "0", "1", "2", "3", "4", "5"]
        assert ours.recv(100) == b"answer\n"


def test_exec_on_a_terminal(sleeper: Container) -> None:
    script = ["sh", "-c", "stty size; read x; stty size; echo got $x; tty"]
    with sleeper.exec(script, tty=True, size=(40, 132)) as process:
        terminal = process.terminal
        assert terminal is not None and terminal.isatty()
        said = io.BufferedReader(terminal)  # type: ignore[type-var]
        assert said.readline() == b"40 132\r\n"
        terminal.resize(25, 90)
        terminal.write(b"word\n")
        assert said.read().splitlines() == [b"word", b"25 90", b"got word", b"/dev/pts/0"]
        assert process.wait() == 0


def test_a_container_on_a_terminal(library: Runtime, bundle: Make, new_id: NewId) -> None:
    made = bundle(
        ["/bin/tty"], process={"terminal": True, "consoleSize": {"height": 9, "width": 9}}
    )
    with library.create(new_id(), made) as box:
        assert box.terminal is not None
        box.start()
        assert box.terminal.readall() == b"/dev/pts/0\r\n"
        assert box.wait(20) == 0
    with pytest.raises(pyruntime.UsageError, match="no other streams"):
        library.launch(new_id(), made, stdout=PIPE)


def test_exec_killed_when_it_takes_too_long(sleeper: Container) -> None:
    with pytest.raises(pyruntime.TimeoutExpired) as caught:
        sleeper.run(["sh", "-c", "echo begun; exec sleep 600"], capture_output=True, timeout=0.5)
    assert caught.value.stdout == b"begun\n"
    assert len(sleeper.processes()) == 1


def test_communicate_can_be_taken_up_again(sleeper: Container) -> None:
    process = sleeper.exec(["sh", "-c", "echo a; read x; echo $x"], stdin=PIPE, stdout=PIPE)
    with pytest.raises(pyruntime.TimeoutExpired):
        process.wait(0.01)
    reader = sleeper.exec(["sh", "-c", "echo a; sleep 0.4; echo b"], stdout=PIPE, text=True)
    with pytest.raises(pyruntime.TimeoutExpired) as caught:
        reader.communicate(timeout=0.2)
    assert caught.value.stdout in ("", "a\n")
    assert reader.communicate() == ("a\nb\n", "")
    assert process.communicate(b"line\n") == (b"a\nline\n", b"")


def test_what_is_no_argument(sleeper: Container) -> None:
    with pytest.raises(TypeError, match="one string"):
        sleeper.exec("ls")
    with pytest.raises(TypeError, match="'sdtin'"):
        sleeper.exec(["ls"], sdtin=PIPE)  # type: ignore[call-overload]
    with pytest.raises(LookupError):
        sleeper.exec(["ls"], text=True, encoding="nonsense")
    with pytest.raises(pyruntime.UsageError, match="-7 is no stream"):
        sleeper.exec(["ls"], stdin=-7)
    with pytest.raises(OSError, match="Bad file descriptor"):
        sleeper.exec(["ls"], stdin=9999)
    with pytest.raises(pyruntime.HostError, match="kill: Invalid argument"):
        sleeper.exec(["sleep", "9"]).signal(99)
    with pytest.raises(pyruntime.UsageError, match="capture_output"):
        sleeper.run(["ls"], capture_output=True, stdout=PIPE)
    with pytest.raises(pyruntime.UsageError, match="unknown signal"):
        sleeper.signal("NONSENSE")


@pytest.mark.vm
def test_limits_and_statistics(sleeper: Container) -> None:
    before = sleeper.stats()
    assert (before.id, before.memory.limit) == (sleeper.id, None)
    sleeper.update(memory={"limit": 64 << 20}, pids={"limit": 20})
    sleeper.update({"pids": {"limit": 30}})
    sleeper.run(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])
    now = sleeper.stats()
    assert (now.memory.limit, now.pids.limit, now.pids.current) == (64 << 20, 30, 1)
    assert now.cpu.total > before.cpu.total
    assert 0 < now.cpu_percent(before) < 400
    assert [interface.name for interface in now.network] == ["lo"]
    assert now.raw["pids"]["limit"] == 30
    with pytest.raises(pyruntime.ConfigError, match="memory"):
        sleeper.update(memory={"limit": "much"})


def test_found_containers_are_let_go(
    runtime: Program, library: Runtime, bundle: Make, state_root: Path
) -> None:
    """One of the command line's: everything works but its exit status, which is its parent's."""
    name = runtime.create(bundle(["/bin/sh", "-c", "sleep 600"]))
    with library.get(name) as box:
        assert box.status == Status.CREATED
        box.start()
        assert box.run(["echo", "x"], capture_output=True).stdout == b"x\n"
    assert library.get(name).status == Status.RUNNING
    assert [found.id for found in library.list()] == [name]
    box.kill()
    box.wait(20)
    box.delete()
    assert library.list() == []
    with pytest.raises(pyruntime.NotFound):
        library.get(name)
    assert Runtime(state_root / "missing").list() == []


@pytest.mark.vm
def test_the_end_of_anothers_child(sleeper: Container, library: Runtime) -> None:
    other = Runtime(library.root).get(sleeper.id)
    with pytest.raises(pyruntime.TimeoutExpired):
        other.wait(0.01)
    sleeper.kill()
    assert sleeper.wait(20) == -9
    if KNOWS_OTHERS:
        assert other.wait(20) == -9
    assert library.get(sleeper.id).wait() == -9
    assert Runtime(library.root).get(sleeper.id).wait() is None


def test_a_deleted_container_is_no_longer_ones_own(
    library: Runtime, bundle: Make, new_id: NewId
) -> None:
    made, name = bundle(["/bin/sleep", "600"]), new_id()
    with library.create(name, made) as first:
        first.delete()
        second = library.create(name, made)
    with second:
        assert second.status == Status.CREATED


def test_bundles_need_no_file(library: Runtime, bundle: Make, new_id: NewId) -> None:
    made = bundle()
    loaded = library.load(made)
    (made.path / "config.json").unlink()
    loaded.config["process"]["args"] = ["/bin/hostname"]
    loaded.config["hostname"] = "elsewhere"
    assert library.run(new_id(), loaded, capture_output=True).stdout == b"elsewhere\n"
    loaded.config["hostname"] = 7
    with pytest.raises(pyruntime.ConfigError, match="/hostname"):
        library.create(new_id(), loaded)
    loaded.config["hostname"] = {1, 2}
    with pytest.raises(pyruntime.ConfigError, match="JSON"):
        library.create(new_id(), loaded)
    loaded.config["hostname"] = "saved"
    loaded.save()
    assert library.load(made.path).config == loaded.config


def test_validate_plan_features(library: Runtime, bundle: Make) -> None:
    made = bundle(process={"cwd": 3}, linux={"resources": {"memory": {"kernel": 1}}})
    problems = library.validate(made)
    assert [(p.pointer, p.severity, p.line > 0) for p in problems] == [
        ("/process/cwd", "error", True),
        ("/linux/resources/memory/kernel", "warning", True),
    ]
    made.change(process={"cwd": "/", "apparmorProfile": "x"}, linux={"resources": None})
    assert library.validate(made) == []
    assert "AppArmor" in library.validate(library.load(made), host=True)[0].message
    plan = library.plan(made, "name")
    assert [step.op for step in plan.steps][-1] == "execve"
    assert str(plan) == plan.text and "mount proc on /proc" in plan.text
    assert plan.data["terminal"] is False
    assert library.features()["ociVersionMax"] == "1.3.0"


def test_warnings_go_to_the_logger(
    library: Runtime, bundle: Make, new_id: NewId, caplog: pytest.LogCaptureFixture
) -> None:
    ambient = {"capabilities": {"ambient": ["CAP_KILL"]}}
    library.run(new_id(), bundle(process=ambient))
    assert "/process/capabilities/ambient" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.DEBUG, logger="mine"):
        Runtime(library.root, logger=logging.getLogger("mine")).run(new_id(), bundle())
    assert "step 0: start a session" in caplog.text


def test_settings_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(pyruntime.UsageError):
        Runtime("/")
    with pytest.raises(pyruntime.UsageError):
        Runtime(tmp_path, cgroup_manager="nonsense")  # type: ignore[arg-type]


@pytest.mark.vm
def test_systemd_makes_the_cgroup(library: Runtime, bundle: Make, new_id: NewId) -> None:
    if not Path("/run/systemd/system").is_dir():
        pytest.skip("virtual machine: it has systemd")
    by_systemd = Runtime(library.root, cgroup_manager="systemd")
    made = bundle(["/bin/sleep", "600"], linux={"cgroupsPath": f"system.slice:x:{new_id()}"})
    with by_systemd.launch(new_id(), made) as box:
        box.update(pids={"limit": 40})
        assert box.stats().pids.limit == 40
        assert box.run(["echo", "x"], capture_output=True).stdout == b"x\n"
        assert ".scope" in Path(f"/proc/{box.pid}/cgroup").read_text()


def test_without_cgroups(library: Runtime, bundle: Make, new_id: NewId) -> None:
    bare = Runtime(library.root, cgroup_manager="disabled")
    box = bare.launch(new_id(), bundle(["/bin/sleep", "600"]))
    with box, pytest.raises(pyruntime.StateError, match="disabled"):
        box.processes()


def test_a_pid_file(library: Runtime, bundle: Make, new_id: NewId, tmp_path: Path) -> None:
    with library.create(new_id(), bundle(), pid_file=tmp_path / "pid") as box:
        assert (tmp_path / "pid").read_text() == str(box.pid)


# What belongs to the process


def test_the_service_manager_is_the_programs_own(
    library: Runtime, bundle: Make, new_id: NewId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its NOTIFY_SOCKET and LISTEN_FDS are not the container's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        with library.create(new_id(), bundle(["/bin/env"]), stdout=PIPE) as box:
            began = time.monotonic()
            box.start()
            assert time.monotonic() - began < 10
            out, _ = box.communicate()
        assert b"NOTIFY" not in out and b"LISTEN" not in out
        with pytest.raises(BlockingIOError):
            manager.recv(100)
