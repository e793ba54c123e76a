# SPDX-License-Identifier: Apache-2.0
"""pyruntime run ID [BUNDLE]"""

from __future__ import annotations

from pyruntime.cli.create import request_of
from pyruntime.cli.interrupt import undo_on_signals
from pyruntime.lifecycle.run import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    undo_on_signals()
    options = invocation.options
    request = request_of(invocation, to_exec=True, detach=options.flag("detach"))
    return run(
        request,
        log,
        keep=options.flag("keep"),
        subreaper=not options.flag("no_subreaper"),
    )
