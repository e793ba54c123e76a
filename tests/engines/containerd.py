# SPDX-License-Identifier: Apache-2.0
"""A containerd of the tests' own: its root, state and socket in a directory; ctr to ask it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from engines.daemon import PATIENCE, await_ready
from engines.image import NAME

CONFIG = """
version = 2
root = "{here}/root"
state = "{here}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{here}/containerd.sock"
[ttrpc]
  address = "{here}/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{here}/opt"
"""


class Daemon:
    """A running daemon, ready for requests; `stop` ends it and nothing else."""

    def __init__(self, here: Path, text: str = "", *, own_network: bool = False) -> None:
        """text: its configuration, when it is not CONFIG. own_network: apart from the host's."""
        self.address = here / "containerd.sock"
        self.log = here / "log"
        config = here / "config.toml"
        config.write_text(text or CONFIG.format(here=here))
        self._command = ["containerd", "--config", str(config)]
        self._notify = here / "notify"
        apart = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "containerd"]
        self._start(apart if own_network else [])
        self._network = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def inside(self) -> list[str]:
        """What runs a command in its network."""
        return ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self._network}"]

    def _start(self, before: list[str]) -> None:
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with ready, self.log.open("ab") as log:
            self._notify.unlink(missing_ok=True)
            ready.bind(str(self._notify))
            self._process = subprocess.Popen(
                [*before, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(self._notify)},
            )
            await_ready(self._process, ready, self.log)

    def restart(self) -> None:
        """As an update of the engine does it: killed, and there again."""
        self._process.kill()
        self._process.wait(PATIENCE)
        self._start(self.inside)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._network)


class Ctr:
    """ctr on a daemon, in a namespace, with the runtime under test."""

    def __init__(self, daemon: Daemon, namespace: str, runtime: Path, prefix: str) -> None:
        self.daemon = daemon
        self.namespace = namespace
        self.runtime = runtime
        self.prefix = prefix
        self.ids: list[str] = []

    def command(self, *args: str) -> list[str]:
        return ["ctr", "--address", str(self.daemon.address), "-n", self.namespace, *args]

    def __call__(self, *args: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """One call to its end; check=True by default."""
        check = how.pop("check", True)
        done = subprocess.run(
            self.command(*args), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE, check=False, **how,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def new_id(self) -> str:
        name = f"{self.prefix}{len(self.ids)}"
        self.ids.append(name)
        return name

    def run_words(self, name: str, command: list[str], *options: str) -> list[str]:
        """The arguments of `ctr run` for a container of the test image."""
        runtime = ["--runtime", "io.containerd.runc.v2", "--runc-binary", str(self.runtime)]
        return ["run", *runtime, *options, NAME, name, *command]

    def run(
        self, command: list[str], *options: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`ctr run --rm` in the foreground."""
        return self(*self.run_words(self.new_id(), command, "--rm", *options), check=check)

    def detached(self, command: list[str], *options: str) -> str:
        """`ctr run -d`; the id. The task's output goes nowhere."""
        name = self.new_id()
        self(*self.run_words(name, command, "-d", "--null-io", *options))
        return name

    def task(self, name: str) -> tuple[int, str]:
        """Pid and status of a task, as `task ls` shows them."""
        for line in self("task", "ls").stdout.splitlines()[1:]:
            fields = line.split()
            if fields[0] == name:
                return int(fields[1]), fields[2]
        raise LookupError(f"no task {name}")

    def remove(self, name: str) -> None:
        """Kill and delete a task and its container; nothing when they are gone."""
        self("task", "delete", "--force", name, check=False)
        self("container", "delete", name, check=False)

    def cleanup(self) -> None:
        for name in self.ids:
            self.remove(name)


def remove_namespace(namespace: str) -> None:
    """What outlives the daemon on any host: the cgroups' parent and the runtime's root."""
    for hierarchy in Path("/sys/fs/cgroup").iterdir():
        where = hierarchy / namespace
        if where.is_dir():
            where.rmdir()
    shutil.rmtree(Path("/run/containerd/runc", namespace), ignore_errors=True)
