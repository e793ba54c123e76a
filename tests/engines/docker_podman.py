# SPDX-License-Identifier: Apache-2.0
"""Docker and Podman, each with everything it keeps in a directory of the tests'."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from engines.daemon import PATIENCE, await_ready

# For the tests that an ordinary user's Podman runs, too.
everybody = pytest.mark.parametrize("engine", ["docker", "podman", "podman-user"], indirect=True)
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
init_path = "/usr/bin/catatonit"
[engine]
runtime_supports_json = ["pyruntime"]
"""


# exec: the process that is waited for and ended is the daemon itself.
OWN_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up; exec dockerd "$@"', "dockerd")


class Engine:
    """One of the two by its command line; `place` has its containers go to the cgroup `parent`
    ("": where an ordinary user's go), `daemon` is the pid of the one that it has, or 0, `uid` is
    who runs it."""

    def __init__(
        self,
        words: list[str],
        parent: str,
        environment: dict[str, str],
        daemon: int = 0,
        uid: int = 0,
    ) -> None:
        self.words = words
        self.uid = uid
        self.daemon = daemon
        self.parent = parent
        self.place = ["--cgroup-parent", f"/{parent}"] if parent else []
        self.environment = os.environ | environment
        # with its settings, for who starts it without `environment`
        self.anywhere = ["env", *(f"{key}={value}" for key, value in environment.items()), *words]

    def __call__(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self.words, *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=self.environment,
        )
        if check and done.returncode:
            raise AssertionError(f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`run` without a network; args are more options, the image and the command."""
        return self("run", "--network", "none", *self.place, *args, check=check)


def podman(here: Path, runtime: Path, parent: str, manager: str = "cgroupfs") -> Engine:
    conf = here / "containers.conf"
    conf.write_text(f'{CONTAINERS_CONF}runtime = "{runtime}"\n')
    places = ["--root", here / "root", "--runroot", here / "runroot", "--tmpdir", here / "tmp"]
    manners = ["--events-backend=file", "--storage-driver=overlay", f"--cgroup-manager={manager}"]
    words = ["podman", *map(str, places), *manners]
    return Engine(words, parent, {"CONTAINERS_CONF": str(conf)})


class Dockerd:
    """A Docker daemon whose default runtime is the one under test; `stop` ends it.

    It has a network of its own, where its bridge and its packet filter are nobody else's.
    """

    def __init__(self, here: Path, runtime: Path, manager: str = "cgroupfs") -> None:
        self.address = f"unix://{here}/docker.sock"
        self.log = here / "log"
        self.data = here / "data"
        places = ["--data-root", self.data, "--exec-root", here / "exec", "-p", here / "pid"]
        network = ["--bip", "10.99.78.1/24"]
        # The lines of docs/engines.md.
        settings = {"runtimes": {"pyruntime": {"path": str(runtime)}}}
        file = here / "daemon.json"
        file.write_text(json.dumps({**settings, "default-runtime": "pyruntime"}))
        runtimes = ["--config-file", str(file)]
        driver = ["--storage-driver=overlay2", "--exec-opt", f"native.cgroupdriver={manager}"]
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with ready, self.log.open("wb") as log:
            ready.bind(str(here / "notify"))
            self._process = subprocess.Popen(
                [*OWN_NETWORK, "-H", self.address, *map(str, places), *driver, *runtimes, *network],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"NOTIFY_SOCKET": str(here / "notify")},
            )
            await_ready(self._process, ready, self.log, self.stop)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """It makes its data directory a shared mount where it is none, and leaves that; and
        the network namespace that containers on the host's network were given."""
        self._process.terminate()
        self._process.wait(PATIENCE)
        for path in (self.data, self.data.parent / "exec/netns/default"):
            if os.path.exists(path) and str(path) in Path("/proc/self/mountinfo").read_text():
                subprocess.run(["umount", path], check=True)


def docker(daemon: Dockerd, parent: str) -> Engine:
    return Engine(["docker", "-H", daemon.address], parent, {}, daemon.pid)
