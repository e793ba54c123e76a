# SPDX-License-Identifier: Apache-2.0
"""pyruntime kill ID [SIGNAL]"""

from __future__ import annotations

from pyruntime.cli.main import state_root
from pyruntime.lifecycle.kill import kill, parse_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    args = invocation.args
    # An empty one is none, as runc has it: a script's variable may be.
    signal = parse_signal((args[1] if len(args) > 1 else "") or "TERM")
    everyone = invocation.options.flag("all")
    root = state_root(invocation.common)
    if invocation.options.flag("regex"):
        from pyruntime.cli.matching import for_each

        for_each(root, args[0], lambda name: kill(root, name, signal, everyone=everyone), log)
        return 0
    kill(root, args[0], signal, everyone=everyone, warn=log.warn)
    return 0
