# SPDX-License-Identifier: Apache-2.0
"""What annotations run.oci.* do to a container."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import pid
from integration.test_handing_over import listener, pid_of
from integration.test_seccomp import MKDIR, Make, agent_path, make, program, results, rule, section
from support.bundle import Bundle
from support.notify import Agent
from support.runtime import Runtime

__all__ = ["agent_path", "listener", "make", "program"]

KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


def noted(**names: str) -> dict[str, str]:
    return {f"run.oci.{key.replace('__', '.')}": value for key, value in names.items()}


def speaking(text: str = "") -> dict[str, Any]:
    """A hook of each kind that says its kind on stdout and on stderr."""
    return {
        kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind}; echo {kind}! >&2{text}"]}]
        for kind in KINDS
    }


@pytest.mark.parametrize("user", [False, True], ids=["plain", "user-namespace"])
def test_output_of_hooks(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path, user: bool
) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    out.write_text("before\n")
    names = noted(hooks__stdout=str(out), hooks__stderr=str(err))
    made = bundle(["/bin/true"], annotations=names, hooks=speaking())
    if user:
        made.config["linux"]["namespaces"].append({"type": "user"})
        ids = [{"containerID": 0, "hostID": 0, "size": 1000}]
        made.config["linux"] |= {"uidMappings": ids, "gidMappings": ids}
        made.save()
    runtime.run(made)
    assert out.read_text().split() == ["before", *KINDS]
    assert err.read_text().split() == [f"{kind}!" for kind in KINDS]
    assert err.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_what_is_not_in_the_file_is_in_the_error(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path, kind: str
) -> None:
    hooks = {kind: speaking("; exit 3")[kind]}
    names = noted(hooks__stdout=str(tmp_path / "out"))
    done = runtime.run(bundle(annotations=names, hooks=hooks), check=False)
    assert f"{kind} hook #0 (/bin/sh): exit status 3, output: {kind}!\n" in done.stderr
    assert (tmp_path / "out").read_text() == f"{kind}\n"


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_output_that_cannot_be_opened(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path, kind: str
) -> None:
    names = noted(hooks__stdout=str(tmp_path / "none/out"))
    made = bundle(annotations=names, hooks={kind: [{"path": "/bin/true"}]})
    done = runtime.run(made, check=False)
    assert done.returncode == 1
    assert f"{tmp_path}/none/out: No such file or directory" in done.stderr
    assert not (runtime.root / runtime.ids[-1]).exists()


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_output_to_a_fifo_that_nobody_reads(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path, kind: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    names = noted(hooks__stderr=str(tmp_path / "fifo"))
    made = bundle(annotations=names, hooks={kind: [{"path": "/bin/true"}]})
    done = runtime.run(made, check=False)
    assert f"{tmp_path}/fifo: No such device or address" in done.stderr


def test_keep_original_groups(
    runtime: Runtime, bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    groups = ["setpriv", "--groups", "77,88"]
    made = bundle(["/bin/sh", "-c", "id -G"], annotations=noted(keep_original_groups="1"))
    made.config["process"]["user"] = {"uid": 0, "gid": 0, "additionalGids": [99]}
    made.save()
    command = runtime.command("run", "--bundle", made, runtime.new_id())
    done = subprocess.run([*groups, *command], capture_output=True, text=True, check=True)
    assert done.stdout == "0 77 88\n"
    made.config |= {"annotations": {}}
    made.save()
    command = runtime.command("run", "--bundle", made, runtime.new_id())
    done = subprocess.run([*groups, *command], capture_output=True, text=True, check=True)
    assert done.stdout == "0 99\n"


def test_keep_original_groups_of_exec(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    made = bundle(["/bin/sleep", "1000"], annotations=noted(keep_original_groups="1"))
    name = runtime.create(made)
    runtime("start", name)
    command = ["setpriv", "--groups", "77", *runtime.command("exec", name, "id", "-G")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "0 77\n"


def test_a_receiver_of_the_pidfd(
    runtime: Runtime, bundle: Callable[..., Bundle], listener: socket.socket
) -> None:
    path = str(listener.getsockname())
    name = runtime.create(bundle(["/bin/true"], annotations=noted(pidfd_receiver=path)))
    assert pid_of(listener) == pid(runtime, name)


def test_a_receiver_of_notifications(runtime: Runtime, make: Make, agent_path: Path) -> None:
    made = make(
        section(rule("NOTIFY", "mkdir")),
        f"syscalls {MKDIR} 0 0",
        annotations=noted(seccomp__receiver=str(agent_path)),
    )
    with Agent(agent_path, errno=55) as agent:
        assert results(runtime, made) == [-55]
    assert agent.calls == [MKDIR]


def test_an_unknown_system_call(runtime: Runtime, make: Make) -> None:
    filtered = section(rule("ERRNO", "mkdir", "nosuch", errnoRet=77))
    assert results(runtime, make(filtered, f"syscalls {MKDIR} 0 0")) == [-77]
    strict = make(filtered, "true", annotations=noted(seccomp_fail_unknown_syscall="1"))
    done = runtime.run(strict, check=False)
    assert "/linux/seccomp/syscalls/0/names/1: unknown system call nosuch" in done.stderr
    lax = make(
        filtered, f"syscalls {MKDIR} 0 0", annotations=noted(seccomp_fail_unknown_syscall="0")
    )
    assert results(runtime, lax) == [-77]


def test_a_handler_is_refused(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    done = runtime.run(bundle(annotations=noted(handler="wasm")), check=False)
    assert done.returncode == 1
    assert "/annotations/run.oci.handler: not carried out: " in done.stderr
    assert os.listdir(runtime.root) == [] if runtime.root.exists() else True
