# SPDX-License-Identifier: Apache-2.0
"""The benchmark measures everything it names, and leaves nothing, even when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.leftovers import cgroups
from support.runtime import REPO

# Takes turns of many seconds to find the edge of a limit; the rest is quick.
LEFT_OUT = {"limit", "drivers"}


@pytest.fixture(autouse=True)
def runs_as_root(root_user: None) -> None:
    pass


def started(pyruntime: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "bench/run.py", f"--runtime=pyruntime={pyruntime}", *words]
    pipe = subprocess.PIPE
    # A process group of its own, as at a terminal.
    return subprocess.Popen(command, cwd=REPO, stdout=pipe, stderr=pipe, text=True, process_group=0)


def measures() -> Iterator[str]:
    listed = "import registry; print(*registry.MEASURES)"
    where = {**os.environ, "PYTHONPATH": str(REPO / "bench")}
    said = subprocess.check_output([sys.executable, "-c", listed], env=where, text=True)
    return (name for name in said.split() if name not in LEFT_OUT)


def left_behind(bench: int) -> list[str]:
    """The cgroups of its containers (a process would hold its own), and the directory."""
    return cgroups(f"bench{bench}-") + [
        str(path) for path in Path("/run").glob(f"pyruntime-bench{bench}-*")
    ]


def test_every_measure_gives_samples_and_leaves_nothing(pyruntime: Path, tmp_path: Path) -> None:
    wanted = list(measures())
    words = ["--rounds=1", "--others=0,2", "--listed=2", "--at-once=4", f"--json={tmp_path}/json"]
    words += [f"--only={name}" for name in wanted]
    bench = started(pyruntime, *words)
    said, errors = bench.communicate(timeout=120)
    assert bench.returncode == 0, errors
    data = json.loads((tmp_path / "json").read_text())
    assert {row["measure"] for row in data["rows"]} == set(wanted)
    for row in data["rows"]:
        assert [sample > 0 for sample in row["samples"]["pyruntime"]] == [True], row
        assert f"| {row['what']} " in said
    assert left_behind(bench.pid) == []


@pytest.mark.parametrize(
    ("measure", "number"), [("others", signal.SIGINT), ("life", signal.SIGTERM)]
)
def test_told_to_stop_it_deletes_what_it_has_made(
    pyruntime: Path, measure: str, number: signal.Signals
) -> None:
    bench = started(pyruntime, "--rounds=100000", "--others=40", f"--only={measure}")
    assert bench.stderr
    assert bench.stderr.readline() == f"bench: {measure}\n"
    while not cgroups(f"bench{bench.pid}-"):  # each look is a walk through every hierarchy
        assert bench.poll() is None
    os.killpg(bench.pid, number)
    bench.communicate(timeout=60)
    assert bench.returncode == 128 + number
    assert left_behind(bench.pid) == []


def test_a_command_that_fails_ends_it(tmp_path: Path) -> None:
    bench = started(Path("/bin/false"), "--rounds=1", "--only=run")
    errors = bench.communicate(timeout=60)[1]
    assert bench.returncode == 1
    assert "bench: pyruntime run --bundle" in errors
    assert left_behind(bench.pid) == []


def test_where_samples_cannot_be_written_nothing_is_measured(pyruntime: Path) -> None:
    bench = started(pyruntime, "--only=run", "--json=/proc/nowhere/json")
    said, errors = bench.communicate(timeout=60)
    assert bench.returncode == 1
    assert errors.startswith("bench: ") and errors.count("\n") == 1
    assert said == ""
