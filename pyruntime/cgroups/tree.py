# SPDX-License-Identifier: Apache-2.0
"""Cgroup directories: made with their parents, listed, removed.

It knows nothing of controllers: v1 and cgroup2 directories behave alike here.
"""

from __future__ import annotations

import os
from errno import EBUSY, ENOENT, ENOTDIR
from time import monotonic, sleep

from pyruntime.cgroups.files import failure, read_raw
from pyruntime.errors import CgroupError

# A neighbour that removes a shared parent between our two mkdirs costs one more round.
ROUNDS = 16
PAUSE_MIN, PAUSE_MAX = 0.0005, 0.02


def make(path: str, top: str, made: list[str]) -> bool:
    """Make the directory and its missing parents below `top`; False when it was there.

    What is made is appended to `made`, parents first. Raises CgroupError.
    """
    err: OSError | None = None
    for _ in range(ROUNDS):
        made.append(path)  # first: a signal's exception may come as mkdir returns
        try:
            os.mkdir(path, 0o755)
        except FileExistsError:
            made.pop()
            return False
        except FileNotFoundError as missing:
            made.pop()
            parent = os.path.dirname(path)
            err = missing
            if len(parent) <= len(top):
                break
            make(parent, top, made)
        except OSError as refused:
            made.pop()
            err = refused
            break
        else:
            return True
    assert err is not None
    raise failure("create cgroup", path, err) from None


def unmake(made: list[str]) -> None:
    """Undo make(): remove what is empty, newest first, without waiting."""
    while made:
        try:
            os.rmdir(made.pop())
        except OSError:
            continue


def unmake_soon(paths: list[str], timeout: float) -> None:
    """unmake() of directories whose processes may be about to end: up to `timeout` seconds.

    What has directories below is somebody else's by now, and left.
    """
    deadline = monotonic() + timeout
    pause = PAUSE_MIN
    while True:
        unmake(list(paths))
        paths = [path for path in paths if os.path.isdir(path) and not children(path)]
        left = deadline - monotonic()
        if not paths or left <= 0:
            return
        if not _wait_unpopulated(paths, left):
            sleep(min(pause, left))
            pause = min(pause * 2, PAUSE_MAX)


def children(path: str) -> list[str]:
    """The directories just below; none when the cgroup is gone."""
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def pids(path: str, *, recursive: bool = True) -> list[int]:
    """Process ids in the cgroup and, if asked, below; none when it is gone.

    Raises CgroupError. A threaded cgroup2 gives the ids of its threads instead, since
    cgroup.procs can't be read there.
    """
    try:
        found = _members(path)
    except OSError as err:
        if err.errno == ENOENT or not os.path.isdir(path):
            return []
        raise failure("read", path + "/cgroup.procs", err) from None
    if recursive:
        for child in children(path):
            found += pids(child)
    return found


def _members(path: str) -> list[int]:
    try:
        return [int(word) for word in read_raw(path + "/cgroup.procs").split()]
    except OSError as err:
        if err.errno in (ENOENT, ENOTDIR) or not os.path.exists(path + "/cgroup.threads"):
            raise
    return [int(word) for word in read_raw(path + "/cgroup.threads").split()]


def remove(paths: list[str], timeout: float) -> None:
    """Remove these cgroups with all below them; waits for their processes to end.

    A cgroup2 directory among them tells by an event when the processes are gone; v1 has no
    such event, and is asked at growing intervals. Raises CgroupError after `timeout` seconds.
    """
    busy = [path for path in paths if not _rmdir(path)]
    if not busy:
        return
    deadline = monotonic() + timeout
    pause = PAUSE_MIN
    while True:
        busy = [path for path in busy if not _remove_tree(path)]
        if not busy:
            return
        left = deadline - monotonic()
        if left <= 0:
            raise _still_busy(busy[0], timeout)
        if not _wait_unpopulated(busy, left):
            sleep(min(pause, left))
            pause = min(pause * 2, PAUSE_MAX)


def _rmdir(path: str) -> bool:
    try:
        os.rmdir(path)
    except OSError as err:
        if err.errno == ENOENT:
            return True
        if err.errno == EBUSY:
            return False
        raise failure("remove cgroup", path, err) from None
    return True


def _remove_tree(path: str) -> bool:
    """Bottom-up; False when something is in use."""
    below = [_remove_tree(child) for child in children(path)]
    return all(below) and _rmdir(path)


def _wait_unpopulated(busy: list[str], left: float) -> bool:
    """Wait on a cgroup.events file; False when none of these cgroups can give an event."""
    from select import POLLPRI, poll

    for path in busy:
        try:
            fd = os.open(path + "/cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            # What was read is the state from which a change wakes the poll.
            if b"populated 1" not in os.read(fd, 4096):
                continue
            waiter = poll()
            waiter.register(fd, POLLPRI)
            waiter.poll(int(left * 1000) + 1)
            return True
        except OSError:
            continue
        finally:
            os.close(fd)
    return False


def _still_busy(path: str, timeout: float) -> CgroupError:
    members = pids(path)
    who = f"processes {', '.join(map(str, members[:8]))}" if members else "something"
    return CgroupError(
        f"remove cgroup {path}: {who} still in it after {timeout:g} s",
        op="remove cgroup",
        errno=EBUSY,
        path=path,
        hint="a process may hang in the kernel (state D), or be a thread of one outside",
        code="cgroup-busy",
    )


def check_unused(path: str) -> None:
    """Refuse a cgroup that was there before us and has processes in it or below."""
    members = pids(path)
    if members:
        raise CgroupError(
            f"use cgroup {path}: it is not empty: {len(members)} processes "
            f"({', '.join(map(str, members[:8]))})",
            op="use cgroup",
            errno=EBUSY,
            path=path,
            pointer="/linux/cgroupsPath",
            hint="another container has this cgroupsPath, or one that ended left processes",
            code="cgroup-busy",
        )
