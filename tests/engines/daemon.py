# SPDX-License-Identifier: Apache-2.0
"""Waiting for a daemon that tells a service manager when it is ready (sd_notify(3))."""

from __future__ import annotations

import os
import select
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60


def await_ready(
    process: subprocess.Popen[bytes],
    ready: socket.socket,
    log: Path,
    stop: Callable[[], None] | None = None,
) -> None:
    """Until it says READY=1; or until it ends or takes too long, and is stopped then."""
    pidfd = os.pidfd_open(process.pid)
    try:
        while True:
            found, _, _ = select.select([ready.fileno(), pidfd], [], [], PATIENCE)
            if ready.fileno() in found and b"READY=1" in ready.recv(4096):
                return
            if pidfd in found or not found:
                break
    finally:
        os.close(pidfd)
    if stop is not None:
        stop()
    process.kill()
    process.wait()
    raise AssertionError(f"the daemon is not ready: {log.read_text()}")
