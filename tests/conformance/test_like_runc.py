# SPDX-License-Identifier: Apache-2.0
"""The same commands with runc and with ours: exit statuses, the shape of outputs, files, and
what is left. $PYRUNTIME_RUNC names another runc than the one on the PATH.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance import runc_options
from conformance.runc_scripts import DIFFERENT, LACKING, SCRIPTS, SINCE
from support.bundle import Bundle
from support.leftovers import Snapshot, exited
from support.runtime import Runtime

from pyruntime.cli.options import GLOBAL_OPTIONS, HELP, find_verb

Make = Callable[..., Bundle]
WAIT_SECONDS = 20


@pytest.fixture(scope="session")
def runc() -> Path:
    found = os.environ.get("PYRUNTIME_RUNC") or shutil.which("runc")
    if found is None:
        pytest.skip("runc is not installed")
    return Path(found)


@pytest.fixture(scope="session")
def version(runc: Path) -> tuple[int, int]:
    said = subprocess.run([runc, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.findall(r"\d+", said)[:2]
    return int(major), int(minor)


def ours(verb: str) -> runc_options.Options:
    if not verb:
        return {(o.name, o.short, bool(o.metavar)) for o in GLOBAL_OPTIONS}
    found = find_verb(verb)
    assert found is not None
    return {(o.name, o.short, bool(o.metavar)) for o in (*found.options, HELP)}


@pytest.mark.parametrize(
    "verb", [verb for verb in runc_options.FACTS if not verb or find_verb(verb)]
)
def test_every_option_is_there(verb: str) -> None:
    assert runc_options.facts(verb) - ours(verb) == set()


@pytest.mark.parametrize(
    "verb", [verb for verb in runc_options.FACTS if not verb or find_verb(verb)]
)
def test_every_option_of_this_runc_is_there(verb: str, runc: Path) -> None:
    words = [runc, *([verb] if verb else []), "--help"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    shown = runc_options.shown(said, verb)
    gone = {("criu", "", True)}  # runc 1.4 took it out
    assert shown - gone - ours(verb) == set()


class Answer:
    """What a command gave: its exit status, and the shape of its output."""

    def __init__(self, status: int, shape: Any, said: str) -> None:
        self.status = status
        self.shape = shape
        self.said = said


def shape_of(text: str, blanks: dict[str, str]) -> Any:
    """JSON as its members' types, a table as its heading and how many lines, else the text."""
    try:
        return types_of(json.loads(text))
    except ValueError:
        pass
    lines = text.splitlines()
    if lines and re.fullmatch(r"(?: *[A-Z]+)+", lines[0]):
        return [lines[0].split(), len(lines)]
    for value, blank in blanks.items():
        text = text.replace(value, blank)
    return text


def types_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: types_of(member) for key, member in value.items()}
    if isinstance(value, list):
        return [types_of(value[0])] if value else []
    return (
        "number" if isinstance(value, (int, float)) and value is not True else type(value).__name__
    )


def lacking(theirs: Any, found: Any, path: str = "") -> Iterator[str]:
    """What runc's answer has and ours has not, or has as something else."""
    if isinstance(theirs, dict) and isinstance(found, dict):
        for key, member in theirs.items():
            if key not in found:
                yield f"{path}/{key}"
            else:
                yield from lacking(member, found[key], f"{path}/{key}")
    elif isinstance(theirs, list) and isinstance(found, list) and theirs and found:
        if isinstance(theirs[0], dict):
            yield from lacking(theirs[0], found[0], f"{path}/0")
        elif theirs != found:
            yield path
    elif "NoneType" not in (theirs, found) and [] not in (theirs, found) and theirs != found:
        yield path


class Stage:
    """Where one runtime plays a script."""

    def __init__(self, runtime: Runtime, bundles: dict[str, Bundle], directory: Path) -> None:
        self.runtime = runtime
        self.directory = directory
        (directory / "empty").mkdir(parents=True)
        runtime.root.mkdir()
        self.names = {name: str(bundle) for name, bundle in bundles.items()}
        self.names |= {"id": runtime.new_id(), "tmp": str(directory)}
        self.blanks = {str(directory): "{tmp}", self.names["id"]: "{id}"}

    def play(self, line: str) -> Answer:
        words = shlex.split(line.format(**self.names))
        if words[:1] == ["status"]:
            return self._await(words[1])
        if words == ["gone"]:
            return Answer(exited(int((self.directory / "pid").read_text())), "", "")
        with (self.directory / "out").open("w+") as out, (self.directory / "err").open("w+") as err:
            done = self.runtime(*words, stdout=out, stderr=err, check=False, timeout=WAIT_SECONDS)
            out.seek(0)
            err.seek(0)
            said, error = out.read(), err.read()
        assert "Traceback" not in error
        usage = (
            done.returncode != 0 or "help" in line or not line or "version" in line or "-v" in words
        )
        return Answer(done.returncode, "" if usage else shape_of(said, self.blanks), error)

    def _await(self, wanted: str) -> Answer:
        deadline = time.monotonic() + WAIT_SECONDS
        found = ""
        while found != wanted and time.monotonic() < deadline:
            done = self.runtime("state", self.names["id"], check=False)
            found = json.loads(done.stdout)["status"]
        return Answer(0 if found == wanted else 1, found, "")

    def files(self) -> dict[str, Any]:
        """What the script's directory holds in the end, as shapes."""
        found: dict[str, Any] = {}
        for path in sorted(self.directory.rglob("*")):
            if path.is_file() and path.name not in ("out", "err"):
                text = path.read_text()
                if path.name == "log":
                    found["log"] = [types_of(json.loads(line)) for line in text.splitlines()]
                elif path.name == "pid":
                    found["pid"] = "a number" if text.isdigit() else text
                else:
                    found[path.name] = len(text) > 0
        return found


@pytest.mark.parametrize("script", SCRIPTS)
def test_like_runc(
    script: str,
    runtime: Runtime,
    runc: Path,
    version: tuple[int, int],
    bundle: Make,
    leftovers: Snapshot,
    tmp_path: Path,
) -> None:
    bundles = {
        "sleep": bundle(["/bin/sleep", "1000"]),
        "true": bundle(["/bin/true"]),
        "tty": bundle(["/bin/sh"], process={"terminal": True}),
    }
    for made in bundles.values():
        made.change(linux={"cgroupsPath": None})
    peer = Runtime(runc, tmp_path / "root of runc", f"{runtime.prefix}r")
    theirs = Stage(peer, bundles, tmp_path / "theirs")
    mine = Stage(runtime, bundles, tmp_path / "ours")
    wrong: list[str] = []
    try:
        for line in SCRIPTS[script]:
            if version < SINCE.get(line, (0, 0)):
                continue
            wanted, found = theirs.play(line), mine.play(line)
            missing = set(lacking(wanted.shape, found.shape)) - LACKING.get(line, {}).keys()
            alike = wanted.status == found.status and not missing
            if alike == ((script, line) in DIFFERENT):
                wrong.append(
                    f"{line}: runc {wanted.status}, ours {found.status} {sorted(missing)}\n"
                    f"  runc: {wanted.shape!r} {wanted.said}\n  ours: {found.shape!r} {found.said}"
                )
        missing = set(lacking(theirs.files(), mine.files()))
        if missing:
            wrong.append(f"files: {sorted(missing)}: {theirs.files()}, {mine.files()}")
    finally:
        peer.cleanup()
    assert not wrong, "\n".join(wrong)
    runtime.cleanup()
    assert leftovers.compare() == []
