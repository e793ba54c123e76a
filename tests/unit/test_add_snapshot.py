# SPDX-License-Identifier: Apache-2.0
"""tools/add_snapshot.py: what becomes of the rehearsal's command, and of all that it starts."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.runtime import REPO

sys.path.insert(0, str(REPO / "tools"))

import add_snapshot


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", f"PATH=/usr/bin:/bin; {script}", "sh"]


def test_a_directory_with_spaces_is_one_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "two words é").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "two words é"))
    said = tmp_path / "said"
    assert add_snapshot.rehearse(shell(f'printf "%s\\n" "$@" >{said}'))
    words = said.read_text().splitlines()
    lines = len(add_snapshot.LINES)
    assert words.count("--") == 2 * lines
    roots = [words[at + 1] for at, word in enumerate(words) if word == "--root"]
    assert len(roots) == 2 * lines
    assert all(root.startswith(f"{tmp_path}/two words é/pyruntime-") for root in roots)
    assert list((tmp_path / "two words é").iterdir()) == []


@pytest.mark.parametrize("then", ["exit 3", "kill -TERM $$", "sleep 1000"])
def test_nothing_outlives_a_rehearsal_that_fails(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(add_snapshot, "REHEARSAL_SECONDS", 1.0)
    os.mkfifo(tmp_path / "held")
    reader = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    try:
        # As an init that nobody starts: its end is that of the FIFO's last writer.
        assert not add_snapshot.rehearse(shell(f"exec 9>{tmp_path}/held; sleep 1000 & {then}"))
        assert select.select([reader], [], [], 10)[0] and os.read(reader, 1) == b""
    finally:
        os.close(reader)
    said = capsys.readouterr().out
    assert said.startswith("no rehearsal") and len(said) < 200


def test_a_failure_is_seen_where_sigchld_is_ignored(tmp_path: Path) -> None:
    program = Path(shutil.which("false") or "")
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(subprocess.CalledProcessError):
            add_snapshot.add(program, tmp_path, tmp_path)
    finally:
        signal.signal(signal.SIGCHLD, before)
