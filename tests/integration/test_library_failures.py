# SPDX-License-Identifier: Apache-2.0
"""The library when something goes wrong, and what others in the process may have done."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.library import *  # noqa: F403 - fixtures
from integration.library import KNOWS_OTHERS, Make

import pyruntime
from pyruntime import PIPE, Container, Runtime, Status

NewId = Callable[[], str]


def open_fds() -> set[str]:
    gc.collect()  # other tests' objects
    return set(os.listdir("/proc/self/fd"))


def zombies() -> list[str]:
    own = f"/proc/self/task/{os.getpid()}/children"
    return Path(own).read_text().split()


def test_a_process_that_never_runs(sleeper: Container) -> None:
    before = open_fds()
    for args in (["/no/such"], ["/etc/passwd"]):
        with pytest.raises(pyruntime.StepError) as caught:
            sleeper.exec(args, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        assert args[0] in caught.value.message
    assert open_fds() == before


def test_a_failed_create_leaves_nothing(library: Runtime, bundle: Make, new_id: NewId) -> None:
    before, children = open_fds(), zombies()
    name = new_id()
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "exit 4"]}
    for wrong, error in (
        ({"mounts": [{"destination": "/x", "type": "nonsense", "source": "y"}]}, "StepError"),
        ({"hooks": {"createRuntime": [hook]}}, "HookError"),
        ({"hooks": {"poststart": [hook]}}, "HookError"),
        ({"process": {"cwd": 7}}, "ConfigError"),
        ({"process": {"args": ["/no/such"]}}, "StepError"),
    ):
        with pytest.raises(getattr(pyruntime, error)):
            library.launch(name, bundle(**wrong), stdout=PIPE, stdin=PIPE)
    assert (open_fds(), zombies()) == (before, children)
    assert library.list() == []


@pytest.mark.parametrize("what", ["launch", "exec"])
def test_out_of_descriptors_at_any_point(
    sleeper: Container, library: Runtime, bundle: Make, new_id: NewId, what: str
) -> None:
    made, name, args = library.load(bundle(["/bin/true"])), new_id(), ["/bin/true"]
    sleeper.run(args, capture_output=True)  # imports
    gc.collect()
    limits, before, done = resource.getrlimit(resource.RLIMIT_NOFILE), open_fds(), 0
    for limit in range(3, 80):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limits[1]))
        try:
            if what == "exec":
                process = sleeper.exec(args, stdin=PIPE, stdout=PIPE, stderr=PIPE)
            else:
                box = library.launch(name, made, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        except (pyruntime.Error, OSError):
            done = 0
        else:
            done += 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        if done and what == "exec":
            process.wait()
            process.close()
        elif done:
            box.delete(force=True)
            box.close()
        process = box = None  # type: ignore[assignment]
        gc.collect()
        assert open_fds() == before, limit
        assert [found.id for found in library.list()] == [sleeper.id]
        if done == 3:
            break
    assert done == 3


class Interrupt(BaseException):
    """As KeyboardInterrupt, which pytest takes for itself."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupted_anywhere(library: Runtime, bundle: Make, new_id: NewId) -> None:
    """A handler that raises, at forty instants of a launch."""
    made, name = library.load(bundle(["/bin/sleep", "600"])), new_id()

    def handler(_number: int, _frame: object) -> None:
        raise Interrupt

    began = time.monotonic()
    library.launch(name, made).delete(force=True)
    whole = time.monotonic() - began
    before = signal.signal(signal.SIGALRM, handler)
    interrupted = 0
    try:
        for number in range(40):
            try:
                signal.setitimer(signal.ITIMER_REAL, whole * (number + 1) / 40)
                library.launch(name, made)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupt:
                interrupted += 1
            library.delete(name, force=True)
            assert not Path(library.root, name).exists()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted


def test_start_that_fails(library: Runtime, bundle: Make, new_id: NewId) -> None:
    with library.create(new_id(), bundle(process={"args": ["/bin/true"]})) as box:
        Path(box.state.rootfs, "bin/true").unlink()
        Path(box.state.rootfs, "bin/true").write_text("no program")
        Path(box.state.rootfs, "bin/true").chmod(0o755)
        with pytest.raises(pyruntime.StepError, match="exec format error"):
            box.start()
        box.wait(20)


