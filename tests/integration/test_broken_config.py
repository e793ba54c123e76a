# SPDX-License-Identifier: Apache-2.0
"""A config.json that is none: one line says what is wrong, status 1, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.bundle import Bundle
from support.runtime import Runtime

Make = Callable[..., Bundle]
Break = Callable[[Path, bytes], object]

TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "config.json:1:1: ends where a value is expected"),
    "null": (b"null", "must be an object, not null"),
    "a list": (b"[]", "must be an object, not an array"),
    "a text": (b'"config"', "must be an object"),
    "a number": (b"1", "must be an object"),
    "UTF-16": ('{"ociVersion":"1.0.2"}'.encode("utf-16"), "not valid UTF-8"),
    "a mark": (b"\xef\xbb\xbf{}", "begins with a byte order mark"),
    "YAML": (b"ociVersion: 1.0.2\n", "config.json:1:1: "),
    "a comment": (b"// mine\n{}", "config.json:1:1: "),
    "a trailing comma": (b'{"ociVersion": "1.0.2",}', '"," before "}"'),
    "quotes": (b"{'ociVersion': '1.0.2'}", "expected a key in double quotes"),
    "nothing in it": (b"{}", 'needs "ociVersion"'),
    "deep": (b"[" * 200_000, "nested deeper than"),
    "zeros": (bytes(4096), "config.json:1:1: "),
}

# By what is done to the file; None in the first place keeps its text.
FILES: dict[str, tuple[Break, str]] = {
    "twice": (lambda path, raw: path.write_bytes(raw * 2), "text after the end of the document"),
    "cut off": (lambda path, raw: path.write_bytes(raw[:500]), "config.json:"),
    "a key twice": (
        lambda path, raw: path.write_bytes(b'{"hostname": "x",' + raw.lstrip()[1:]),
        "duplicate key",
    ),
    "too large": (lambda path, _: os.truncate(path, 17 << 20), "larger than 16 MiB"),
    "missing": (lambda path, _: path.unlink(), "open "),
    "a directory": (lambda path, _: (path.unlink(), path.mkdir()), "Is a directory"),
    "a loop": (lambda path, _: (path.unlink(), path.symlink_to(path.name)), "symbolic links"),
    "a dead link": (lambda path, _: (path.unlink(), path.symlink_to("no")), "No such file"),
}


def fault(runtime: Runtime, bundle: Bundle, wanted: str) -> str:
    """What is not as it should be in the answer, "" for nothing."""
    done = runtime("create", "--bundle", bundle, runtime.new_id(), check=False)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("  hint: ")]
    good = done.returncode == 1 and len(lines) == 1 and wanted in lines[0]
    return "" if good and "internal error" not in lines[0] else f"{done.returncode} {done.stderr}"


def test_texts(runtime: Runtime, bundle: Make) -> None:
    made = bundle()
    found = {}
    for name, (text, wanted) in TEXTS.items():
        (made.path / "config.json").write_bytes(text)
        found[name] = fault(runtime, made, wanted)
    assert {name: said for name, said in found.items() if said} == {}


def test_files(runtime: Runtime, bundle: Make, tmp_path: Path) -> None:
    made = bundle()
    raw = json.dumps(made.config).encode()
    found = {}
    for name, (spoil, wanted) in FILES.items():
        (made.path / "config.json").rename(tmp_path / f"{name}.json")
        (made.path / "config.json").write_bytes(raw)
        spoil(made.path / "config.json", raw)
        found[name] = fault(runtime, made, wanted)
        if not os.path.lexists(made.path / "config.json"):
            (made.path / "config.json").touch()
    assert {name: said for name, said in found.items() if said} == {}


def waits_in_open(pid: int) -> bool:
    """proc(5): the state of the process, and the number of the call that it is in."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    call = Path(f"/proc/{pid}/syscall").read_text().split()[0]
    return state == "S" and call in ("257", "56")  # openat on x86-64, on arm64


def test_a_fifo_can_be_left_by_a_signal(runtime: Runtime, bundle: Make) -> None:
    """It may be one, for a program that writes it; who does not want to wait on stops it."""
    made = bundle()
    config = made.path / "config.json"
    text = config.read_text()
    config.unlink()
    os.mkfifo(config)
    command = runtime.command("run", "--bundle", made, runtime.new_id())
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        config.write_text(text)  # waits for the reader
        assert process.wait(20) == 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        while not waits_in_open(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 128 + signal.SIGINT
