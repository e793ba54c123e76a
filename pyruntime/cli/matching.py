# SPDX-License-Identifier: Apache-2.0
"""kill and delete with --regex: one command for all containers whose id matches."""

from __future__ import annotations

import re

from pyruntime import state
from pyruntime.errors import Error, NotFound, NotRunning, UsageError, host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyruntime.log import Log


def for_each(root: str, pattern: str, act: Callable[[str], None], log: Log) -> None:
    """Act on every container of root whose id has a match for pattern somewhere.

    One that has gone or ended meanwhile is no error. All are tried: the first error is raised
    in the end, the others are warnings. Raises UsageError, HostError and what act raises.
    """
    failed: Error | None = None
    for name in matching(root, pattern):
        try:
            act(name)
        except (NotFound, NotRunning):
            continue
        except Error as err:
            err.message = f"container {name}: {err.message}"
            if failed is not None:
                log.warn(err.message, err.details())
            failed = failed or err
    if failed is not None:
        raise failed


def matching(root: str, pattern: str) -> list[str]:
    """Ids, in their order. A root that does not exist has none."""
    try:
        found = re.compile(pattern)
    except re.error as err:
        raise UsageError(f"regular expression {pattern!r}: {err}", code="bad-value") from None
    try:
        ids = state.list_ids(root)
    except FileNotFoundError:
        return []
    except OSError as err:
        raise host_error(err, "list", root) from None
    return sorted(name for name in ids if found.search(name))
