# SPDX-License-Identifier: Apache-2.0
"""pyruntime pause ID"""

from __future__ import annotations

from pyruntime.cli.main import state_root
from pyruntime.lifecycle.freeze import pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, _log: Log) -> int:
    pause(state_root(invocation.common), invocation.args[0])
    return 0
