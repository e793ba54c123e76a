# SPDX-License-Identifier: Apache-2.0
"""Hooks: their order, place, environment, and the state on their standard input."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import await_end, pid
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]
KINDS = (
    "prestart",
    "createRuntime",
    "createContainer",
    "startContainer",
    "poststart",
    "poststop",
)


def record(made: Bundle, where: Path, *, kinds: tuple[str, ...] = KINDS, more: str = ":") -> None:
    """Two hooks of each kind that write what they know into `where`, /mnt in the container."""
    where.mkdir(exist_ok=True)
    hooks: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds:
        at = "/mnt" if kind == "startContainer" else where
        hooks[kind] = [
            {
                "path": "/bin/sh",
                "args": ["sh", "-c", f"cat > {at}/{kind}{n}.json; echo {kind}{n} >> {at}/order; "
                         f"(pwd; readlink /proc/self/ns/mnt; {more}) > {at}/{kind}{n}.out"],
                "env": ["PATH=/usr/bin:/bin"],
            }
            for n in (1, 2)
        ]  # fmt: skip
    made.config["hooks"] = hooks
    made.config["mounts"].append(
        {"destination": "/mnt", "source": str(where), "type": "bind", "options": ["bind", "rw"]}
    )
    made.save()


def written(where: Path, hook: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((where / f"{hook}.json").read_text())
    return found


def test_order(runtime: Runtime, bundle: Make, tmp_path: Path, ours: bool) -> None:
    where = tmp_path / "hooks"
    made = bundle(["/bin/sh", "-c", "echo program >> /mnt/order; exec sleep 1000"])
    record(made, where)
    name = runtime.create(made)
    before = [f"{kind}{n}" for kind in KINDS[:3] for n in (1, 2)]
    found = (where / "order").read_text().split()
    # Older peers run poststart hooks at the end of create.
    assert (found if ours else found[:6]) == before
    init = pid(runtime, name)
    runtime("start", name)
    order = (where / "order").read_text().split()
    assert order.index("startContainer2") < order.index("program") if "program" in order else True
    if ours:
        assert [step for step in order if step != "program"] == [
            *before, "startContainer1", "startContainer2", "poststart1", "poststart2",
        ]  # fmt: skip
    runtime("kill", name, "KILL")
    await_end(init)
    assert "poststop1" not in (where / "order").read_text()
    runtime("delete", name)
    assert (where / "order").read_text().split()[-2:] == ["poststop1", "poststop2"]


def test_state_on_stdin(runtime: Runtime, bundle: Make, tmp_path: Path, ours: bool) -> None:
    where = tmp_path / "hooks"
    made = bundle(["/bin/sleep", "1000"], annotations={"org.example.slash": "a/b"})
    record(made, where)
    name = runtime.create(made)
    init = pid(runtime, name)
    runtime("start", name)
    runtime("kill", name, "KILL")
    await_end(init)
    runtime("delete", name)
    wanted = {
        "prestart": ("creating", init),
        "createRuntime": ("creating", init),
        "createContainer": ("creating", None),
        "startContainer": ("created", None),
        "poststart": ("running", init),
        "poststop": ("stopped", None),
    }
    for kind, (status, number) in wanted.items():
        for n in (1, 2):
            state = written(where, f"{kind}{n}")
            assert (state["id"], state["bundle"]) == (name, str(made)), kind
            assert state["annotations"] == {"org.example.slash": "a/b"}, kind
            assert "ociVersion" in state, kind
            if ours or kind != "poststart":
                assert state["status"] == status, kind
            if number is not None:
                assert state["pid"] == number, kind
        assert b"a/b" in (where / f"{kind}1.json").read_bytes(), "an escaped slash breaks readers"


def test_where_they_run(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """config.md: the first two in the runtime's namespaces, the next two in the container's."""
    where = tmp_path / "hooks"
    made = bundle(["/bin/sleep", "1000"])
    record(made, where)
    name = runtime.create(made)
    runtime("start", name)
    container = os.readlink(f"/proc/{pid(runtime, name)}/ns/mnt")
    host = os.readlink("/proc/self/ns/mnt")
    found = {kind: (where / f"{kind}1.out").read_text().split()[:2] for kind in KINDS[:4]}
    assert found == {
        "prestart": [str(made), host],
        "createRuntime": [str(made), host],
        "createContainer": [str(made.rootfs), container],
        "startContainer": ["/", container],
    }


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer", "startContainer"])
def test_environment_is_what_the_hook_says(
    kind: str, runtime: Runtime, bundle: Make, tmp_path: Path
) -> None:
    made = bundle()
    record(made, tmp_path / "hooks", kinds=(kind,), more="env")
    for hook in made.config["hooks"][kind]:
        hook["env"] = ["PATH=/usr/bin:/bin", "OWN=value with = and space"]
    made.save()
    runtime.run(made, env={**os.environ, "LEAK": "1"})
    lines = (tmp_path / f"hooks/{kind}1.out").read_text().splitlines()
    assert "OWN=value with = and space" in lines
    assert not [line for line in lines if line.startswith("LEAK")]


def test_arguments_are_exact(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    """args[0] too: a busybox is told by it which program to be."""
    out = tmp_path / "out"
    made = bundle()
    made.change(
        hooks={
            "createRuntime": [
                {"path": "/bin/sh", "args": ["my name", "-c", f"echo $0 > {out}"]},
            ],
        }
    )
    runtime.run(made)
    assert out.read_text() == "my name\n"


def test_a_hook_that_ignores_its_input(runtime: Runtime, bundle: Make, leftovers: Snapshot) -> None:
    """A state larger than a pipe, which nobody reads, is no error."""
    made = bundle(["/bin/echo", "ran"], annotations={"big": "x" * 200_000})
    made.change(hooks={kind: [{"path": "/bin/true"}] for kind in KINDS[:3]})
    assert runtime.run(made).stdout == "ran\n"


def test_hooks_see_the_cgroup(runtime: Runtime, bundle: Make, tmp_path: Path, prefix: str) -> None:
    made = bundle()
    out = tmp_path / "cgroup"
    script = "sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p' | { read pid; cat /proc/$pid/cgroup; }"
    made.change(
        hooks={"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"{script} > {out}"]}]}
    )
    runtime.run(made)
    assert prefix in out.read_text()


def test_a_failed_poststop_hook_is_a_warning(
    runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path, only_ours: None
) -> None:
    """runtime.md: log a warning and go on, with the next hook too."""
    proof = tmp_path / "proof"
    made = bundle()
    made.change(
        hooks={
            "poststop": [
                {"path": "/bin/sh", "args": ["sh", "-c", "exit 3"]},
                {"path": "/bin/sh", "args": ["sh", "-c", f"echo > {proof}"]},
            ]
        }
    )
    name = runtime.create(made)
    done = runtime("delete", name)
    assert "poststop" in done.stderr
    assert proof.exists()
    assert leftovers.compare() == []


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_poststop_runs_after_a_failed_create(
    kind: str, runtime: Runtime, bundle: Make, leftovers: Snapshot, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    made = bundle()
    made.change(
        hooks={
            kind: [{"path": "/bin/false"}],
            "poststop": [{"path": "/bin/sh", "args": ["sh", "-c", f"echo > {proof}"]}],
        }
    )
    assert runtime.run(made, check=False).returncode == 1
    assert proof.exists()
    assert leftovers.compare() == []


def test_a_hook_that_fails_stops_those_after_it(
    runtime: Runtime, bundle: Make, tmp_path: Path
) -> None:
    proof = tmp_path / "proof"
    made = bundle(["/bin/echo", "ran"])
    made.change(
        hooks={
            "createRuntime": [
                {"path": "/bin/false"},
                {"path": "/bin/sh", "args": ["sh", "-c", f"echo > {proof}"]},
            ]
        }
    )
    done = runtime.run(made, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "hook" in done.stderr
    assert not proof.exists()


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer"])
def test_a_failure_in_the_json_log(
    runtime: Runtime, bundle: Make, tmp_path: Path, kind: str
) -> None:
    """The same keys, whether the runtime ran the hook or the init did."""
    made = bundle(["/bin/true"])
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "sleep 0.1; echo no bridge; exit 3"]}
    made.config["hooks"] = {kind: [{"path": "/bin/true"}, hook]}
    made.save()
    log = tmp_path / "log.json"
    runtime("--log", log, "--log-format", "json", "create", "--bundle", made, "h1", check=False)
    line = json.loads(log.read_text().splitlines()[-1])
    assert line.pop("time") and 0.1 <= line.pop("seconds") < 60
    assert line == {
        "level": "error",
        "msg": f"{kind} hook #1 (/bin/sh): exit status 3, output: no bridge",
        "code": "hook-failed",
        "pointer": f"/hooks/{kind}/1",
        "op": "hook",
        "path": "/bin/sh",
        "hook": kind,
        "index": 1,
        "status": 3,
        "output": "no bridge",
    }
