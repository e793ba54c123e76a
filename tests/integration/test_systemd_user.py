# SPDX-License-Identifier: Apache-2.0
"""The systemd driver of an ordinary user: a scope of the user's own systemd."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, pid
from support.bundle import Bundle, mount
from support.runtime import Runtime

pytestmark = pytest.mark.vm_user


@pytest.fixture
def runtime(pyruntime: Path, state_root: Path, prefix: str) -> Iterator[Runtime]:
    made = Runtime(pyruntime, state_root, prefix, "--systemd-cgroup")
    yield made
    made.cleanup()


def show(unit: str, *properties: str) -> dict[str, str]:
    command = ["systemctl", "--user", "show", unit, f"--property={','.join(properties)}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(line.partition("=")[::2] for line in done.stdout.splitlines())


def test_a_scope_of_the_user(runtime: Runtime, bundle: Callable[..., Bundle], prefix: str) -> None:
    name = prefix.rstrip("-")
    unit = f"test-{name}.scope"
    ids = {"uidMappings": os.geteuid(), "gidMappings": os.getegid()}
    maps = {key: [{"containerID": 0, "hostID": own, "size": 1}] for key, own in ids.items()}
    made = bundle(
        ["/bin/sleep", "1000"],
        mounts=[mount("/proc", "proc", "proc")],
        linux={
            "cgroupsPath": f"pyrt.slice:test:{name}",
            "namespaces": [{"type": kind} for kind in ("user", "mount", "pid", "cgroup", "uts")],
            "resources": {"pids": {"limit": 30}, "memory": {"limit": 64 << 20}},
            "maskedPaths": None,
            "readonlyPaths": None,
            **maps,
        },
    )
    container = runtime.new_id()
    runtime("run", "--detach", "--bundle", made, container, **QUIET)
    own = Path(f"/proc/{pid(runtime, container)}/cgroup").read_text().strip()
    assert own.endswith(f"/user@{os.geteuid()}.service/pyrt.slice/{unit}")
    assert show(unit, "TasksMax", "ActiveState") == {"TasksMax": "30", "ActiveState": "active"}
    runtime("exec", container, "/bin/true")
    runtime("update", "--pids-limit", "20", container)
    assert show(unit, "TasksMax") == {"TasksMax": "20"}
    assert Path("/sys/fs/cgroup" + own[3:], "pids.max").read_text() == "20\n"
    runtime("delete", "--force", container)
    assert show(unit, "LoadState") == {"LoadState": "not-found"}
