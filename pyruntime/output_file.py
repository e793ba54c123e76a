# SPDX-License-Identifier: Apache-2.0
"""Files that the caller names to be written: the log and the trace."""

from __future__ import annotations

import os
from errno import ENXIO

from pyruntime.errors import host_error


def open_output(path: str, what: str, flags: int) -> int:
    """For writing, with these flags. A FIFO that nobody reads is an error, not a wait. what: the
    option's name. Raises HostError."""
    flags |= os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
    try:
        fd = os.open(path, flags | os.O_NONBLOCK, 0o644)
        os.set_blocking(fd, True)  # a slow reader gets all of it
    except OSError as err:
        hint = "does anybody read that FIFO?" if err.errno == ENXIO else ""
        raise host_error(err, f"open {what}", path, hint=hint, code="log") from None
    return fd
