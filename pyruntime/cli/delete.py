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
    force = invocation.options.flag("force")
    root = state_root(invocation.common)
    if invocation.options.flag("regex"):
        from pyruntime.cli.matching import for_each

        pattern = invocation.args[0]
        for_each(root, pattern, lambda name: delete(root, name, log, force=force), log)
        return 0
    delete(root, invocation.args[0], log, force=force)
    return 0
