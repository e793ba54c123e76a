# SPDX-License-Identifier: Apache-2.0
"""linux.netDevices with real devices. The runtime's own network namespace is one of the test's,
so that no device of the machine is touched."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from integration.asking import QUIET, pid
from support.bundle import Bundle
from support.runtime import Runtime


class Namespace:
    """A network namespace that a sleeping process holds."""

    def __init__(self) -> None:
        self.holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE
        )
        assert self.holder.stdout and self.holder.stdout.readline() == b"\n"
        self.path = f"/proc/{self.holder.pid}/ns/net"

    def close(self) -> None:
        self.holder.kill()
        self.holder.communicate()

    def ip(self, words: str) -> str:
        command = ["nsenter", f"--net={self.path}", "ip", *words.split()]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def add(self, name: str, options: str = "") -> None:
        self.ip(f"link add name {name} {options} type veth peer name {name}-peer")

    def names(self) -> set[str]:
        """Of its devices, without the other ends and without lo."""
        return {name for name in self.devices() if name != "lo" and "-peer" not in name}

    def devices(self) -> dict[str, Any]:
        return {device["ifname"]: device for device in json.loads(self.ip("-json -d addr"))}


class Inside(Runtime):
    """The runtime in a network namespace of the test's."""

    host: Namespace

    def command(self, *args: str | os.PathLike[str]) -> list[str]:
        return ["nsenter", f"--net={self.host.path}", *super().command(*args)]


@pytest.fixture
def namespaces(leftovers: object) -> Iterator[Callable[[], Namespace]]:
    made: list[Namespace] = []

    def make() -> Namespace:
        made.append(Namespace())
        return made[-1]

    yield make
    for namespace in made:
        namespace.close()


@pytest.fixture
def inside(runtime: Runtime, namespaces: Callable[[], Namespace]) -> Inside:
    found = Inside(runtime.program, runtime.root, runtime.prefix)
    found.ids, found.host = runtime.ids, namespaces()
    return found


def started(inside: Inside, made: Bundle) -> dict[str, Any]:
    """The devices of a container that runs."""
    name = inside.new_id()
    inside("run", "--detach", "--bundle", made, name, **QUIET)
    command = ["nsenter", f"--net=/proc/{pid(inside, name)}/ns/net", "ip", "-json", "-d", "addr"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {device["ifname"]: device for device in json.loads(text)}


def addresses(device: dict[str, Any]) -> set[tuple[str, int]]:
    return {(found["local"], found["prefixlen"]) for found in device["addr_info"]}


def network(path: str = "", **devices: Any) -> dict[str, Any]:
    kinds: list[dict[str, str]] = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    kinds.append({"type": "network", "path": path} if path else {"type": "network"})
    return {"namespaces": kinds, "netDevices": devices}


def test_a_device_moves_with_all_that_is_its_own(
    inside: Inside, bundle: Callable[..., Bundle]
) -> None:
    host = inside.host
    host.add("eth7", "mtu 1400 address 02:00:00:00:00:07")
    host.ip("addr add 10.7.0.2/24 broadcast 10.7.0.255 dev eth7")
    host.ip("addr add 10.7.1.2 peer 10.7.1.1/32 dev eth7")
    host.ip("addr add 10.7.2.2/24 scope link dev eth7")
    host.ip("addr add 10.7.3.2/24 valid_lft 1000 preferred_lft 1000 dev eth7")
    host.ip("addr add fd07::2/64 dev eth7")
    host.ip("link set eth7 up")
    host.ip("link set eth7-peer up")
    made = bundle(["/bin/sleep", "1000"], linux=network(eth7={"name": "lan0"}))
    found = started(inside, made)
    assert set(found) == {"lo", "lan0"}
    lan = found["lan0"]
    assert (lan["mtu"], lan["address"]) == (1400, "02:00:00:00:00:07")
    assert {"UP", "LOWER_UP"} <= set(lan["flags"])
    of_itself = {entry for entry in addresses(lan) if entry[0].startswith("fe80:")}
    assert addresses(lan) - of_itself == {("10.7.0.2", 24), ("10.7.1.2", 32), ("fd07::2", 64)}
    by_local = {entry["local"]: entry for entry in lan["addr_info"]}
    assert by_local["10.7.0.2"]["broadcast"] == "10.7.0.255"
    assert by_local["10.7.1.2"]["address"] == "10.7.1.1"
    assert host.names() == set()


def test_several_devices_and_names(
    inside: Inside, bundle: Callable[..., Bundle], namespaces: Callable[[], Namespace]
) -> None:
    """Names that are exchanged, one that is kept, templates beside a name in use."""
    joined = namespaces()
    joined.add("lan0")
    for name in "abcde":
        inside.host.add(name, f"address 02:00:00:00:00:0{name}")
    devices = {
        "a": {"name": "b"},
        "b": {"name": "a"},
        "c": {},
        "d": {"name": "lan%d"},
        "e": {"name": "lan%d"},
    }
    found = started(inside, bundle(["/bin/sleep", "1000"], linux=network(joined.path, **devices)))
    by_name = {name: found[name]["address"][-1] for name in found}
    for name in ("lo", "lan0", "lan0-peer"):
        del by_name[name]
    assert by_name == {"b": "a", "a": "b", "c": "c", "lan1": "d", "lan2": "e"}
    assert inside.host.names() == set()


@pytest.mark.parametrize(
    ("devices", "pointer", "words"),
    [
        ({"eth7": {"name": "lan0"}}, "eth7", "rename to lan0 network device eth7: File exists"),
        ({"eth7": {}, "nope": {}}, "nope", "find network device nope: No such device"),
        ({"lo": {"name": "lo2"}}, "lo", "move network device lo: "),
    ],
)
def test_what_cannot_be_moved(
    inside: Inside,
    bundle: Callable[..., Bundle],
    namespaces: Callable[[], Namespace],
    devices: dict[str, Any],
    pointer: str,
    words: str,
) -> None:
    """All else stays where and as it is."""
    joined = namespaces()
    joined.add("lan0")
    inside.host.add("eth7")
    inside.host.ip("addr add 10.7.0.2/24 dev eth7")
    inside.host.ip("link set eth7 up")
    before = inside.host.devices()["eth7"]
    log = inside.root.parent / "log.json"
    made = bundle(linux=network(joined.path, **devices))
    failed = inside(
        *("--log", log, "--log-format", "json", "run", "--bundle", made, inside.new_id()),
        check=False,
    )
    assert failed.returncode == 1
    entry = json.loads(log.read_text().splitlines()[-1])
    assert words in entry["msg"]
    assert entry["pointer"] == f"/linux/netDevices/{pointer}"
    assert inside.host.devices()["eth7"] == before
    assert joined.names() == {"lan0"}


def test_the_runtimes_own_namespace(inside: Inside, bundle: Callable[..., Bundle]) -> None:
    inside.host.add("eth7")
    made = bundle(linux=network(inside.host.path, eth7={"name": "lan0"}))
    failed = inside.run(made, check=False)
    assert failed.returncode == 1
    assert "the runtime's own network namespace" in failed.stderr
    assert inside.host.names() == {"eth7"}


def test_without_a_namespace(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    kinds = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
    made = bundle(linux={"namespaces": kinds, "netDevices": {"eth7": {}}})
    failed = runtime.run(made, check=False)
    assert failed.returncode == 1
    assert "/netDevices: needs a network namespace" in failed.stderr
