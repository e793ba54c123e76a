# SPDX-License-Identifier: Apache-2.0
"""The life of a container: run, and verb by verb; the commands in one that runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from measure import Runtime
from place import Bench, Row
from workload import engine_profile


def run(bench: Bench) -> list[Row]:
    """A container of /bin/true from nothing to nothing."""
    bundle = str(bench.short())

    def once(runtime: Runtime) -> dict[str, float]:
        return {"run of /bin/true": runtime.timed("run", "--bundle", bundle, runtime.new_id("run"))}

    return bench.in_turns(once)


def seccomp(bench: Bench) -> list[Row]:
    """The same under the filter that engines ask for, by what the warm-up has compiled and kept."""
    profile = engine_profile()
    if profile is None:
        return []
    bundle = str(bench.bundle("filtered", ["/bin/true"], seccomp=profile))

    def once(runtime: Runtime) -> dict[str, float]:
        took = runtime.timed("run", "--bundle", bundle, runtime.new_id("sec"))
        return {"the same under the engines' seccomp": took}

    return bench.in_turns(once)


def life(bench: Bench) -> list[Row]:
    """create, start, state, kill and delete; the time between kill and death is not counted."""
    bundle = bench.long()

    def once(runtime: Runtime) -> dict[str, float]:
        container = runtime.new_id("life")
        took = {"create": runtime.timed(*runtime.making("create", bundle, container))}
        took["start"] = runtime.timed("start", container)
        took["state"] = runtime.timed("state", container)
        took["kill"] = runtime.timed("kill", container, "KILL")
        runtime.end(container)
        took["delete"] = runtime.timed("delete", container)
        runtime.pid_file(container).unlink()
        return {**took, "the five of them, one after another": sum(took.values())}

    return bench.in_turns(once)


@contextlib.contextmanager
def one_each(bench: Bench) -> Iterator[dict[str, str]]:
    """A running container of each runtime: its id by the runtime's name."""
    bundle = bench.long()
    names: dict[str, str] = {}
    try:
        for runtime in bench.runtimes:
            names[runtime.name] = runtime.new_id("running")
            runtime.timed(*runtime.making("run", bundle, names[runtime.name]))
        yield names
    finally:
        for runtime in bench.runtimes:
            if runtime.name in names:
                runtime.remove(names[runtime.name])


def _in_running(bench: Bench, once: Callable[[Runtime, str], Mapping[str, float]]) -> list[Row]:
    with one_each(bench) as names:
        return bench.in_turns(lambda runtime: once(runtime, names[runtime.name]))


def exec_(bench: Bench) -> list[Row]:
    """/bin/true in a container that runs."""
    return _in_running(
        bench, lambda runtime, name: {"exec of /bin/true": runtime.timed("exec", name, "/bin/true")}
    )


def update(bench: Bench) -> list[Row]:
    """Limits of processor, memory and processes, others in every round."""
    rounds: dict[str, int] = {}

    def once(runtime: Runtime, name: str) -> dict[str, float]:
        number = rounds[name] = rounds.get(name, 0) + 1
        limits = ["--cpu-share", str(512 + number), "--memory", str((64 + number) << 20)]
        limits += ["--pids-limit", str(100 + number)]
        return {"update of three limits": runtime.timed("update", *limits, name)}

    return _in_running(bench, once)


def events(bench: Bench) -> list[Row]:
    """The statistics, once. crun has no such command."""

    def once(runtime: Runtime, name: str) -> dict[str, float]:
        if runtime.name.startswith("crun"):
            return {}
        return {"events --stats": runtime.timed("events", "--stats", name)}

    return _in_running(bench, once)


def pause(bench: Bench) -> list[Row]:
    """pause and resume."""

    def once(runtime: Runtime, name: str) -> dict[str, float]:
        return {"pause": runtime.timed("pause", name), "resume": runtime.timed("resume", name)}

    return _in_running(bench, once)


def ps(bench: Bench) -> list[Row]:
    """The processes as engines ask for them."""
    return _in_running(
        bench,
        lambda runtime, name: {"ps --format json": runtime.timed("ps", "--format", "json", name)},
    )
