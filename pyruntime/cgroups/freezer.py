# SPDX-License-Identifier: Apache-2.0
"""Freezing a cgroup and knowing that it is frozen.

Sources: the kernel's cgroup-v1/freezer-subsystem.rst and cgroup-v2.rst.
"""

from __future__ import annotations

import os
from errno import ENODEV, ENOENT, EOPNOTSUPP, ETIMEDOUT
from time import monotonic, sleep

from pyruntime.cgroups.files import failure, read, read_raw, write, write_raw
from pyruntime.errors import CgroupError

TIMEOUT = 10.0
GONE = (ENOENT, ENODEV)
# Kernels can stay in FREEZING for ever while processes appear; letting go for a moment helps.
ATTEMPTS_PER_ROUND = 40


def missing() -> CgroupError:
    return CgroupError(
        "freeze container: no freezer",
        op="freeze",
        errno=EOPNOTSUPP,
        hint="mount the v1 freezer hierarchy, or cgroup2",
        code="cgroup-controller",
    )


def freeze_v1(path: str, timeout: float = TIMEOUT) -> None:
    """Write FROZEN until the kernel says FROZEN. Thaws and raises CgroupError after timeout."""
    state = path + "/freezer.state"
    deadline = monotonic() + timeout
    try:
        while monotonic() < deadline:
            for attempt in range(ATTEMPTS_PER_ROUND):
                write(state, "FROZEN")
                if read(state).strip() == "FROZEN":
                    return
                sleep(0.00002 * attempt)
            write(state, "THAWED")
            sleep(0.005)
        raise _timed_out(path, timeout)
    except BaseException:
        _let_go(state, "THAWED")
        raise


def thaw_v1(path: str) -> None:
    write(path + "/freezer.state", "THAWED")


def frozen_v1(path: str) -> bool | None:
    """Whether the cgroup itself (not a parent) was asked to freeze; None if it is gone."""
    try:
        if read_raw(path + "/freezer.state").strip() == "THAWED":
            return False
        return read_raw(path + "/freezer.self_freezing").strip() == "1"
    except OSError as err:
        if err.errno in GONE:
            return None
        raise failure("read freezer of", path, err) from None


def freeze_v2(path: str, timeout: float = TIMEOUT) -> None:
    """Freeze and wait for the kernel's event. Thaws and raises CgroupError after timeout."""
    from select import POLLPRI, poll

    events = path + "/cgroup.events"
    try:
        fd = os.open(events, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        raise failure("open", events, err) from None
    try:
        deadline = monotonic() + timeout
        waiter = poll()
        waiter.register(fd, POLLPRI)
        write(path + "/cgroup.freeze", "1")
        while b"frozen 1" not in os.pread(fd, 4096, 0):
            left = deadline - monotonic()
            if left <= 0:
                raise _timed_out(path, timeout)
            waiter.poll(int(left * 1000) + 1)
    except OSError as err:
        _let_go(path + "/cgroup.freeze", "0")
        raise failure("read", events, err) from None
    except BaseException:
        _let_go(path + "/cgroup.freeze", "0")
        raise
    finally:
        os.close(fd)


def thaw_v2(path: str) -> None:
    write(path + "/cgroup.freeze", "0")


def frozen_v2(path: str) -> bool | None:
    """Whether the cgroup itself was asked to freeze; None if it is gone."""
    try:
        return read_raw(path + "/cgroup.freeze").strip() == "1"
    except OSError as err:
        if err.errno in GONE:
            return None
        raise failure("read freezer of", path, err) from None


def _let_go(file: str, value: str) -> None:
    """Thaw on the way out of a failure, which is the one to report."""
    try:
        write_raw(file, value)
    except OSError:
        return


def _timed_out(path: str, timeout: float) -> CgroupError:
    return CgroupError(
        f"freeze cgroup {path}: not frozen after {timeout:g} s",
        op="freeze",
        errno=ETIMEDOUT,
        path=path,
        hint="a process in it may hang in the kernel (state D)",
        code="cgroup-busy",
    )
