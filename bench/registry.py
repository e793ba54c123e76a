# SPDX-License-Identifier: Apache-2.0
"""Every measure by its name: the one place that knows them all.

A measure is a function that takes the Bench and gives rows. A row holds samples by the
runtime's name; how they are taken is the measure's own affair: what a runtime can do without
its command line (an interface in process) is measured as such, the others by their commands.
"""

from __future__ import annotations

from collections.abc import Callable

import crowd
import drivers
import library
import lifetimes
import memory
from place import Bench, Row

MEASURES: dict[str, Callable[[Bench], list[Row]]] = {
    "run": lifetimes.run,
    "seccomp": lifetimes.seccomp,
    "life": lifetimes.life,
    "exec": lifetimes.exec_,
    "update": lifetimes.update,
    "events": lifetimes.events,
    "pause": lifetimes.pause,
    "ps": lifetimes.ps,
    "python": library.from_python,
    "list": crowd.list_,
    "parallel": crowd.parallel,
    "others": crowd.others,
    "memory": memory.waiting_init,
    "limit": memory.limit,
    "drivers": drivers.drivers,
}


def chosen(only: list[str]) -> list[str]:
    """The names to measure: those asked for, or all that can be had here."""
    if only:
        return list(dict.fromkeys(only))
    return [name for name in MEASURES if name != "drivers" or drivers.BOOTED.is_dir()]
