# SPDX-License-Identifier: Apache-2.0
"""linux.netDevices: network devices of the host, moved into the container's namespace.

Imported only for a container that has the field, as pyroute2 costs more than all the rest of a
start. All is checked before the first device moves. What moved is not moved back: with the
namespace virtual devices end and others return, by the kernel (config-linux.md, "Network
Devices").
"""

from __future__ import annotations

import os
from errno import EEXIST, ENODEV, EPERM

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from pyruntime._shim import lib
from pyruntime.errors import ConfigError, HostError, host_error
from pyruntime.plan.namespaces import TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pyruntime.plan.net_devices import NetDevice

PERMANENT = 0x80  # IFA_F_PERMANENT
GLOBAL = 0  # RT_SCOPE_UNIVERSE
HINTS = {
    ENODEV: "`ip link` lists the devices of the runtime's network namespace",
    EEXIST: "name it otherwise; a name that ends in %d gets a free number",
    EPERM: "it takes CAP_NET_ADMIN in both namespaces",
}


def move(devices: Sequence[NetDevice], pid: int) -> None:
    """Into the network namespace of a process, renamed, with their permanent global addresses,
    and up. Raises ConfigError, HostError."""
    path = f"/proc/{pid}/ns/net"
    try:
        target = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise host_error(err, "open namespace", path, pointer="/linux/netDevices") from None
    try:
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _refuse_own(own, target)
            with IPRoute() as here, _socket_in(own, target) as there:
                _move_all(devices, here, there, target)
        finally:
            os.close(own)
    finally:
        os.close(target)


def _refuse_own(own: int, target: int) -> None:
    ours, theirs = os.fstat(own), os.fstat(target)
    if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino):
        pointer = "/linux/netDevices"
        raise ConfigError(
            f"{pointer}: the container has the runtime's own network namespace",
            pointer=pointer,
            hint="join another one, or let a new one be made",
        )


def _socket_in(own: int, target: int) -> Any:
    """A netlink socket belongs to the namespace that it was made in, for good."""
    _enter(target)
    try:
        return IPRoute()
    finally:
        _enter(own)


def _enter(namespace: int) -> None:
    result = lib.pyr_setns(namespace, TYPES["network"][0])
    if result < 0:
        err = OSError(-result, os.strerror(-result))
        raise host_error(err, "enter the network namespace", pointer="/linux/netDevices")


def _move_all(devices: Sequence[NetDevice], here: Any, there: Any, target: int) -> None:
    taken = {link.get("ifname") for link in there.get_links()}
    moves: list[tuple[NetDevice, int, str]] = []
    for device in devices:
        found = here.link_lookup(ifname=device.name)
        if not found:
            raise _failure(device, "find", ENODEV)
        wanted = _free_name(device.wanted, taken)
        if wanted in taken:
            # The kernel would move it first, under its old name.
            raise _failure(device, f"rename to {wanted}", EEXIST)
        taken.add(wanted)
        moves.append((device, found[0], wanted))
    for device, index, wanted in moves:
        try:
            _move(here, there, index, wanted, target)
        except NetlinkError as err:
            raise _failure(device, "move", err.code) from None


def _free_name(wanted: str, taken: set[str]) -> str:
    """With the lowest free number in the place of %d, as the kernel chooses."""
    if not wanted.endswith("%d"):
        return wanted
    number = 0
    while f"{wanted[:-2]}{number}" in taken:
        number += 1
    return f"{wanted[:-2]}{number}"


def _move(here: Any, there: Any, index: int, name: str, target: int) -> None:
    """Addresses are read first: the kernel drops them on the way. Name and namespace change in
    one request, so that nobody sees a half of it."""
    addresses = here.get_addr(index=index)
    here.link("set", index=index, ifname=name, net_ns_fd=target)
    (moved,) = there.link_lookup(ifname=name)
    for address in addresses:
        if _is_kept(address):
            there.addr("add", index=moved, **_address(address))
    there.link("set", index=moved, state="up")


def _is_kept(address: Any) -> bool:
    flags = address.get("flags") or address["flags"]
    return bool(flags & PERMANENT) and address["scope"] == GLOBAL


def _address(address: Any) -> dict[str, Any]:
    """What makes the same address again. Its label is left out: it holds the old name."""
    local = address.get("local") or address.get("address")
    found = {"local": local, "address": address.get("address"), "prefixlen": address["prefixlen"]}
    if address.get("broadcast"):
        found["broadcast"] = address.get("broadcast")
    return found


def _failure(device: NetDevice, what: str, number: int) -> HostError:
    return HostError(
        f"{what} network device {device.name}: {os.strerror(number)}",
        pointer=device.pointer,
        op=what.partition(" ")[0],
        errno=number,
        hint=HINTS.get(number, ""),
    )
