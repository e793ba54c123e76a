# SPDX-License-Identifier: Apache-2.0
"""The runtime is killed half-way: what is left, `delete --force` removes.

Peers fail much of this: killed in a hook of create, they leave cgroups for good.

A hook that stops at a gate holds the runtime at a known point, so nothing waits for a clock.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest
from integration.gate import Gate
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

PATIENCE = 20


def hook(kind: str, script: str) -> dict[str, object]:
    return {kind: [{"path": "/bin/sh", "args": ["sh", "-c", script]}]}


def stop_at(
    runtime: Runtime, gate: Gate, number: signal.Signals, *args: object
) -> subprocess.Popen[bytes]:
    """Run a command until a hook of its container stands at the gate, then signal it."""
    process = subprocess.Popen(
        runtime.command(*map(str, args)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    gate.reached()
    process.send_signal(number)
    return process


def check_removable(runtime: Runtime, name: str, leftovers: Snapshot) -> None:
    done = runtime("delete", "--force", name, check=False)
    assert done.returncode == 0, done.stderr
    assert leftovers.compare() == []
    # ... and the id is free again.
    assert "does not exist" in runtime("state", name, check=False).stderr


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
@pytest.mark.parametrize("verb", ["create", "run"])
def test_sigkill_in_a_hook_of_create(
    kind: str,
    verb: str,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    gate: Gate,
    leftovers: Snapshot,
    only_ours: None,
) -> None:
    made = bundle(["/bin/sleep", "1000"], hooks=hook(kind, gate.script))
    name = runtime.new_id()
    process = stop_at(runtime, gate, signal.SIGKILL, verb, "--bundle", made, name)
    assert process.wait(PATIENCE) == -signal.SIGKILL
    gate.open()
    check_removable(runtime, name, leftovers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_other_signals_in_a_hook_of_create(
    number: signal.Signals,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    gate: Gate,
    leftovers: Snapshot,
    only_ours: None,
) -> None:
    """Such a signal may end the runtime or be left for later; the container is deletable."""
    made = bundle(hooks=hook("createRuntime", gate.script))
    name = runtime.new_id()
    process = stop_at(runtime, gate, number, "create", "--bundle", made, name)
    gate.open()
    process.wait(PATIENCE)
    check_removable(runtime, name, leftovers)


def test_state_while_a_hook_runs(
    runtime: Runtime, bundle: Callable[..., Bundle], gate: Gate, only_ours: None
) -> None:
    made = bundle(hooks=hook("createRuntime", gate.script))
    name = runtime.new_id()
    with subprocess.Popen(
        runtime.command("create", "--bundle", made, name),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        gate.reached()
        assert '"creating"' in runtime("state", name).stdout.replace(" ", "").split("status")[1]
        gate.open()
        assert process.wait(PATIENCE) == 0


def test_sigkill_in_a_start_container_hook(
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    gate: Gate,
    leftovers: Snapshot,
    only_ours: None,
) -> None:
    made = bundle(["/bin/sleep", "1000"], hooks=hook("startContainer", gate.script_at("/mnt")))
    made.config["mounts"].append(
        {"destination": "/mnt", "source": str(gate.path), "type": "bind", "options": ["bind"]}
    )
    made.save()
    name = runtime.create(made)
    process = stop_at(runtime, gate, signal.SIGKILL, "start", name)
    assert process.wait(PATIENCE) == -signal.SIGKILL
    check_removable(runtime, name, leftovers)


def test_sigkill_in_a_poststart_hook(
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    gate: Gate,
    leftovers: Snapshot,
    only_ours: None,
) -> None:
    made = bundle(["/bin/sleep", "1000"], hooks=hook("poststart", gate.script))
    name = runtime.create(made)
    process = stop_at(runtime, gate, signal.SIGKILL, "start", name)
    assert process.wait(PATIENCE) == -signal.SIGKILL
    gate.open()
    check_removable(runtime, name, leftovers)


def test_sigkill_of_a_foreground_run(
    runtime: Runtime, bundle: Callable[..., Bundle], leftovers: Snapshot
) -> None:
    made = bundle(["/bin/sh", "-c", "echo up; exec sleep 1000"])
    name = runtime.new_id()
    with subprocess.Popen(
        runtime.command("run", "--bundle", made, name),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        process.kill()
    check_removable(runtime, name, leftovers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_foreground_run_hands_signals_on(
    number: signal.Signals,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    leftovers: Snapshot,
) -> None:
    """The program's own answer to the signal decides, and the container is removed."""
    script = f"trap 'exit 37' {number.name[3:]}; echo up; while :; do sleep 0.1; done"
    made = bundle(["/bin/sh", "-c", script])
    with subprocess.Popen(
        runtime.command("run", "--bundle", made, runtime.new_id()),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 37
    assert leftovers.compare() == []
