# SPDX-License-Identifier: Apache-2.0
"""Endings and their reaping, with children that are no containers."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from time import monotonic

import pytest

from pyruntime.api.children import Children
from pyruntime.api.ending import Ending
from pyruntime.state import Record

KNOWS_OTHERS = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 15)


def child(script: str, *, own: bool = True, container: str = "c") -> Ending:
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
    return Ending(container, os.pidfd_open(pid), own=own)


def open_fds() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 200", 200), ("kill -9 $$", -9)])
def test_returncode_is_that_of_subprocess(script: str, code: int) -> None:
    ending = child(script)
    assert Children().wait(ending, None)
    assert (ending.ended, ending.returncode) == (True, code)


def test_a_deadline(children: Children) -> None:
    ending = child("exec sleep 600")
    assert not children.wait(ending, monotonic() + 0.02)
    assert not children.wait(ending, monotonic() - 1)
    assert (ending.ended, ending.returncode) == (False, None)
    signal.pidfd_send_signal(ending.pidfd, signal.SIGKILL)
    assert children.wait(ending, monotonic() + 10)


@pytest.fixture
def children() -> Children:
    return Children()


def test_waiting_for_one_reaps_all(children: Children) -> None:
    """The one ends only after the other is gone for good."""
    other = child("exit 3")
    children.add(other)
    script = f"while test -d /proc/{pid_of(other)}; do sleep 0.01; done; exit 4"
    one = child(script)
    children.add(one)
    assert children.wait(one, monotonic() + 10)
    assert (one.returncode, other.returncode) == (4, 3)


def pid_of(ending: Ending) -> int:
    with open(f"/proc/self/fdinfo/{ending.pidfd}") as file:
        return int(next(line for line in file if line.startswith("Pid:")).split()[1])


def test_those_of_a_container(children: Children) -> None:
    waiting = child("exec sleep 600", container="a")
    for ending in (waiting, child("exit 0", container="a"), child("exit 0", container="b")):
        children.add(ending)
        if ending is not waiting:
            os.waitid(os.P_PIDFD, ending.pidfd, os.WEXITED | os.WNOWAIT)
    assert children.of("a") == [waiting]
    assert children.of("b") == []
    signal.pidfd_send_signal(waiting.pidfd, signal.SIGKILL)
    assert children.wait(waiting, monotonic() + 10)
    assert children.of("a") == []


def test_descriptors_go_with_the_objects() -> None:
    gc.collect()
    before = open_fds()
    children = Children()
    for _ in range(3):
        children.add(child("exit 0"))
    assert len(open_fds() - before) == 4
    last = child("exit 0")
    children.add(last)
    while children.of("c"):
        children.wait(last, None)
    del last, children
    gc.collect()
    assert open_fds() == before


def test_a_status_that_another_has_taken(children: Children) -> None:
    ending = child("exit 6")
    os.waitpid(pid_of(ending), 0)
    assert children.wait(ending, monotonic() + 10)
    assert ending.returncode == (6 if KNOWS_OTHERS else None)


def test_anothers_child(children: Children) -> None:
    """Not reaped by us: the status is told once its parent has."""
    ending = child("exit 7", own=False)
    pid = pid_of(ending)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert children.wait(ending, monotonic() + 10)
    assert ending.returncode is None
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_many_threads_wait_for_one(children: Children) -> None:
    ending = child("exec sleep 600")
    children.add(ending)
    seen: list[int | None] = []

    def wait() -> None:
        children.wait(ending, monotonic() + 20)
        seen.append(ending.returncode)

    threads = [threading.Thread(target=wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    signal.pidfd_send_signal(ending.pidfd, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert seen == [-9] * 8


def test_the_first_process_is_found_while_somebody_holds_it(children: Children) -> None:
    fields = dict.fromkeys(Record.__slots__)
    record = Record(**{**fields, "id": "c", "pid": 5, "pid_start": 6})
    other = Record(**{**fields, "id": "c", "pid": 5, "pid_start": 7})
    ending = child("exit 0")
    children.add_first(ending, record)
    assert children.first(record) is ending
    assert children.first(other) is None
    children.wait(ending, None)
    del ending
    gc.collect()
    assert children.first(record) is None


def test_a_forked_copy_leaves_the_children_alone(children: Children) -> None:
    """Its epoll would be ours."""
    ending = child("exec sleep 600")
    children.add(ending)
    pid = os.fork()
    if pid == 0:
        signal.pidfd_send_signal(ending.pidfd, signal.SIGKILL)
        seen = children.of("c") or children.wait(child("exit 0"), monotonic() + 10)
        os._exit(0 if seen is True else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert children.wait(ending, monotonic() + 10)
    assert ending.returncode == -9 and children.of("c") == []


def test_the_longest_of_waits(children: Children) -> None:
    ending = child("exit 0")
    assert children.wait(ending, 1e30)


def test_asyncio(children: Children) -> None:
    endings = [child(f"sleep 0.0{number}; exit {number}") for number in range(5)]

    async def main() -> None:
        before = open_fds()
        for ending in endings:
            children.add(ending)
        waits = [children.wait_async(ending) for ending in (*endings, *endings)]
        await asyncio.wait_for(asyncio.gather(*waits), 20)
        assert open_fds() == before

    asyncio.run(main())
    assert [ending.returncode for ending in endings] == list(range(5))
