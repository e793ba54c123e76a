# SPDX-License-Identifier: Apache-2.0
"""Talking to systemd over a bus that does not always answer; the bus is the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("jeepney", reason="not built: run ./dev build")
from jeepney import HeaderFields, Parser, new_error, new_method_return

from pyruntime.cgroups import systemd_bus
from pyruntime.cgroups.systemd_bus import Manager, ask
from pyruntime.errors import CgroupError

CHANGE = "SetUnitProperties"


class Bus(threading.Thread):
    """Answers every call; but closes the connection, or refuses, when `on` gives so for it."""

    def __init__(self, path: Path, on: Callable[[str, int], str]) -> None:
        super().__init__(daemon=True)
        self.on = on
        self.calls: list[str] = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(4)

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        said = b""
        while b"DATA\r\n" not in said:
            said += connection.recv(1024)
        connection.sendall(b"DATA\r\nOK 0123\r\n")
        while not said.endswith(b"BEGIN\r\n"):
            said += connection.recv(7)
        parser = Parser()
        while data := connection.recv(4096):
            parser.add_data(data)
            while (message := parser.get_next_message()) is not None:
                name = str(message.header.fields[HeaderFields.member])
                self.calls.append(name)
                how = self.on(name, self.calls.count(name))
                if how == "close":
                    return
                answer = new_method_return(message, "s", ("",))
                if how == "refuse":
                    answer = new_error(message, "org.example.No", "s", ("not today",))
                connection.sendall(answer.serialise(len(self.calls)))


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bus]]:
    made: list[Bus] = []

    def make(on: Callable[[str, int], str]) -> Bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
        made.append(Bus(tmp_path / "bus", on))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.listener.shutdown(socket.SHUT_RDWR)
        each.join(10)
        each.listener.close()


def change(manager: Manager) -> None:
    manager.change("a.scope", [("TasksMax", "t", 3)])


def test_a_lost_connection_is_made_anew_once(bus: Callable[..., Bus]) -> None:
    there = bus(lambda name, count: "close" if (name, count) == (CHANGE, 1) else "")
    ask(change, user=False)
    assert there.calls == ["Hello", CHANGE, "Hello", CHANGE]


def test_one_that_is_lost_again_is_an_error(bus: Callable[..., Bus]) -> None:
    there = bus(lambda name, _: "close" if name == CHANGE else "")
    with pytest.raises(CgroupError, match="talk to systemd: the connection was closed"):
        ask(change, user=False)
    assert there.calls.count(CHANGE) == 2


def test_a_refusal_is_not_asked_again(bus: Callable[..., Bus]) -> None:
    there = bus(lambda name, _: "refuse" if name == CHANGE else "")
    with pytest.raises(CgroupError, match="systemd: SetUnitProperties: not today"):
        ask(change, user=False)
    assert there.calls == ["Hello", CHANGE]


def test_a_bus_that_takes_nobody_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its queue is full, as of one that hangs."""
    monkeypatch.setattr(systemd_bus, "SECONDS", 1.0)
    monkeypatch.setattr(systemd_bus, "addresses", lambda user: [(f"{tmp_path}/bus", True)])
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(f"{tmp_path}/bus")
        listener.listen(0)
        first.connect(f"{tmp_path}/bus")
        with pytest.raises(CgroupError, match="connect to systemd: Resource temporarily"):
            Manager(user=False)
