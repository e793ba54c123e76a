# SPDX-License-Identifier: Apache-2.0
"""The systemd driver of a user whose own process is outside of what systemd gave the user.

From there (a service, a login by su) the user may move no process into the container's cgroup,
and a clone into it is refused: systemd has to do both.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from integration.asking import QUIET, await_end
from integration.limits import until
from support import guest
from support.bundle import Bundle, mount
from support.runtime import Runtime

pytestmark = [
    pytest.mark.vm,
    pytest.mark.skipif(
        guest.user() != "root", reason="virtual machine: has an ordinary user with a systemd"
    ),
]
USER = 1000
SESSION = f"/run/user/{USER}"


class Outsider(Runtime):
    """Called by root as the user, in root's cgroup."""

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
        env = [f"XDG_RUNTIME_DIR={SESSION}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={SESSION}/bus"]
        return [*become, "env", f"HOME=/home/{USER}", *env, *super().command(*args)]


@pytest.fixture
def outsider(runtime: Runtime, tmp_path: Path) -> Iterator[Outsider]:
    subprocess.run(["systemctl", "start", f"user@{USER}.service"], check=True)
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o711)
    root = Path(SESSION, f"{runtime.prefix}state")
    made = Outsider(runtime.program, root, runtime.prefix, "--systemd-cgroup")
    made.ids = runtime.ids
    yield made
    units = [f"user@{USER}.service", f"user-runtime-dir@{USER}.service"]
    subprocess.run(["systemctl", "stop", *units], check=True)


def cgroup_of(process: int | str) -> str:
    return Path(f"/proc/{process}/cgroup").read_text().strip().rpartition(":")[2]


def test_exec_is_moved_by_systemd(
    outsider: Outsider, bundle: Callable[..., Bundle], tmp_path: Path, prefix: str
) -> None:
    maps = [{"containerID": 0, "hostID": USER, "size": 1}]
    made = bundle(
        ["/bin/sleep", "1000"],
        mounts=[mount("/proc", "proc", "proc")],
        linux={
            "cgroupsPath": f"pyrt.slice:test:{prefix.rstrip('-')}",
            "namespaces": [{"type": kind} for kind in ("user", "mount", "pid", "cgroup", "uts")],
            "uidMappings": maps,
            "gidMappings": maps,
            "resources": {"pids": {"limit": 30}},
            "maskedPaths": None,
            "readonlyPaths": None,
        },
    )
    for path, _, files in os.walk(made.path):
        for name in (".", *files):
            os.chown(os.path.join(path, name), USER, USER, follow_symlinks=False)
    name = outsider.new_id()
    outsider("run", "--detach", "--bundle", made.path, name, **QUIET)
    try:
        (init,) = outsider("ps", "--format", "json", name).stdout.strip("[]\n").split(",")
        where = cgroup_of(init)
        assert f"/user@{USER}.service/pyrt.slice/" in where
        assert not cgroup_of("self").startswith(f"/user.slice/user-{USER}.slice")
        pid_file = tmp_path / "pids" / "pid"
        pid_file.parent.mkdir(mode=0o777)
        pid_file.parent.chmod(0o777)
        words = ["exec", "--detach", "--pid-file", str(pid_file), name, "/bin/sleep", "1000"]
        outsider(*words, **QUIET)
        added = int(pid_file.read_text())
        assert cgroup_of(added) == where
        os.kill(added, signal.SIGKILL)
        await_end(added)
        assert outsider("exec", name, "/bin/echo", "also in the foreground").returncode == 0
    finally:
        outsider("delete", "--force", name)
    until(lambda: not Path("/sys/fs/cgroup" + where).exists(), "the scope gone")
