# SPDX-License-Identifier: Apache-2.0
"""An ordinary user for tests that run as root.

The user is a number; a name it has, where newuidmap(1) wants one, in files that are bound over
the host's in a mount namespace of the command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.inside import give
from support.bundle import make_rootfs
from support.leftovers import Snapshot

USER = 61_234
QUIET: dict[str, Any] = {"stdin": subprocess.DEVNULL, "timeout": 60}


class Account:
    """The user: his bundle, his runtime directory, the programs that he may run."""

    def __init__(self, home: Path, program: Path) -> None:
        self.home = home
        self.bundle = home / "bundle"
        self.program = program
        self.ids: list[str] = []
        self.subordinate = ""

    def command(self, *args: str) -> list[str]:
        """args, as the user; words can be appended."""
        words = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", *args]
        if not self.subordinate:
            return words
        binds = []
        for name in ("passwd", "group", "subuid", "subgid"):
            content = f"{USER}:{self.subordinate}\n"
            if name in ("passwd", "group"):
                content = Path("/etc", name).read_text() + f"pyrt:x:{USER}:{USER}::/:/bin/sh\n"
            (self.home / name).write_text(content)
            binds.append(f"mount --bind {self.home}/{name} /etc/{name}")
        script = f'{" && ".join(binds)} && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, "sh", *words]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(self.home / "run")}

    def __call__(
        self, *args: str, capture: bool = True, check: bool = False
    ) -> subprocess.CompletedProcess[str]:
        how: dict[str, Any] = QUIET | {"check": check}
        if not capture:
            how |= {"stdout": subprocess.DEVNULL, "stderr": (self.home / "log").open("w")}
        else:
            how["capture_output"] = True
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: PLW1510
            self.command(str(self.program), *args),
            cwd=self.bundle,
            env=self.environment(),
            text=True,
            **how,
        )
        return done

    def configure(self, script: str, **changes: Any) -> dict[str, Any]:
        """As `spec --rootless` has it, with a shell script for the terminal."""
        path = self.bundle / "config.json"
        config: dict[str, Any] = json.loads(path.read_text())
        config["process"] |= {"terminal": False, "args": ["/bin/sh", "-c", script]}
        config["process"] |= changes.pop("process", {})
        config["linux"] |= changes
        path.write_text(json.dumps(config))
        return config

    def run(self, script: str, **changes: Any) -> subprocess.CompletedProcess[str]:
        self.configure(script, **changes)
        return self("run", self.new_id())

    def new_id(self) -> str:
        self.ids.append(f"{self.home.name}-{len(self.ids)}")
        return self.ids[-1]


def ranges(inside: int, outside: int, size: int) -> dict[str, Any]:
    """Mappings: the user as root, and these."""
    own = {"containerID": 0, "hostID": USER, "size": 1}
    more = {"containerID": inside, "hostID": outside, "size": size}
    return {"uidMappings": [own, more], "gidMappings": [own, more]}


@pytest.fixture
def account(
    only_ours: None, pyruntime: Path, leftovers: Snapshot, prefix: str
) -> Iterator[Account]:
    home = Path(tempfile.mkdtemp(prefix=prefix))
    home.chmod(0o755)
    made = Account(home, pyruntime)
    make_rootfs(made.bundle / "rootfs")
    (home / "run").mkdir()
    give(home, USER)
    leftovers.roots.append(home / "run/pyruntime")
    try:
        spec = made("spec", "--rootless")
        if spec.returncode in (126, 127):
            pytest.skip("machine: the build is in a directory of root's alone")
        assert spec.returncode == 0, spec.stderr
        yield made
        for name in made.ids:
            if (home / "run/pyruntime" / name).exists():
                made("delete", "--force", name)
    finally:
        shutil.rmtree(home)