def test_an_id_that_is_taken(sleeper: Container, library: Runtime, bundle: Make) -> None:
    with pytest.raises(pyruntime.Exists):
        library.create(sleeper.id, bundle())
    assert sleeper.status == Status.RUNNING


def test_a_damaged_record_hides_no_other(sleeper: Container, library: Runtime) -> None:
    damaged = Path(library.root, "damaged")
    damaged.mkdir()
    (damaged / "state.json").write_text("{}")
    Path(library.root, "begun").mkdir()
    found = library.list()
    assert [box.id for box in found] == ["damaged", sleeper.id]
    with pytest.raises(pyruntime.StateError, match="damaged"):
        _ = found[0].state
    found[0].delete(force=True)
    assert [box.id for box in library.list()] == [sleeper.id]
    Path(library.root, "begun").rmdir()


def test_closed_standard_streams(library: Runtime, bundle: Make, new_id: NewId) -> None:
    """As a daemon has them: the container gets /dev/null, and no descriptor of ours."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.closerange(0, 3)
            with library.launch(new_id(), bundle(["/bin/sleep", "600"])) as box:
                done = box.run(
                    ["sh", "-c", "readlink /proc/self/fd/0; readlink /proc/self/fd/2"], stdout=PIPE
                )
                status = int(done.stdout != b"/dev/null\n/dev/null\n" or done.returncode != 0)
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_other_children_keep_their_exit_statuses(sleeper: Container) -> None:
    with subprocess.Popen(["sh", "-c", "exit 5"]) as mine:
        os.waitid(os.P_PID, mine.pid, os.WEXITED | os.WNOWAIT)
        sleeper.run(["true"])
        sleeper.kill()
        assert sleeper.wait(20) == -9
        assert mine.wait() == 5


@pytest.mark.vm
def test_a_status_that_another_took(sleeper: Container) -> None:
    """A program that waits for any child, in another place."""
    process = sleeper.exec(["sh", "-c", "exit 6"])
    os.waitpid(process.pid, 0)
    if KNOWS_OTHERS:
        assert process.wait() == 6
    else:
        with pytest.raises(pyruntime.StateError, match="not known"):
            process.wait()


def test_ignored_child_signals(
    sleeper: Container, library: Runtime, bundle: Make, new_id: NewId
) -> None:
    """The kernel reaps then, and nobody is told."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        process = sleeper.exec(["true"])
        try:
            process.wait()
        except pyruntime.StateError as err:
            assert err.code == "status-unknown"
        hook = {"path": "/bin/true"}
        mapped = {"uidMappings": [{"containerID": 0, "hostID": 0, "size": 1000}]}
        mapped["gidMappings"] = mapped["uidMappings"]
        namespaces = [{"type": kind} for kind in ("user", "pid", "mount", "ipc")]
        made = bundle(
            ["/bin/true"],
            hooks={"createRuntime": [hook]},
            linux={"namespaces": namespaces, **mapped},
            hostname=None,
        )
        with library.launch(new_id(), made) as box:
            box.wait(20)
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_dropped_objects_leave_no_zombie(sleeper: Container) -> None:
    """They are reaped by whatever is asked next."""
    pids = [sleeper.exec(["true"]).pid for _ in range(5)]
    for pid in pids:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert sleeper.status == Status.RUNNING
    assert not set(zombies()) & set(map(str, pids))


@pytest.mark.vm
@pytest.mark.parametrize("how", ["delete", "wait", "stop", "events"])
def test_a_process_that_nobody_waits_for(sleeper: Container, how: str) -> None:
    """Its zombie in the container's pid namespace would keep the init from ending."""
    process = sleeper.exec(["sleep", "600"])
    if how == "delete":
        sleeper.delete(force=True)
    elif how == "stop":
        sleeper.stop(0.1)
    else:
        sleeper.kill()
        if how == "wait":
            assert sleeper.wait(5) == -9
        else:
            assert [type(event) for event in sleeper.events()] == [pyruntime.ExitEvent]
    assert process.returncode == process.wait(0) == -9
