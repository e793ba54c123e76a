# SPDX-License-Identifier: Apache-2.0
"""What is done to one container costs the same however many others there are: nobody looks."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from integration.asking import QUIET, await_end, pid
from support.bundle import Bundle
from support.runtime import Runtime


def test_no_command_looks_at_other_containers(
    runtime: Runtime, bundle: Callable[..., Bundle], running: str, tmp_path: Path
) -> None:
    made = bundle(["/bin/sleep", "1000"])
    name = runtime.new_id()
    log = tmp_path / "calls"

    def seen(*words: str | os.PathLike[str]) -> None:
        command = ["strace", "-qq", "-y", "-o", str(log), *runtime.command(*words)]
        subprocess.run(command, check=True, timeout=60, **QUIET)
        calls = log.read_text()
        assert f"/{name}" in calls
        assert running not in calls, words
        # A list of what is in the state directory's root, or in a hierarchy, grows with them.
        listed = re.findall(r"^getdents64\(\d+<(.*?)>", calls, re.M)
        assert [path for path in listed if f"/{name}" not in path and cared_for(path)] == [], words

    def cared_for(path: str) -> bool:
        return Path(path).is_relative_to(runtime.root) or path.startswith("/sys/fs/cgroup")

    seen("create", "--bundle", made, name)
    for verb in ("start", "pause", "resume", "state"):
        seen(verb, name)
    seen("exec", name, "/bin/true")
    seen("ps", "--format", "json", name)
    seen("update", "--pids-limit", "99", name)
    seen("events", "--stats", name)
    init = pid(runtime, name)
    seen("kill", name, "KILL")
    await_end(init)
    seen("delete", name)
