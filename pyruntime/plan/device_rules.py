# SPDX-License-Identifier: Apache-2.0
"""linux.resources.devices: ordered rules of which devices may be made, read, written.

A container starts with nothing allowed; the config's rules follow in their order; what no
container does without comes last. Both ways of enforcing (v1 files, an eBPF program) take
this list.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan.devices import DEFAULTS
from pyruntime.plan.field import number, text
from pyruntime.plan.paths import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.field import Map

POINTER = "/linux/resources/devices"
ANY = -1


class DeviceRule:
    """type: "a" (block and character; then everything else is a wildcard too), "b" or "c".
    major, minor: ANY for all. access: of "rwm", in this order."""

    __slots__ = ("access", "allow", "major", "minor", "type")

    def __init__(self, allow: bool, kind: str, major: int, minor: int, access: str) -> None:
        self.allow = allow
        self.type = kind
        self.major = major
        self.minor = minor
        self.access = access

    def __repr__(self) -> str:
        return f"<{'allow' if self.allow else 'deny'} {self}>"

    def __str__(self) -> str:
        """As in the files of v1: "c 1:3 rwm", "c 136:* rw", "a"."""
        if self.type == "a":
            return "a"
        major = "*" if self.major == ANY else self.major
        minor = "*" if self.minor == ANY else self.minor
        return f"{self.type} {major}:{minor} {self.access}"


class DeviceRules:
    """Stands in a list of settings; rules: in order, the last match decides.

    live: they are for a cgroup with members, who shall not notice the change of others.
    """

    __slots__ = ("controller", "hint", "live", "pointer", "rules")

    def __init__(self, rules: list[DeviceRule]) -> None:
        self.controller = "devices"
        self.pointer = POINTER
        self.hint = ""
        self.rules = rules
        self.live = False


def compile_rules(rules: Sequence[Map], devices: Sequence[Map]) -> DeviceRules:
    """devices: linux.devices: a default device that they replace gets no default rule."""
    found = [DeviceRule(False, "a", ANY, ANY, "rwm")]
    for index, rule in enumerate(rules):
        found += _read(rule, f"{POINTER}/{index}")
    return DeviceRules(found + _defaults(devices))


def _read(rule: Map, pointer: str) -> list[DeviceRule]:
    kind = text(rule, "type") or "a"
    if kind not in ("a", "b", "c"):
        raise ConfigError(f"{pointer}/type: unknown type {kind!r}", pointer=f"{pointer}/type")
    access = text(rule, "access") or "rwm"
    if not set(access) <= set("rwm"):
        raise ConfigError(f"{pointer}/access: not of r, w, m: {access!r}", pointer=pointer)
    access = "".join(letter for letter in "rwm" if letter in access)
    major, minor = _device_number(rule, "major"), _device_number(rule, "minor")
    allow = bool(rule.get("allow"))
    if kind == "a" and (access != "rwm" or major != ANY or minor != ANY):
        # The kernel's "a" takes no restriction: it would allow or deny everything.
        return [DeviceRule(allow, each, major, minor, access) for each in "bc"]
    return [DeviceRule(allow, kind, major, minor, access)]


def _device_number(rule: Map, key: str) -> int:
    value = number(rule, key)
    return ANY if value is None or value < 0 else value


def _defaults(devices: Sequence[Map]) -> list[DeviceRule]:
    """Make any node; use the default devices, pseudo terminals and tun."""
    replaced = {clean(text(device, "path")) for device in devices}
    found = [DeviceRule(True, kind, ANY, ANY, "m") for kind in "cb"]
    found += [
        DeviceRule(True, "c", major, minor, "rwm")
        for path, (major, minor) in DEFAULTS.items()
        if path not in replaced
    ]
    for major, minor in ((136, ANY), (5, 2), (10, 200)):
        found.append(DeviceRule(True, "c", major, minor, "rwm"))
    return found
