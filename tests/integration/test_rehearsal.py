# SPDX-License-Identifier: Apache-2.0
"""The commands that a snapshot is rehearsed with (pyruntime/cli/rehearsal.py) go well, and leave
nothing: with all privileges, and with none, as in a build.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.runtime import REPO

sys.path.insert(0, str(REPO / "tools"))

import add_snapshot

ONE = """
import sys
from pyruntime.cli.main import main
from pyruntime.cli.rehearsal import arrange
arrange(sys.argv)
main(sys.argv)
"""
NO_PRIVILEGE = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")


def said(line: str, stage: Path, before: tuple[str, ...]) -> tuple[int, str]:
    """The exit status, and what it had to say as an error."""
    command = [*before, sys.executable, "-c", ONE, *line.format(stage=stage).split()]
    with (stage.parent / "said").open("w+") as file:  # no pipe: a container may hold it open
        status = subprocess.run(
            command, cwd=REPO, stdout=subprocess.DEVNULL, stderr=file, timeout=60, check=False
        )
        return status.returncode, (stage.parent / "said").read_text()


@pytest.mark.parametrize("before", [(), NO_PRIVILEGE], ids=["root", "without privilege"])
@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.usefixtures("pyruntime")
def test_the_lines_go_well(version: str, before: tuple[str, ...], tmp_path: Path) -> None:
    stage = tmp_path / version
    try:
        for line in add_snapshot.LINES:
            assert said(line, stage, before) == (0, ""), line
        assert [path.name for path in (stage / "state").iterdir()] in ([], ["@seccomp"])
        below = [path for path in stage.rglob("cgroup*/**/*") if path.name in "abc"]
        assert below == [], "cgroups of containers"
        assert int((stage / "pid").read_text()) != int((stage / "pid2").read_text())
        assert not (stage / "log").exists() or (stage / "log").read_text() == ""
    finally:
        for name in "abc":  # where it did not come to that
            said(f"--root {{stage}}/state delete --force {name}", stage, before)


@pytest.mark.usefixtures("pyruntime")
def test_a_container_that_is_left_ends_with_the_session(tmp_path: Path) -> None:
    line = add_snapshot.LINES[0].format(stage=tmp_path / "v1").split()
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", ONE, *line],
            cwd=REPO,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        init = os.pidfd_open(int((tmp_path / "v1/pid").read_text()))
        try:
            assert not select.select([init], [], [], 0)[0]
            os.killpg(process.pid, signal.SIGKILL)
            ended = select.select([init], [], [], 10)[0]
            if not ended:
                signal.pidfd_send_signal(init, signal.SIGKILL)
            assert ended
        finally:
            os.close(init)
            assert process.wait() == 0
