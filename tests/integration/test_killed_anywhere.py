# SPDX-License-Identifier: Apache-2.0
"""The runtime is killed at any system call: `delete --force` still removes everything.

Each test walks through one command's calls, killing it at one after the other.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from integration.account import Account, ranges
from integration.inside import mapped
from integration.interrupted import Point, kill_at, points, signal_at
from support.bundle import Bundle
from support.leftovers import Snapshot, descendants, exiting
from support.runtime import Runtime

Make = Callable[..., Bundle]

# One in so many calls. All of them, which $PYRUNTIME_KILL_EVERY=1 asks the marked tests for,
# take more than five minutes.
SAMPLE = 5
MANY = int(os.environ.get("PYRUNTIME_KILL_EVERY", "3"))

pytestmark = pytest.mark.usefixtures("only_ours")


@pytest.fixture(autouse=True)
def strace() -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")


class Caller(Protocol):
    """A Runtime, or an Account."""

    def __call__(self, *args: str, check: bool = ...) -> subprocess.CompletedProcess[str]: ...

    def new_id(self) -> str: ...


def check_each(
    chosen: Sequence[Point],
    runtime: Caller,
    leftovers: Snapshot,
    prepare: Callable[[str], list[str]],
    prefix: Sequence[str] = (),
) -> None:
    """Kill the command that `prepare` gives for an id at each point; then delete by force."""
    bad = []
    killed = 0
    for point in chosen:
        name = runtime.new_id()
        killed += kill_at(point, prepare(name), prefix=prefix)
        done = runtime("delete", "--force", name, check=False)
        if done.returncode:
            bad.append(f"{point}\n  delete: {done.stderr}")
        bad += [f"{point}\n  left: {line}" for line in leftovers.compare()]
    assert not bad, "\n".join(bad)
    # Another way through the code now and then ends before the point; on a busy machine, where
    # what is waited for comes sooner or later, more often. Most points must have been reached.
    assert killed > len(chosen) * 0.6


@pytest.fixture(params=[SAMPLE, pytest.param(MANY, marks=pytest.mark.slow)], ids=["some", "many"])
def step(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


def seldom(step: int) -> int:
    """A sample of half the size, for what is much like test_create."""
    return step if step == MANY else 2 * step


def test_create(
    step: int, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    made = bundle(["/bin/sleep", "1000"])

    def create(name: str) -> list[str]:
        return runtime.command("create", "--bundle", made, name)

    first = runtime.new_id()
    found = points(create(first), tmp_path / "strace", first)
    runtime("delete", "--force", first)
    assert any(point.name.startswith("clone") for point in found)
    check_each(found[::step], runtime, leftovers, create)


@pytest.mark.parametrize("verb", ["create", "run"])
def test_interrupted(
    verb: str, step: int, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    """Ctrl-C: the command takes back what it has made, or has come to its end."""
    made = bundle(["/bin/sleep", "1000"] if verb == "create" else ["/bin/true"])
    first = runtime.new_id()
    found = points(runtime.command(verb, "--bundle", made, first), tmp_path / "strace", first)
    runtime("delete", "--force", first)
    bad = []
    for point in found[:: step if step == MANY else 4 * step]:
        name = runtime.new_id()
        ended = signal_at(point, runtime.command(verb, "--bundle", made, name), "INT")
        if ended == 0:
            runtime("delete", "--force", name)
        elif ended != 128 + signal.SIGINT:
            bad.append(f"{point}\n  ended {ended}")
        bad += [f"{point}\n  left: {line}" for line in leftovers.compare()]
    assert not bad, "\n".join(bad)


def test_interrupted_exec(step: int, runtime: Runtime, running: str, tmp_path: Path) -> None:
    """Nothing of it stays in the container."""
    command = runtime.command("exec", running, "/bin/true")
    others = descendants().keys()
    bad = []
    for point in points(command, tmp_path / "strace", running)[
        :: step if step == MANY else 4 * step
    ]:
        ended = signal_at(point, command, "INT")
        exiting(list(descendants().keys() - others))  # orphans are this process's to reap
        inside = runtime("ps", "--format", "json", running).stdout
        if ended not in (0, 128 + signal.SIGINT) or "," in inside:
            bad.append(f"{point}\n  ended {ended}, inside {inside}")
    assert not bad, "\n".join(bad)


def test_create_with_a_user_namespace(
    step: int, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    """The init goes on as another process, which the runtime learns of half-way."""
    made = mapped(bundle, "exec sleep 1000")

    def create(name: str) -> list[str]:
        return runtime.command("create", "--bundle", made, name)

    first = runtime.new_id()
    found = points(create(first), tmp_path / "strace", first)
    runtime("delete", "--force", first)
    assert any("uid_map" in point.line for point in found)
    check_each(found[:: seldom(step)], runtime, leftovers, create)


@pytest.mark.parametrize("subordinate", ["", "300000:65536"], ids=["one id", "newuidmap"])
def test_create_of_an_ordinary_user(
    subordinate: str, step: int, account: Account, leftovers: Snapshot
) -> None:
    account.subordinate = subordinate
    if subordinate and not shutil.which("newuidmap"):
        pytest.skip("newuidmap is not installed")
    account.configure("exec sleep 1000", **(ranges(1, 300_000, 65_536) if subordinate else {}))

    def create(name: str) -> list[str]:
        return [str(account.program), "create", "--bundle", str(account.bundle), name]

    words = [f"{name}={value}" for name, value in account.environment().items()]
    prefix = account.command("env", *words)
    first = account.new_id()
    found = points(create(first), account.home / "run/strace", first, prefix=prefix)
    account("delete", "--force", first)
    check_each(found[:: seldom(step)], account, leftovers, create, prefix)


def test_start(
    step: int, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    made = bundle(["/bin/sleep", "1000"])

    def start(name: str) -> list[str]:
        runtime.ids.remove(name)
        assert runtime.create(made) == name
        return runtime.command("start", name)

    first = runtime.new_id()
    found = points(start(first), tmp_path / "strace", first)
    runtime("delete", "--force", first)
    check_each(found[::step], runtime, leftovers, start)


def test_delete(
    step: int, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    made = bundle(["/bin/sleep", "1000"])

    def delete(name: str) -> list[str]:
        runtime.ids.remove(name)
        assert runtime.create(made) == name
        return runtime.command("delete", "--force", name)

    first = runtime.new_id()
    found = points(delete(first), tmp_path / "strace", first)
    check_each(found[::step], runtime, leftovers, delete)
