# SPDX-License-Identifier: Apache-2.0
"""The seccomp filter of a container in the course of create, start and exec.

Imported by containers that have one; what a filter is compiled to is host.seccomp's matter.
"""

from __future__ import annotations

import os

from pyruntime.errors import HostError
from pyruntime.host.seccomp import listener as agents
from pyruntime.plan import seccomp

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from typing import Any

    from pyruntime.plan.plan import Listener


class Agent:
    """Who answers the filter's notifications. `connect` early: without an agent no program is
    to run. `deliver` takes the listener's descriptor once the init has sent it.
    """

    __slots__ = ("_listener", "_sock")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._sock: _socket.socket | None = None

    def connect(self) -> None:
        """Raises HostError."""
        self._sock = agents.connect(self._listener)

    def deliver(self, fd: int, pid: int, container: dict[str, Any]) -> None:
        """Once, and after `connect`. pid: of the process under the filter; container: its
        state. fd is closed, and so is the connection. Raises HostError.
        """
        if self._sock is None:
            os.close(fd)
            raise HostError("init sent a filter's listener twice or too early", code="init")
        agents.deliver(self._sock, self._listener, fd, pid, container)
        self._sock = None

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def agent_of(config: dict[str, Any]) -> Agent | None:
    listener = seccomp.listener(seccomp.section_of(config))
    return None if listener is None else Agent(listener)


def late_listener(late: dict[str, list[Any]]) -> bool:
    """Whether the steps that `start` sets off (lifecycle.late) load a filter with a listener."""
    return any(
        op == "seccomp" and args["flags"] & seccomp.NEW_LISTENER for op, _, args in late.values()
    )
