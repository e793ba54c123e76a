# SPDX-License-Identifier: Apache-2.0
"""process.rlimits: getrlimit(2) names to numbers."""

from __future__ import annotations

from pyruntime.errors import ConfigError
from pyruntime.plan import ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.step import Step

# asm-generic/resource.h: the same on x86_64 and aarch64.
NAMES = [
    "RLIMIT_CPU",
    "RLIMIT_FSIZE",
    "RLIMIT_DATA",
    "RLIMIT_STACK",
    "RLIMIT_CORE",
    "RLIMIT_RSS",
    "RLIMIT_NPROC",
    "RLIMIT_NOFILE",
    "RLIMIT_MEMLOCK",
    "RLIMIT_AS",
    "RLIMIT_LOCKS",
    "RLIMIT_SIGPENDING",
    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",
    "RLIMIT_RTPRIO",
    "RLIMIT_RTTIME",
]
NUMBERS = {name: number for number, name in enumerate(NAMES)}
INFINITY = (1 << 64) - 1


def steps(rlimits: list[Any], pointer: str) -> list[Step]:
    """One step per limit. Raises ConfigError for an unknown or repeated type."""
    found: list[Step] = []
    seen: set[str] = set()
    for index, limit in enumerate(rlimits):
        here = f"{pointer}/{index}"
        name = str(limit.get("type"))
        if name not in NUMBERS:
            raise ConfigError(f"{here}/type: unknown limit {name!r}", pointer=f"{here}/type")
        if name in seen:
            raise ConfigError(f"{here}/type: {name} is set twice", pointer=f"{here}/type")
        seen.add(name)
        soft, hard = int(limit.get("soft") or 0), int(limit.get("hard") or 0)
        found.append(ops.rlimit(here, resource=NUMBERS[name], soft=soft, hard=hard))
    return found


def raise_steps(limits: list[Step]) -> list[Step]:
    """What steps() gave needs of the host's rights, for a container that gives those up."""
    found = []
    for step in limits:
        resource, hard = step.args["resource"], step.args["hard"]
        assert isinstance(resource, int) and isinstance(hard, int)
        found.append(ops.rlimit_raise(step.pointer, resource=resource, hard=hard))
    return found
