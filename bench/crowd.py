# SPDX-License-Identifier: Apache-2.0
"""Many containers: what one more costs among them, `list`, and many that are made at once."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from measure import Runtime, await_end, reap, run_all
from memory import smaps_rollup
from place import Bench, Row


def _make_all(commands: Sequence[tuple[Runtime, list[str]]], at_once: int) -> float:
    """Seconds that commands take together. Raises Failed."""
    start = time.perf_counter()
    statuses = run_all(commands, at_once)
    took = time.perf_counter() - start
    for (runtime, args), status in zip(commands, statuses, strict=True):
        runtime.judge(status, args)
    return took


class Crowd:
    """Containers of every runtime that run and are left alone."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.bundle = bench.long()
        self.names: dict[Runtime, list[str]] = {runtime: [] for runtime in bench.runtimes}

    def grow(self, size: int) -> None:
        """Have `size` of each runtime."""
        commands = []
        for runtime, names in self.names.items():
            while len(names) < size:
                names.append(runtime.new_id("other"))
                commands.append((runtime, runtime.making("run", self.bundle, names[-1])))
        _make_all(commands, at_once=os.cpu_count() or 1)

    def clear(self) -> None:
        """End and delete them. All die first: a deletion by force would wait for each."""
        pids = []
        for runtime, names in self.names.items():
            for name in names:
                with contextlib.suppress(OSError, ValueError):
                    pids.append(runtime.pid(name))
                    os.kill(pids[-1], signal.SIGKILL)
        for pid in pids:
            await_end(pid)
        reap()
        for runtime, names in self.names.items():
            runtime.remove(*names)
            names.clear()


@contextlib.contextmanager
def crowd(bench: Bench) -> Iterator[Crowd]:
    made = Crowd(bench)
    try:
        yield made
    finally:
        made.clear()


def _create_delete(bundle: Path, label: str) -> Callable[[Runtime], dict[str, float]]:
    def once(runtime: Runtime) -> dict[str, float]:
        name = runtime.new_id("more")
        create = runtime.timed(*runtime.making("create", bundle, name))
        runtime.end(name)
        delete = runtime.timed("delete", name)
        runtime.pid_file(name).unlink()
        return {f"create {label}": create, f"delete {label}": delete}

    return once


def others(bench: Bench) -> list[Row]:
    """create and delete while as many others of the same runtime are alive."""
    rows: list[Row] = []
    with crowd(bench) as alive:
        for size in bench.sizes.others:
            alive.grow(size)
            rows += bench.in_turns(_create_delete(alive.bundle, f"among {size} others"))
    return sorted(rows, key=lambda row: row.what.split()[0])


def list_(bench: Bench) -> list[Row]:
    """list, of containers that run."""
    size = bench.sizes.listed
    with crowd(bench) as alive:
        alive.grow(size)
        return bench.in_turns(lambda runtime: {f"list of {size} containers": runtime.timed("list")})


def parallel(bench: Bench) -> list[Row]:
    """Creations that start together, deletions, and the memory of all the inits that wait."""
    bundle = bench.long()
    at_once = bench.sizes.at_once
    sizes: list[Row] = []

    def once(runtime: Runtime) -> dict[str, float]:
        names = [runtime.new_id("at-once") for _ in range(at_once)]
        created = _make_all(
            [(runtime, runtime.making("create", bundle, name)) for name in names], at_once
        )
        _add_sizes(sizes, runtime, [runtime.pid(name) for name in names])
        for name in names:
            runtime.end(name)
        deleted = _make_all([(runtime, ["delete", name]) for name in names], at_once)
        for name in names:
            runtime.pid_file(name).unlink()
        return {f"{at_once} creates at once": created, f"{at_once} deletes at once": deleted}

    rows = bench.in_turns(once, rounds=max(1, bench.sizes.rounds // 10), warm_up=0)
    return [*rows, *sizes]


def _add_sizes(rows: list[Row], runtime: Runtime, pids: Sequence[int]) -> None:
    taken = {"RSS": 0, "PSS": 0}
    for pid in pids:
        for name, size in smaps_rollup(pid).items():
            taken[name] += size
    for name, size in taken.items():
        what = f"{name} of {len(pids)} waiting inits"
        row = next((row for row in rows if row.what == what), None)
        if row is None:
            rows.append(row := Row(what, "KiB", {}))
        row.samples.setdefault(runtime.name, []).append(size)
