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
    signal = parse_signal(args[1] if len(args) > 1 else "TERM")
    kill(
        state_root(invocation.common),
        args[0],
        signal,
        everyone=invocation.options.flag("all"),
        warn=log.warn,
    )
    return 0
