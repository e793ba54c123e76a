# SPDX-License-Identifier: Apache-2.0
"""The trace file and its picture."""

from __future__ import annotations

import itertools
import json
import struct
import time
from pathlib import Path

import pytest

from pyruntime.cli.trace import bar, read, waterfall
from pyruntime.errors import HostError
from pyruntime.lifecycle.traced import Steps
from pyruntime.plan import ops
from pyruntime.plan.plan import CgroupPlan, Plan
from pyruntime.trace import INIT, RUNTIME, Tracer

SECOND = 1_000_000_000


def spans_of(path: Path) -> list[dict[str, object]]:
    found = json.loads(path.read_text())["traceEvents"]
    return [event for event in found if event["ph"] == "X"]


def test_marks_leave_nothing_out(tmp_path: Path) -> None:
    tracer = Tracer(str(tmp_path / "t"))
    tracer.mark("first")
    tracer.mark("second")
    tracer.write("run", 3)
    found = spans_of(tmp_path / "t")
    assert [span["name"] for span in found] == ["start the interpreter", "first", "second"]
    for span, following in itertools.pairwise(found):
        end = float(str(span["ts"])) + float(str(span["dur"]))
        assert end == pytest.approx(float(str(following["ts"])), abs=0.01)
    other = json.loads((tmp_path / "t").read_text())["otherData"]
    assert (other["command"], other["status"]) == ("run", 3)
    assert abs(other["start"] - time.time()) < 3600


def test_a_wrong_path_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="open trace"):
        Tracer(str(tmp_path / "no" / "t"))


def stamps(*seconds: int) -> bytes:
    return struct.pack(f"<{len(seconds)}Q", *(second * SECOND for second in seconds))


def test_a_step_ends_when_the_next_begins(tmp_path: Path) -> None:
    plan = Plan(CgroupPlan("/x", []))
    plan.steps = [ops.setsid(""), ops.hostname("/hostname", name="h"), ops.procfs_open("")]
    tracer = Tracer(str(tmp_path / "t"))
    steps = Steps(dict(enumerate(plan.steps)).get, tracer)
    steps.take(0, stamps(10, 11))
    steps.take(2, stamps(15, 16))  # the second is the end of the step that failed
    steps.finish(20 * SECOND)
    tracer.write("run", 0)
    found = [span for span in spans_of(tmp_path / "t") if span["tid"] == INIT]
    assert [span["dur"] for span in found] == [1e6, 4e6, 1e6]
    assert found[1]["args"] == {"step": 1, "op": "hostname", "pointer": "/hostname"}


def test_waterfall() -> None:
    spans = [(0.0, 50.0, RUNTIME, "one"), (50.0, 50.0, RUNTIME, "two"), (60.0, 0.1, INIT, "step")]
    text = waterfall(spans, 100)
    lines = text.splitlines()
    assert lines[1] == "    0.000   50.000  ████████████              one".rstrip()
    assert lines[2] == "   50.000   50.000              ████████████  two"
    assert lines[3].split() == ["0.100", "1", "short", "spans", "(--all", "shows", "them)"]
    assert lines[-1].split() == ["100.000", "in", "all"]
    assert "  step" in waterfall(spans, 100, everything=True)
    assert max(map(len, waterfall(spans, 60).splitlines())) <= 60


def test_bar_is_never_empty_nor_too_long() -> None:
    for begin in range(0, 101, 10):
        for length in (0, 1, 50, 100):
            assert len(bar(begin, length, 100.0)) == 24
            assert "█" in bar(begin, length, 100.0)


@pytest.mark.parametrize("wrong", ["{}", "[]", '{"traceEvents": []}', '{"traceEvents": [{}]}'])
def test_other_files_are_refused(wrong: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read(json.loads(wrong))
