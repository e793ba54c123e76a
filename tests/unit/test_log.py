# SPDX-License-Identifier: Apache-2.0
"""Where log lines go, and which."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest

from pyruntime import log_socket
from pyruntime.errors import Error, HostError
from pyruntime.log import Log, printable, rfc3339


def say_all(log: Log) -> None:
    log.debug("one")
    extra = {"hint": "look"}
    log.warn("two", extra=extra)


@pytest.mark.parametrize(("level", "count"), [("debug", 2), ("warning", 1), ("error", 0)])
def test_levels(tmp_path: Path, level: str, count: int) -> None:
    say_all(Log(str(tmp_path / "log"), level=level))
    assert len((tmp_path / "log").read_text().splitlines()) == count


def test_file_by_its_long_name(tmp_path: Path) -> None:
    say_all(Log(f"file:{tmp_path}/log"))
    assert "two" in (tmp_path / "log").read_text()


def test_times_are_the_calendars() -> None:
    """Every day of four hundred years, after which dates come again; at another second each."""
    for day in range(146_097):
        seconds = day * 86_400 + day % 86_400
        wanted = time.strftime("%Y-%m-%dT%H:%M:%S.000000007Z", time.gmtime(seconds))
        assert rfc3339(seconds * 1_000_000_000 + 7) == wanted


@pytest.mark.parametrize("kind", ["syslog", "journald"])
def test_socket(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(place)
        receiver.settimeout(10)
        connect = log_socket.connect
        monkeypatch.setattr(log_socket, "connect", lambda target: connect(target, place))
        log = Log(f"{kind}:box")
        assert log.to_file
        say_all(log)
        line = receiver.recv(4096).decode()
    assert line == f"<28>box[{os.getpid()}]: two (hint: look)\n"


def test_no_socket(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="open log syslog:"):
        log_socket.connect("syslog:", str(tmp_path / "none"))


def test_bytes_that_are_no_text_are_shown_as_numbers(tmp_path: Path) -> None:
    odd = os.fsdecode(b"/a\xff\xc3\xa9")
    assert printable(odd) == "/a\\xffé"
    assert printable("\ud800") == "\\ud800"  # stands for no byte
    log = Log(str(tmp_path / "log"), form="json")
    log.error(Error(f"open {odd}: No such file", path=odd))
    line = json.loads((tmp_path / "log").read_bytes().decode())
    assert (line["msg"], line["path"]) == ("open /a\\xffé: No such file", "/a\\xffé")
