# SPDX-License-Identifier: Apache-2.0
"""Configurations that are nearly right: an answer, never a traceback, and nothing left behind."""

from __future__ import annotations

import copy
import json
import random
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from support import bundle as bundles
from support import plans
from support.leftovers import Snapshot
from support.mutate import mutated
from support.runtime import Runtime

from pyruntime import jsontext
from pyruntime.errors import Error
from pyruntime.plan import render
from pyruntime.plan.encode import encode
from pyruntime.spec import explain
from pyruntime.spec.load import check

ROUNDS = 300
RUNS = 50
# Nothing that a configuration lacks a namespace for may reach the machine.
APART = ["unshare", "--mount", "--uts", "--ipc", "--net", "--propagation", "private"]


def seed_document() -> dict[str, Any]:
    found = copy.deepcopy(bundles.DEFAULT)
    hook = {"path": "/bin/true", "args": ["true"], "env": ["A=b"], "timeout": 3}
    found["hooks"] = {"createRuntime": [hook], "poststop": [hook]}
    found["annotations"] = {"org.example.key": "value"}
    found["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
    found["linux"]["devices"] = [
        {"type": "c", "path": "/dev/own", "major": 1, "minor": 3, "fileMode": 438, "uid": 1}
    ]
    found["linux"]["resources"] |= {"pids": {"limit": 50}, "memory": {"limit": 1 << 26}}
    return found


@pytest.mark.parametrize("seed", range(4))
def test_validate_and_plan_answer(seed: int) -> None:
    """The slow explanation and the fast check agree on what is an error."""
    dice = random.Random(f"answer {seed}")
    document, accepted = seed_document(), 0
    for _ in range(ROUNDS):
        raw = json.dumps(mutated(document, dice)).encode()
        odd: Any = jsontext.loads(raw, nulls=False)
        explained = explain.problems(raw, "config.json", "config")
        fault, problems = check(odd, "config")
        refused = fault is not None or any(each.severity == "error" for each in problems)
        assert refused == any(each.severity == "error" for each in explained), odd
        if refused:
            continue
        accepted += 1
        try:
            plan = plans.create(odd, cgroup=plans.hybrid_host())
            encode(plan)
            render.text(plan)
        except Error as error:
            assert str(error)
    assert 0 < accepted < ROUNDS


def harmless(document: Any) -> Any:
    """Its root stays the bundle's, its cgroup the test's."""
    if isinstance(document.get("root"), dict):
        document["root"]["path"] = "rootfs"
    if isinstance(document.get("linux"), dict):
        document["linux"].pop("cgroupsPath", None)
    return document


@pytest.mark.parametrize("seed", range(4))
def test_run_leaves_nothing(
    seed: int,
    runtime: Runtime,
    bundle: Callable[..., bundles.Bundle],
    leftovers: Snapshot,
) -> None:
    dice = random.Random(f"run {seed}")
    made = bundle()
    codes = set()
    for _ in range(RUNS):
        made.config = harmless(mutated(seed_document(), dice))
        made.save()
        command = runtime.command("run", "--bundle", made, runtime.new_id())
        done = subprocess.run(
            [*APART, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        codes.add(done.returncode)
        assert "Traceback" not in done.stderr and "internal error" not in done.stderr, done.stderr
        assert leftovers.states() == [], (made.config, done.stderr)
    assert {0, 1} <= codes
    assert leftovers.compare() == []
