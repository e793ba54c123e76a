# SPDX-License-Identifier: Apache-2.0
"""The mount and the variable by which a container reaches its NOTIFY_SOCKET.

Imported only when a service manager has given the runtime one. host.notify is the other end.
"""

from __future__ import annotations

from pyruntime.plan import ops
from pyruntime.plan.mount_options import ATTRIBUTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.step import Step

TARGET = "/run/notify"
VARIABLE = f"NOTIFY_SOCKET={TARGET}/notify.sock"
PRIVATE = 1 << 18  # MS_PRIVATE


def mount_step(directory: str) -> Step:
    """Read-only, which does not keep anybody from sending to a socket."""
    attributes = 0
    for name in ("ro", "nosuid", "nodev", "noexec"):
        attributes |= ATTRIBUTES[name][0]
    return ops.mount_bind(
        "", attr_set=attributes, propagation=PRIVATE, source=directory, target=TARGET
    )
