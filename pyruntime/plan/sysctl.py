# SPDX-License-Identifier: Apache-2.0
"""linux.sysctl, hostname, domainname: what a namespace keeps.

Which parameters belong to which namespace is checked with the other rules of the config.
"""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops
from pyruntime.plan.field import escape, mapping, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.field import Map
    from pyruntime.plan.step import Step

_SWAP = str.maketrans("./", "/.")


def relative_path(name: str) -> str:
    """Path below /proc/sys (sysctl(8)): the separator seen first tells the form.

    "net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" are the same.
    """
    dot, slash = name.find("."), name.find("/")
    if dot >= 0 and (slash < 0 or dot < slash):
        return name.translate(_SWAP)
    return name


def name_steps(config: Map) -> list[Step]:
    found: list[Step] = []
    if hostname := text(config, "hostname"):
        found.append(ops.hostname("/hostname", name=hostname))
    if domainname := text(config, "domainname"):
        found.append(ops.domainname("/domainname", name=domainname))
    return found


def steps(linux: Map) -> list[Step]:
    """Raises ConfigError for a name that could leave /proc/sys."""
    found: list[Step] = []
    for name, value in mapping(linux, "sysctl", "/linux").items():
        pointer = f"/linux/sysctl/{escape(name)}"
        path = relative_path(name)
        if not all(part and part not in (".", "..") for part in path.split("/")):
            raise ConfigError(f"{pointer}: not a name of a parameter", pointer=pointer)
        found.append(ops.sysctl(pointer, path=path, value=str(value)))
    return found
