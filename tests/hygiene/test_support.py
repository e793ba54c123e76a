# SPDX-License-Identifier: Apache-2.0
"""The tests' own means catch what they are for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support import leftovers, skips


class Report:
    """What pytest reports of a test that was skipped."""

    skipped = True

    def __init__(self, reason: str) -> None:
        self.outcome = "skipped"
        self.longrepr: object = ("file.py", 1, f"Skipped: {reason}")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("not built: run ./dev build", "failed"),
        ("busybox is not installed", "failed"),
        ("kernel: cgroup2 is not mounted", "skipped"),
    ],
)
def test_a_skip_needs_a_known_reason(reason: str, outcome: str) -> None:
    report = Report(reason)
    skips.judge(report)  # type: ignore[arg-type]
    assert report.outcome == outcome


def test_an_expected_failure_is_no_skip() -> None:
    report = Report("whatever")
    report.wasxfail = ""  # type: ignore[attr-defined]
    skips.judge(report)  # type: ignore[arg-type]
    assert report.outcome == "skipped"


@pytest.mark.usefixtures("root_user")
def test_leftovers_are_found_and_undone(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "EXIT_MS", 50)
    leftovers.become_subreaper()
    state, place = tmp_path / "state", tmp_path / "mount"
    snapshot = leftovers.Snapshot(prefix, [state], [tmp_path], everywhere=False)
    assert snapshot.compare() == []
    (state / "box").mkdir(parents=True)
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    hierarchy = next(Path(line.split()[1]) for line in cgroup_mounts())
    (hierarchy / prefix).mkdir()
    # The shell ends at once; what it started is an orphan, as a container's init is.
    subprocess.run(["sh", "-c", "sleep 60 >/dev/null 2>&1 &"], check=True)
    found = [line.split()[0] for line in snapshot.compare()]
    assert found == ["process", "mount", "cgroup", "state"]
    (state / "box").rmdir()
    assert snapshot.compare() == []
    assert not os.path.ismount(place)


def cgroup_mounts() -> list[str]:
    lines = Path("/proc/mounts").read_text().splitlines()
    return [line for line in lines if line.split()[2] in {"cgroup", "cgroup2"}]
