# SPDX-License-Identifier: Apache-2.0
"""pyruntime start ID"""

from __future__ import annotations

from pyruntime.cli.main import state_root
from pyruntime.lifecycle.start import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    start(state_root(invocation.common), invocation.args[0], log)
    return 0
