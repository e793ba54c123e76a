# SPDX-License-Identifier: Apache-2.0
"""pyruntime delete [--force] ID"""

from __future__ import annotations

from pyruntime.cli.main import state_root
from pyruntime.lifecycle.delete import delete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    delete(
        state_root(invocation.common),
        invocation.args[0],
        log,
        force=invocation.options.flag("force"),
    )
    return 0
