# SPDX-License-Identifier: Apache-2.0
"""kill: one signal to the init, or to all processes of the container."""

from __future__ import annotations

import _signal
import os

from pyruntime import state
from pyruntime.cgroups.driver import from_record
from pyruntime.errors import NotRunning, UsageError, host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SIGNAL_MAX = 64
_ALIASES = {"CLD": 17, "POLL": 29, "IOT": 6, "UNUSED": 31, "STKFLT": 16}


def parse_signal(text: str) -> int:
    """A number, or a name in any case with or without SIG, RTMIN+N and RTMAX-N among them.

    Raises UsageError.
    """
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= SIGNAL_MAX:
        return int(text)
    name = text.upper().removeprefix("SIG")
    if name in _ALIASES:
        return _ALIASES[name]
    base, sign, offset = name.partition("+" if "+" in name else "-")
    number = getattr(_signal, f"SIG{base}", None)
    if isinstance(number, int) and not name.startswith("_"):
        if not sign:
            return int(number)
        if base in ("RTMIN", "RTMAX") and offset.isascii() and offset.isdigit() and len(offset) < 3:
            shifted = number + int(offset) if sign == "+" else number - int(offset)
            if _signal.SIGRTMIN <= shifted <= _signal.SIGRTMAX:
                return int(shifted)
    raise UsageError(
        f'unknown signal "{text}"',
        hint="a name such as TERM, or a number to 64",
        code="bad-value",
    )


def kill(
    root: str,
    container_id: str,
    signal: int,
    *,
    everyone: bool = False,
    warn: Callable[[str], None] | None = None,
) -> None:
    """Send signal to the init; SIGKILL reaches all when the init's end would not.

    everyone: to every process, and a container that has stopped is no error. warn: is told
    when others than the init are out of reach, as the container has no cgroup.
    Raises NotRunning, NotFound, CgroupError.
    """
    with state.open_dir(root, container_id) as directory:
        record = directory.read()
    cgroup = from_record(record.cgroup) if record.cgroup is not None else None
    known = cgroup is not None and cgroup.driver != "none"
    if everyone and known:
        assert cgroup is not None
        cgroup.kill(signal)
        return
    if not record.pid:
        raise NotRunning("container not running")
    try:
        pidfd = os.pidfd_open(record.pid)
    except ProcessLookupError:
        pidfd = -1
    try:
        if pidfd < 0 or not state.alive(record):
            if everyone:
                return
            raise NotRunning("container not running")
        ends_all = signal == _signal.SIGKILL and record.own_pid_namespace
        if warn and not known and not ends_all and (everyone or signal == _signal.SIGKILL):
            warn("the signal goes to the first process alone: the container has no cgroup")
        if signal == _signal.SIGKILL and cgroup is not None and not record.own_pid_namespace:
            cgroup.kill(signal)
        _send(pidfd, signal)
        if signal == _signal.SIGKILL and cgroup is not None and cgroup.frozen():
            cgroup.thaw()  # a frozen task of cgroup v1 dies only once it is thawed
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def _send(pidfd: int, signal: int) -> None:
    try:
        _signal.pidfd_send_signal(pidfd, signal)
    except ProcessLookupError:
        pass  # it ended in between, as it was asked to
    except OSError as err:
        raise host_error(err, "kill") from None
