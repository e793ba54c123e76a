# SPDX-License-Identifier: Apache-2.0
"""What the runtime says of itself and its containers, against the specification's own schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from integration.asking import kill
from support.bundle import Bundle
from support.notify import Agent
from support.runtime import Runtime
from support.verdicts import Official

Make = Callable[..., Bundle]


@pytest.fixture(scope="module")
def official() -> Official:
    return Official()


def faults(official: Official, kind: str, value: Any) -> list[str]:
    return [error.message for error in official.validators[kind].iter_errors(value)]


def test_the_schemas_refuse(official: Official) -> None:
    assert faults(official, "state", {"ociVersion": "1.3.0", "id": "x", "status": "dead"})
    assert faults(official, "features", {"ociVersionMin": "1.0.0", "linux": {"cgroup": []}})


def test_features(official: Official, runtime: Runtime) -> None:
    found = json.loads(runtime("features").stdout)
    assert faults(official, "features", found) == []
    assert found["ociVersionMin"] == "1.0.0"


def test_the_state_in_every_status(official: Official, runtime: Runtime, bundle: Make) -> None:
    name = runtime.create(bundle(["/bin/sleep", "1000"], annotations={"org.example.a": "b"}))
    seen = []

    def look() -> None:
        found = json.loads(runtime("state", name).stdout)
        [listed] = json.loads(runtime("list", "--format", "json").stdout)
        seen.append(found["status"])
        for document in (found, listed):
            if document["status"] == "paused":
                # "Additional values MAY be defined": the schema knows none.
                document["status"] = "running"
            assert faults(official, "state", document) == [], document

    look()
    runtime("start", name)
    look()
    runtime("pause", name)
    look()
    runtime("resume", name)
    kill(runtime, name, "KILL")
    look()
    assert seen == ["created", "running", "paused", "stopped"]


def test_the_state_that_hooks_get(
    official: Official, runtime: Runtime, bundle: Make, tmp_path: Path
) -> None:
    kinds = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    hooks = {
        kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{tmp_path}/{kind}"]}]
        for kind in kinds
    }
    runtime.run(bundle(hooks=hooks))
    for kind in kinds:
        found = json.loads((tmp_path / kind).read_text())
        assert faults(official, "state", found) == [], (kind, found)


def test_the_state_that_an_agent_gets(
    official: Official, runtime: Runtime, bundle: Make, prefix: str
) -> None:
    """Of the container process state the specification has no schema, but words."""
    path = Path(f"/tmp/{prefix}agent")
    rule = {"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}
    seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], "listenerPath": str(path)}
    try:
        with Agent(path) as agent:
            runtime.run(bundle(linux={"seccomp": seccomp}))
    finally:
        path.unlink()
    assert faults(official, "state", agent.state["state"]) == []
    assert set(agent.state) - {"metadata"} == {"ociVersion", "fds", "pid", "state"}
    assert agent.state["fds"] == ["seccompFd"] and isinstance(agent.state["pid"], int)
