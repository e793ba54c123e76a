# SPDX-License-Identifier: Apache-2.0
"""Run the tests that a guest of its own is needed for: `./dev test-vm` (PYTHONPATH=tests).

    python -m vm.lane [--root] [--user] [--legacy] [--selinux] [--engines]
        [--user-engines] [--limit SECONDS] [PYTEST ARGUMENT...]

Runs at the same time, each in its own machine: root's, of the tests marked `vm`; an ordinary
user's in a delegated scope of systemd, of those marked `vm_user`; root's where systemd has
only cgroup v1, with controllers that share a hierarchy, of those marked `vm_legacy`; root's
with SELinux in the place of AppArmor, of those marked `vm_selinux`. Only when
it is named: root's with the engines, from an image that has them, of those marked `vm_engines`,
and the user's with them, of those marked `vm_user_engines`.
With paths among the arguments these are run instead of the marked ones, by root unless another
is named. Reports are left in .dev/vm. Exit status 1 when a run fails.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from support.runtime import REPO

from vm.image import UID, USER, Image, ImageError, image
from vm.machine import Machine, MachineError

PYTHON = (3, 11)  # of the guest, for which the compiled modules in the environment must be made
WHERE = ("tests/integration", "tests/unit", "tests/engines")
MARKERS = {
    "root": "vm",
    "user": "vm_user",
    "legacy": "vm_legacy",
    "selinux": "vm_selinux",
    "engines": "vm_engines",
    "user_engines": "vm_user_engines",
}
UNASKED = ("root", "user", "legacy", "selinux")
# A run -> the one whose end it waits for: more machines at a time would only be slower.
AFTER = {"selinux": "user"}
# The kernel that a run needs, and more words of its command line.
KERNELS = {
    "legacy": (
        "old",
        "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1",
    ),
    "selinux": ("new", "security=selinux"),
}
# What lies in the tree and is of no use in the guest.
LEFT_OUT = (".git", "build", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")
OF_DEV = ("bin", "venv")
PACKAGES_LEFT_OUT = ("ast_serialize", "hypothesis", "librt", "mypy", "pip", "ruff", "setuptools")
REPORTS = REPO / ".dev/vm"


class Run(threading.Thread):
    """One machine and what it says. live: print it as it comes."""

    def __init__(self, who: str, words: list[str], *, live: bool) -> None:
        super().__init__(name=who)
        self.who = who
        self.words = words
        self.live = live
        self.lines: list[str] = []
        self.status = 125
        self.after: Run | None = None
        self.seconds = 0.0

    def prepare(self, where: Image, source: Path, work: Path, limit: float) -> None:
        work.mkdir()
        kernel, words = KERNELS.get(self.who, ("new", ""))
        self.machine = Machine(where, source, REPO, work, kernel, words)
        self.limit = limit

    def run(self) -> None:
        if self.after is not None:
            self.after.join()
        start = time.monotonic()
        try:
            self.status = self.machine.run(script(self.who, self.words), self.limit, self._line)
        except MachineError as err:
            self._line(f"vm: {err}")
        self.seconds = time.monotonic() - start
        reports = REPORTS / self.who
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir(parents=True)
        (reports / "output").write_text("\n".join([*self.lines, ""]))
        if (self.machine.work / "out").exists():
            shutil.copytree(self.machine.work / "out", reports, dirs_exist_ok=True)

    def _line(self, text: str) -> None:
        self.lines.append(text)
        if self.live:
            print(text, flush=True)

    def closing(self) -> str:
        last = self.lines[-1].strip("= ") if self.lines else "it said nothing"
        how = "" if self.status == 0 else f" [exit status {self.status}]"
        return f"vm {self.who}: {last}{how} ({self.seconds:.0f} s with the boot)"


def script(who: str, words: list[str]) -> str:
    """The job: bash, run as root in the tree."""
    pytest = [".dev/venv/bin/python", "-m", "pytest", "-p", "no:cacheprovider", "-rfEs"]
    pytest += ["--must-work", "--junitxml=/out/junit.xml", "-o", "junit_family=xunit1", *words]
    user = "user" if who.startswith("user") else "selinux" if who == "selinux" else "root"
    command = shlex.join(["env", f"PYRUNTIME_VM={user}", "PYTHONDONTWRITEBYTECODE=1", *pytest])
    if user != "user":
        return f"exec {command}\n"
    runtime = f"/run/user/{UID}"
    session = [f"HOME=/home/{USER}", f"USER={USER}", f"XDG_RUNTIME_DIR={runtime}"]
    session.append(f"DBUS_SESSION_BUS_ADDRESS=unix:path={runtime}/bus")
    become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--init-groups"]
    scope = ["systemd-run", "--user", "--scope", "-q", "-p", "Delegate=yes"]
    start = f"systemctl start user@{UID}.service"
    return f"{start}\nexec {shlex.join([*become, 'env', *session, *scope])} {command}\n"


def pack(target: Path, of_dev: Sequence[str] = OF_DEV) -> None:
    """The tree with what was built, and these parts of .dev; the environment without its big
    tools."""

    def wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = Path(member.name).parts
        if not parts:
            return member
        if parts[0] in LEFT_OUT or (parts[0] == ".dev" and parts[1:2] and parts[1] not in of_dev):
            return None
        if "venv" in parts and (parts[-1].startswith(PACKAGES_LEFT_OUT) or "__mypyc" in parts[-1]):
            return None
        return member

    with tarfile.open(target, "w") as tar:
        tar.add(REPO, ".", filter=wanted)


def options(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="./dev test-vm", allow_abbrev=False)
    parser.add_argument("--root", action="store_true", help="only root's run")
    parser.add_argument("--user", action="store_true", help="only the ordinary user's run")
    parser.add_argument("--legacy", action="store_true", help="only root's run on cgroup v1")
    parser.add_argument("--selinux", action="store_true", help="only root's run under SELinux")
    parser.add_argument("--engines", action="store_true", help="root's run with the engines")
    parser.add_argument("--user-engines", action="store_true", help="the user's with them")
    parser.add_argument("--limit", type=float, default=900, metavar="SECONDS")
    return parser.parse_known_args(words)


def runs(asked: argparse.Namespace, rest: list[str]) -> list[Run]:
    paths = [word for word in rest if word.startswith("tests")]
    chosen = [who for who in MARKERS if getattr(asked, who)]
    if not chosen:
        chosen = ["root"] if paths else list(UNASKED)
    found: list[Run] = []
    for who in chosen:
        words = rest if paths else ["-m", MARKERS[who], *rest, *marked(MARKERS[who])]
        found.append(Run(who, words, live=not found))
    by_name = {run.who: run for run in found}
    for run in found:
        run.after = by_name.get(AFTER.get(run.who, ""))
    return found


def marked(marker: str) -> list[str]:
    """The files that use the marker: to look into all others takes the guest a minute."""
    uses = re.compile(rf"\bmark\.{marker}\b")
    files = [path for where in WHERE for path in sorted((REPO / where).glob("test_*.py"))]
    return [str(path.relative_to(REPO)) for path in files if uses.search(path.read_text())]


def main(words: list[str]) -> int:
    asked, rest = options(words)
    if sys.version_info[:2] != PYTHON:
        print(f"vm: the environment's Python is not {PYTHON[0]}.{PYTHON[1]}", file=sys.stderr)
        return 1
    started = runs(asked, rest)
    try:
        where = {run.who: image("engines" if "engines" in run.who else "") for run in started}
    except ImageError as err:
        print(f"vm: make the image: {err}", file=sys.stderr)
        return 1
    work = Path(tempfile.mkdtemp(prefix="pyruntime-vm."))
    try:
        pack(work / "source.tar")
        for run in started:
            run.prepare(where[run.who], work / "source.tar", work / run.who, asked.limit)
            run.start()
        for run in started:
            run.join()
            if not run.live:
                print("\n".join(run.lines))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for run in started:
        print(run.closing())
    return max(run.status != 0 for run in started)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
