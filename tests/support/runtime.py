# SPDX-License-Identifier: Apache-2.0
"""The runtime under test, called as its callers do: by its path, with its own state root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]


def find_launcher() -> Path | None:
    """$PYRUNTIME, or the launcher of the in-place build."""
    named = os.environ.get("PYRUNTIME")
    candidates = (
        [Path(named)] if named else [REPO / ".dev/bin/pyruntime", REPO / "build/bin/pyruntime"]
    )
    for path in candidates:
        if os.access(path, os.X_OK):
            return path.absolute()
    return None


class Runtime:
    """Call it with a command line: `runtime("create", "-b", bundle, name)`.

    root: the state directory, given by --root to every call. `new_id()` gives an id that
    `cleanup()` deletes by force, whatever has become of it.
    """

    def __init__(self, program: Path, root: Path, prefix: str, *options: str) -> None:
        self.program = program
        self.root = root
        self.prefix = prefix
        self.options = options
        self.ids: list[str] = []

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        return [str(self.program), "--root", str(self.root), *self.options, *map(str, args)]

    def __call__(
        self, *args: str | os.PathLike[str], **how: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; text output captured unless `how` says otherwise.

        `create` hands its stdio to the container: there give files, or DEVNULL (capturing
        would wait for the container's end). check=True by default.
        """
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("timeout", 60)
        how.setdefault("check", True)
        how.setdefault("text", True)
        if "stdout" not in how and "stderr" not in how and "capture_output" not in how:
            how["capture_output"] = True
        done = subprocess.run(
            self.command(*args), check=False, **{k: v for k, v in how.items() if k != "check"}
        )
        if how["check"] and done.returncode:
            raise AssertionError(
                f"{' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def new_id(self) -> str:
        name = f"{self.prefix}{len(self.ids)}"
        self.ids.append(name)
        return name

    def create(self, bundle: str | os.PathLike[str], *args: str) -> str:
        """create with stdio on /dev/null; gives the new id. Its stderr is in the AssertionError."""
        name = self.new_id()
        log = self.root.parent / f"{name}.err"
        with log.open("w+") as err:
            done = self(
                "create",
                "--bundle",
                bundle,
                *args,
                name,
                stdout=subprocess.DEVNULL,
                stderr=err,
                check=False,
            )
        if done.returncode:
            raise AssertionError(f"create: exit {done.returncode}\n{log.read_text()}")
        return name

    def run(
        self, bundle: str | os.PathLike[str], *args: str, **how: Any
    ) -> subprocess.CompletedProcess[str]:
        """run in the foreground with captured output."""
        return self("run", "--bundle", bundle, *args, self.new_id(), **how)

    def cleanup(self) -> None:
        for name in self.ids:
            if (self.root / name).exists():
                self("delete", "--force", name, check=False)
