# SPDX-License-Identifier: Apache-2.0
"""Where an attack takes place: a bundle that is the attacker's, and a canary that is not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evil.private import Edit
from support.bundle import Bundle
from support.runtime import Runtime

SECRET = "the host's secret"
Act = Callable[["Scene"], str]
# A runtime that is called here can't reach the mounts of the machine, whatever goes wrong.
APART = ["unshare", "--mount", "--propagation", "private"]


class Attack:
    """act gives what the attacker gained, "" for nothing. says: what must be told then, a part
    of it. edits take the defence out."""

    def __init__(self, row: str, name: str, act: Act, says: str, edits: Sequence[Edit]) -> None:
        self.row = row
        self.name = name
        self.act = act
        self.says = says
        self.edits = edits


class Table:
    """The attacks of a module; `attack` adds one."""

    def __init__(self) -> None:
        self.rows: list[Attack] = []

    def attack(self, row: str, *edits: Edit, says: str = "") -> Callable[[Act], Act]:
        def add(act: Act) -> Act:
            name = act.__name__.replace("_", "-")
            self.rows.append(Attack(row, name, act, says, edits))
            return act

        return add


def look(path: Path) -> list[tuple[Any, ...]]:
    """All that can be seen of a directory and what is in it."""
    found: list[tuple[Any, ...]] = []
    for each in [path, *sorted(path.rglob("*"))]:
        st = each.lstat()
        text = each.read_bytes() if each.is_file() and not each.is_symlink() else b""
        found.append((each.name, st.st_mode, st.st_uid, st.st_gid, st.st_mtime_ns, text))
    return found


class Scene:
    """What an attack works with. place is a directory of the test's own."""

    def __init__(
        self, runtime: Runtime, make: Callable[..., Bundle], place: Path, weakened: bool
    ) -> None:
        self.runtime = runtime
        self.make = make
        self.place = place
        self.weakened = weakened
        self.said = ""
        self.canary = place / "canary"
        self.canary.mkdir()
        (self.canary / "file").write_text(SECRET)
        (self.canary / "file").chmod(0o600)
        (self.canary / "dir").mkdir()
        self.before = look(self.canary)

    def changed(self) -> str:
        """How the canary differs from what it was."""
        now = look(self.canary)
        return "" if now == self.before else f"the canary is {now}"

    def bundle(self, *script: str, **changes: Any) -> Bundle:
        """One with a writable root, for a shell script."""
        changes.setdefault("root", {"readonly": False})
        args = ["/bin/sh", "-c", "; ".join(script)] if script else ["/bin/true"]
        return self.make(args, **changes)

    def run(
        self, bundle: Bundle, *args: str, apart: Sequence[str] = APART, **how: Any
    ) -> subprocess.CompletedProcess[str]:
        """`run` in the foreground; its errors are kept in `said`."""
        command = self.runtime.command("run", "--bundle", bundle, *args, self.runtime.new_id())
        return self.call([*apart, *command], **how)

    def call(self, command: Sequence[str], **how: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **how,
        )
        self.said += done.stderr
        return done

    def verb(self, *args: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self.call(self.runtime.command(*args), **how)


def link(path: Path, target: str | os.PathLike[str]) -> None:
    """A symbolic link in the place of whatever is there."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif path.exists() or path.is_symlink():
        path.unlink()
    path.symlink_to(target)


def without(bundle: Bundle, *below: str) -> list[dict[str, Any]]:
    """The bundle's mounts but those at or below some places."""
    return [
        mount
        for mount in bundle.config["mounts"]
        if not any((mount["destination"] + "/").startswith(f"{place}/") for place in below)
    ]


def mount(destination: str, kind: str = "tmpfs", source: str = "tmpfs", *options: str) -> Any:
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}
