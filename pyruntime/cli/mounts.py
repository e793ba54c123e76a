# SPDX-License-Identifier: Apache-2.0
"""pyruntime mounts add|remove ID FILE"""

from __future__ import annotations

from pyruntime.cli.main import state_root
from pyruntime.errors import UsageError
from pyruntime.lifecycle import live_mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    word, container_id, path = invocation.args
    if word not in ("add", "remove"):
        raise UsageError(f"mounts: {word!r} is neither add nor remove", code="bad-value")
    change = live_mounts.add if word == "add" else live_mounts.remove
    change(state_root(invocation.common), container_id, path, log)
    return 0
