# SPDX-License-Identifier: Apache-2.0
"""The end of one process, by its pidfd: no signal, no other child, no thread of its own.

A child's status is taken by waitid(P_PIDFD), for nobody else. Of another's child the kernel
tells it from 6.15 on (PIDFD_GET_INFO, pidfd_open(2)), once the parent has taken it.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import threading

GET_INFO = 0xC040FF0B  # _IOWR(0xFF, 11, struct pidfd_info of 64 bytes)
INFO = struct.Struct("=QQ11Ii")
INFO_EXIT = 1 << 3


class Ending:
    """container: whose process it is. returncode: as subprocess has it, None while it is not
    known. own: a child of this process. The pidfd belongs to it and is closed with it.
    """

    __slots__ = ("__weakref__", "_lock", "container", "ended", "own", "pidfd", "returncode")

    def __init__(self, container: str, pidfd: int, *, own: bool) -> None:
        self._lock = threading.Lock()
        self.container = container
        self.pidfd = pidfd
        self.own = own
        self.ended = False
        self.returncode: int | None = None

    def __del__(self) -> None:
        os.close(self.pidfd)

    def poll(self) -> bool:
        """Whether it has ended; a child is reaped then."""
        with self._lock:
            if not self.ended:
                self._look()
            return self.ended

    def _look(self) -> None:
        if self.own:
            try:
                info = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOHANG)
            except ChildProcessError:
                self.own = False  # reaped by somebody else, or SIGCHLD is ignored
            else:
                if info is not None:
                    exited = info.si_code == os.CLD_EXITED
                    self.returncode = info.si_status if exited else -info.si_status
                    self.ended = True
                return
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if poll.poll(0):
            self.returncode = _told(self.pidfd)
            self.ended = True


def _told(pidfd: int) -> int | None:
    """The exit status that the kernel keeps beside the pidfd, in subprocess's form."""
    request = INFO.pack(INFO_EXIT, *[0] * 13)
    try:
        mask, *_, status = INFO.unpack(fcntl.ioctl(pidfd, GET_INFO, request))
    except OSError:
        return None  # an older kernel
    return os.waitstatus_to_exitcode(status) if mask & INFO_EXIT else None
