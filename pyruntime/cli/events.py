# SPDX-License-Identifier: Apache-2.0
"""pyruntime events [--stats] [--interval SPAN] ID: one JSON object a line."""

from __future__ import annotations

from pyruntime import jsontext
from pyruntime.cli.main import state_root
from pyruntime.cli.sizes import seconds_of
from pyruntime.lifecycle.events import events, stats
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, _log: Log) -> int:
    root, container_id = state_root(invocation.common), invocation.args[0]
    interval = seconds_of(invocation.options.text("interval"), "interval")
    if invocation.options.flag("stats"):
        _print(stats(root, container_id))
    else:
        events(root, container_id, interval, _print)
    return 0


def _print(event: dict[str, Any]) -> None:
    print_out(jsontext.dumps(event) + "\n")
