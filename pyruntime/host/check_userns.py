# SPDX-License-Identifier: Apache-2.0
"""The part of check.py that is about an ordinary user's user namespace."""

from __future__ import annotations

import os

from pyruntime.host import idrange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.host.survey import Survey
    from pyruntime.plan.plan import Plan
    from pyruntime.spec.findings import Findings


def check(plan: Plan, host: Survey, found: Findings) -> None:
    """plan: of a container that makes a user namespace, where the caller is not root."""
    why, remedy = host.userns_forbidden
    if why:
        message = f"user namespaces are forbidden to ordinary users: {why}"
        found.error("/linux/namespaces", message, remedy)
    if plan.id_maps is None:
        return
    for kind, ranges, own in (
        ("uid", plan.id_maps.uids, host.euid),
        ("gid", plan.id_maps.gids, os.getegid()),
    ):
        if idrange.single(ranges, own):
            continue
        pointer = f"{plan.id_maps.pointer}/{kind}Mappings"
        program = idrange.PROGRAMS[kind]
        fault = host.mappers[program]
        if fault:
            hint = f"Debian's package uidmap has it; without it only your own {kind} can be mapped"
            found.error(pointer, f"it takes {program}: {fault}", hint)
        denied = idrange.outside(ranges, own, host.subordinate[kind])
        if denied is not None:
            _, first, size = denied
            which = f"{first} to {first + size - 1} are" if size > 1 else f"{first} is"
            hint = f"your own {kind} is {own}" if size == 1 else _granted(kind, host)
            found.error(pointer, f"{which} not granted to you in /etc/sub{kind}", hint)


def _granted(kind: str, host: Survey) -> str:
    ranges = host.subordinate[kind]
    if ranges:
        shown = ", ".join(f"{first} to {first + count - 1}" for first, count in ranges)
        return f"granted are {shown}"
    option = f"--add-sub{kind}s"
    return f"nothing is; root can: `usermod {option} 100000-165535 USER`"
