# SPDX-License-Identifier: Apache-2.0
"""pyruntime list: the one verb that looks at every container."""

from __future__ import annotations

from pyruntime import jsontext, state
from pyruntime.cli.main import state_root
from pyruntime.errors import Error, NotFound, host_error
from pyruntime.lifecycle.status import describe, owner_name
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log

COLUMNS = ("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER")


def main(invocation: Invocation, log: Log) -> int:
    root = state_root(invocation.common)
    found = _containers(root, log, explicit=invocation.common.given("root"))
    if invocation.options.flag("quiet"):
        text = "".join(f"{entry['id']}\n" for entry in found)
    elif invocation.options.text("format") == "json":
        text = jsontext.dumps(found) + "\n"
    else:
        text = _table(found)
    print_out(text)
    return 0


def _containers(root: str, log: Log, *, explicit: bool) -> list[dict[str, Any]]:
    """A root that nobody named need not exist yet. Raises HostError."""
    try:
        ids = state.list_ids(root)
    except FileNotFoundError as err:
        if not explicit:
            return []
        raise host_error(err, "list", root) from None
    except OSError as err:
        raise host_error(err, "list", root) from None
    found = []
    for container_id in ids:
        try:
            with state.open_dir(root, container_id) as directory:
                record = directory.read()
                shown = describe(directory, record)
                found.append(shown | {"owner": owner_name(record.owner)})
        except NotFound:
            continue  # deleted in between, or a create that has only begun
        except Error as err:
            log.warn(f"container {container_id}: {err.message}", err.details())
    return found


def _table(found: list[dict[str, Any]]) -> str:
    """Columns at least 12 wide with three blanks between, as runc prints them."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    rows += [
        tuple(str(entry[key]) for key in ("id", "pid", "status", "bundle", "created", "owner"))
        for entry in found
    ]
    widths = [max(12, *(len(row[i]) + 3 for row in rows)) for i in range(len(COLUMNS))]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        lines.append("".join(cells) + row[-1])
    return "\n".join(lines) + "\n"
