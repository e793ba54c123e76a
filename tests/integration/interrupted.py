# SPDX-License-Identifier: Apache-2.0
"""Kill or interrupt a command at one of its system calls, chosen by name and occurrence.

strace(1) counts the calls of the command itself (its children are not traced) and delivers
the signal as a chosen one begins.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

CALL = re.compile(r"(\w+)\(")
# Loading code and asking for memory: nothing of a container is at stake there.
HARMLESS = frozenset(
    ["access", "brk", "fstat", "lseek", "mmap", "mprotect", "munmap", "newfstatat", "stat"]
)


class Point:
    """The occurrence-th call of a system call by its name, and how it looked."""

    def __init__(self, name: str, occurrence: int, line: str) -> None:
        self.name = name
        self.occurrence = occurrence
        self.line = line

    def __str__(self) -> str:
        return f"{self.occurrence}. {self.line[:100]}"


def points(command: list[str], log: Path, start: str, *, prefix: Sequence[str] = ()) -> list[Point]:
    """Every call of a command that runs through, from the first that mentions `start` on.

    prefix: what executes strace, such as setpriv(1), so that its own calls don't count.
    """
    subprocess.run(
        [*prefix, "strace", "-qq", "-o", str(log), *command],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen: Counter[str] = Counter()
    found: list[Point] = []
    for line in log.read_text(errors="replace").splitlines():
        if call := CALL.match(line):
            name = call[1]
            seen[name] += 1
            begun = found or (start in line and name != "execve")
            if begun and name not in HARMLESS:
                found.append(Point(name, seen[name], line))
    return found


def kill_at(point: Point, command: list[str], *, prefix: Sequence[str] = ()) -> bool:
    """Run the command and kill it at a point; False when it ended before."""
    return signal_at(point, command, "KILL", prefix=prefix) == -signal.SIGKILL


def signal_at(point: Point, command: list[str], name: str, *, prefix: Sequence[str] = ()) -> int:
    """Run the command, which gets the signal at a point; how it ended."""
    inject = f"inject={point.name}:signal={name}:when={point.occurrence}"
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={point.name}", "-e", inject]
    done = subprocess.run(
        [*prefix, *strace, *command],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return done.returncode
