# SPDX-License-Identifier: Apache-2.0
"""The library in a process with threads, whose other work it must not meet."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from integration.library import *  # noqa: F403 - fixtures
from integration.library import Make
from support.bundle import Bundle

import pyruntime
from pyruntime import PIPE, Container, Runtime

NewId = Callable[[], str]
THREADS, EACH = 16, 25


def children() -> set[str]:
    found: set[str] = set()
    for task in os.listdir("/proc/self/task"):
        found |= set(Path(f"/proc/self/task/{task}/children").read_text().split())
    return found


class Surroundings:
    """What belongs to the whole process."""

    def __init__(self) -> None:
        status = Path("/proc/self/status").read_text()
        self.cwd = os.getcwd()
        self.umask = next(line for line in status.splitlines() if line.startswith("Umask"))
        self.environment = dict(os.environ)
        self.handlers = [signal.getsignal(number) for number in range(1, 32)]
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        self.affinity = os.sched_getaffinity(0)
        self.namespaces = {
            (task, kind): os.readlink(f"/proc/self/task/{task}/ns/{kind}")
            for task in [os.getpid()]
            for kind in os.listdir("/proc/self/ns")
        }
        self.descriptors = {
            fd: os.readlink(f"/proc/self/fd/{fd}")
            for fd in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{fd}")
        }
        self.children = children()
        self.threads = {thread.name for thread in threading.enumerate()}


def other_work(ended: threading.Event, wrong: queue.Queue[str]) -> None:
    """Children of the program's own, with exit statuses that must reach it."""
    number = 0
    while not ended.is_set():
        number = (number + 1) % 200
        script = f"cat; exit {number}"
        done = subprocess.run(["sh", "-c", script], input=b"x", stdout=PIPE, check=False)
        if (done.returncode, done.stdout) != (number, b"x"):
            wrong.put(f"{script}: {done}")


def a_life(library: Runtime, made: Bundle, name: str, kind: int) -> str:
    """One of several lives of a container; "" when all of it was right."""
    if kind % 5 == 0:
        with library.create(name, made, args=["/bin/cat"], stdin=PIPE, stdout=PIPE) as box:
            box.start()
            done = box.run(["sh", "-c", "echo $0; exit 9", name], capture_output=True, text=True)
            out, _ = box.communicate(name.encode())
            seen = (done.returncode, done.stdout, out, box.wait())
        return "" if seen == (9, f"{name}\n", name.encode(), 0) else repr(seen)
    args = ["/bin/sh", "-c", f"cat; exit {kind % 7}"]
    ran = library.run(name, made, args=args, input=name, capture_output=True, text=True)
    seen_of_run = (ran.returncode, ran.stdout, ran.stderr)
    return "" if seen_of_run == (kind % 7, name, "") else repr(seen_of_run)


def test_many_threads_make_containers(library: Runtime, bundle: Make, prefix: str) -> None:
    made = bundle(["/bin/true"])
    (made.path / "here").touch()  # which the hook finds in its own directory alone
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "cat here"]}
    made.change(hooks={"createRuntime": [hook]})
    library.run(f"{prefix}first", made)  # imports, caches
    before = Surroundings()
    wrong: queue.Queue[str] = queue.Queue()
    ended = threading.Event()
    others = [threading.Thread(target=other_work, args=(ended, wrong)) for _ in range(2)]
    for thread in others:
        thread.start()

    def work(thread: int) -> None:
        for number in range(EACH):
            name = f"{prefix}t{thread}-{number}"
            if said := a_life(library, made, name, thread + number):
                wrong.put(f"{name}: {said}")

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))
    finally:
        ended.set()
        for thread in others:
            thread.join()
    found = []
    while not wrong.empty():
        found.append(wrong.get())
    assert not found
    assert library.list() == []
    assert vars(Surroundings()) == vars(before)


def test_threads_share_a_container(sleeper: Container) -> None:
    """Each sees the end, whoever reaps; processes of several threads at once."""

    def work(number: int) -> tuple[int, str]:
        done = sleeper.run(["sh", "-c", f"echo {number}"], capture_output=True, text=True)
        return done.returncode, done.stdout

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [(0, f"{number}\n") for number in range(40)]
        waiting = [pool.submit(sleeper.wait) for _ in range(4)]
        process = sleeper.exec(["sleep", "600"])
        waiting += [pool.submit(process.wait) for _ in range(3)]
        sleeper.kill()
        assert [one.result(20) for one in waiting] == [-9] * 7


