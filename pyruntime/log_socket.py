# SPDX-License-Identifier: Apache-2.0
"""Log lines to /dev/log: syslog's socket, which journald reads where it runs (syslog(3)).

Cold: for `--log syslog:NAME` and `--log journald:NAME`.
"""

from __future__ import annotations

import _socket
import os

from pyruntime.errors import host_error

PATH = "/dev/log"
DAEMON = 3 << 3  # the facility
SEVERITIES = {"debug": 7, "warning": 4, "error": 3}


def connect(target: str, path: str = PATH) -> int:
    """A descriptor that takes one line a write. target: as the user gave it. Raises HostError."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
    try:
        sock.connect(path)
    except OSError as err:
        sock.close()
        hint = "does a syslog daemon or journald run?"
        raise host_error(err, f"open log {target}", path, hint=hint, code="log") from None
    return sock.detach()


def datagram(level: str, name: str, text: str) -> str:
    """A line as RFC 3164 has it, without time and host, which the receiver knows."""
    return f"<{DAEMON | SEVERITIES[level]}>{name}[{os.getpid()}]: {text}"
