# SPDX-License-Identifier: Apache-2.0
"""Whole plans of the configurations that engines write, against the text kept in golden/.

After a change that is meant: PYRUNTIME_UPDATE_GOLDEN=1 pytest tests/plan, then read the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support import plans

from pyruntime.plan import render
from pyruntime.plan.encode import encode
from pyruntime.spec.load import check

HERE = Path(__file__).parent
HOSTS = {"v1": plans.v1_host, "hybrid": plans.hybrid_host, "v2": plans.v2_host}
CASES = [
    ("spec", "hybrid"),
    ("spec", "v2"),
    ("containerd", "v1"),
    ("containerd", "v2"),
    ("docker", "v1"),
    ("docker", "v2"),
    ("rootless", "hybrid"),
    ("rootless", "v2"),
]
# Whose plan it is: an ordinary user has no other rights than those of the user namespace.
UIDS = {"rootless": 1000}


@pytest.mark.parametrize(("name", "host"), CASES)
def test_the_plan_reads_as_agreed(name: str, host: str) -> None:
    document = json.loads((HERE / "data" / f"{name}.json").read_text())
    paths = ["/sys/fs/cgroup/memory/web/tasks"] if host != "v2" else []
    plan = plans.create(document, cgroup=HOSTS[host](), euid=UIDS.get(name, 0), cgroup_paths=paths)
    golden = HERE / "golden" / f"{name}-{host}.txt"
    text = render.text(plan)
    if os.environ.get("PYRUNTIME_UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_the_configurations_are_valid(name: str) -> None:
    document = json.loads((HERE / "data" / f"{name}.json").read_text())
    fault, problems = check(document, "config")
    assert fault is None
    assert [problem for problem in problems if problem.severity == "error"] == []


@pytest.mark.parametrize(("name", "host"), CASES)
def test_the_plan_is_encodable_and_goes_into_json(name: str, host: str) -> None:
    document = json.loads((HERE / "data" / f"{name}.json").read_text())
    plan = plans.create(document, cgroup=HOSTS[host](), euid=UIDS.get(name, 0))
    assert encode(plan)[:8] == b"PYRPLAN\0"
    shown = json.dumps(render.data(plan))
    assert "vt100" not in shown, "an environment value is shown"