def test_a_forked_child_holds_nothing_up(library: Runtime, bundle: Make, prefix: str) -> None:
    """One that was forked in the middle of a create has copies of all descriptors: the lock of
    the container must be free nevertheless.
    """
    made = bundle(["/bin/sleep", "600"])
    fifo = made.path / "fifo"
    os.mkfifo(fifo)
    # The hook runs under the lock: it ends once we have forked.
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "echo > fifo; read x < fifo"]}
    made.change(hooks={"createRuntime": [hook]})
    with ThreadPoolExecutor(1) as pool:
        creation = pool.submit(library.create, f"{prefix}forked", made)
        fifo.read_text()
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        too_long = threading.Timer(10, os.kill, (pid, signal.SIGKILL))
        too_long.start()
        try:
            fifo.write_text("\n")
            with creation.result() as box:
                box.start()
                box.stop(0.1)
            assert os.waitpid(pid, os.WNOHANG) == (0, 0), "it had to go first"
        finally:
            too_long.cancel()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_many_wait_in_one_loop(library: Runtime, bundle: Make, prefix: str) -> None:
    made = bundle()

    async def live(number: int) -> tuple[int, int | None, bytes]:
        args = ["/bin/sh", "-c", f"sleep 0.{number % 3}; echo {number}; exit {number}"]
        box = await asyncio.to_thread(
            library.launch, f"{prefix}a{number}", made, args=args, stdout=PIPE
        )
        with box:
            first, second = await asyncio.gather(box.wait_async(), box.wait_async())
            assert first == second and box.stdout is not None
            return number, first, box.stdout.read()

    async def main() -> list[tuple[int, int | None, bytes]]:
        return await asyncio.gather(*(live(number) for number in range(12)))

    found = asyncio.run(main())
    assert found == [(number, number, f"{number}\n".encode()) for number in range(12)]


def test_waits_of_a_loop_can_be_given_up(sleeper: Container) -> None:
    before = set(os.listdir("/proc/self/fd"))

    async def main() -> int:
        process = sleeper.exec(["sleep", "600"])
        for waiting in (sleeper.wait_async(), process.wait_async()):
            try:
                await asyncio.wait_for(waiting, 0.05)
            except TimeoutError:
                continue
            raise AssertionError("it has not ended")
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        loop.add_reader(process, lambda: told.done() or told.set_result(process.poll()))
        process.kill()
        code: int = await asyncio.wait_for(told, 10)
        loop.remove_reader(process)
        return code

    assert asyncio.run(main()) == -9
    sleeper.status  # noqa: B018 - reaps
    assert len(set(os.listdir("/proc/self/fd")) - before) == 0


@pytest.mark.vm
def test_events_of_several_containers(library: Runtime, bundle: Make, prefix: str) -> None:
    """Lack of memory, the end, statistics: in threads and in a loop alike."""
    made = bundle(linux={"resources": {"memory": {"limit": 16 << 20}}})
    greedy = library.create(f"{prefix}greedy", made, args=["/bin/tail", "/dev/zero"])
    calm = library.launch(f"{prefix}calm", made, args=["/bin/sh", "-c", "sleep 0.5; exit 3"])

    async def watch(box: Container, interval: float | None) -> list[pyruntime.Event]:
        with box.events(interval) as stream:
            return [event async for event in stream]

    async def main() -> list[list[pyruntime.Event]]:
        return await asyncio.gather(watch(calm, 0.1), watch(calm, None))

    with greedy, calm:
        with greedy.events() as stream:
            greedy.start()
            *seen, last = stream
        with_stats, without = asyncio.run(main())
        assert greedy.wait(20) == -9
    assert last == pyruntime.ExitEvent(greedy.id, -9)
    assert seen and set(seen) == {pyruntime.OomEvent(greedy.id)}
    assert without == with_stats[-1:] == [pyruntime.ExitEvent(calm.id, 3)]
    stats = [event for event in with_stats if isinstance(event, pyruntime.StatsEvent)]
    assert 3 <= len(stats) == len(with_stats) - 1
    assert stats[0].stats.memory.limit == 16 << 20
