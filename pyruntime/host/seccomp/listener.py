# SPDX-License-Identifier: Apache-2.0
"""The filter's listener to the agent that answers it (config-linux.md, "Seccomp", "The
Container Process State"): one message on a stream socket, the descriptor with its first byte.
"""

from __future__ import annotations

import _socket
import os

from pyruntime import jsontext
from pyruntime.errors import host_error
from pyruntime.host import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.plan import Listener

POINTER = "/linux/seccomp/listenerPath"


def process_state(listener: Listener, pid: int, container: dict[str, Any]) -> dict[str, Any]:
    """pid: of the process under the filter. container: the container's own state."""
    found = {"ociVersion": container["ociVersion"], "fds": ["seccompFd"], "pid": pid}
    if listener.metadata:
        found["metadata"] = listener.metadata
    return found | {"state": container}


def connect(listener: Listener) -> _socket.socket:
    """Before the filter is loaded, so that without an agent no program is. Raises HostError."""
    return console.connect(listener.path, pointer=POINTER, code="seccomp-agent")


def deliver(
    sock: _socket.socket, listener: Listener, fd: int, pid: int, container: dict[str, Any]
) -> None:
    """Hand the descriptor over; it is closed here, and so is the connection. Raises HostError."""
    try:
        text = jsontext.dumps(process_state(listener, pid, container)).encode()
        ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fd.to_bytes(4, "little"))]
        sent = sock.sendmsg([text], ancillary, _socket.MSG_NOSIGNAL)
        if sent < len(text):
            sock.sendall(text[sent:], _socket.MSG_NOSIGNAL)
    except OSError as err:
        raise host_error(
            err, "send listener to", listener.path, pointer=POINTER, code="seccomp-agent"
        ) from None
    finally:
        sock.close()
        os.close(fd)
