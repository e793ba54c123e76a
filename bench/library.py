# SPDX-License-Identifier: Apache-2.0
"""What a Python program pays for a container: this runtime's library in its own process, the
others, and this one's commands, by subprocess.

All with the output captured, as programs want it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lifetimes import one_each
from measure import PATIENCE, Failed, Runtime
from place import Bench, Row
from stopping import STOP

OURS = "pyruntime"
COMMANDS = ", by commands"


def from_python(bench: Bench) -> list[Row]:
    """run, a life, exec; of this runtime both ways."""
    module = _module()
    libraries = {
        each.name: module.Runtime(each.root)
        for each in bench.runtimes
        if each.name.startswith(OURS)
    }
    with one_each(bench) as running:

        def once(runtime: Runtime) -> dict[str, float]:
            commands = _by_commands(runtime, bench, running[runtime.name])
            library = libraries.get(runtime.name)
            if library is None:
                return commands
            took = {f"{what}{COMMANDS}": seconds for what, seconds in commands.items()}
            return {**_in_process(library, runtime, bench, running[runtime.name]), **took}

        return sorted(bench.in_turns(once), key=lambda row: row.what.endswith(COMMANDS))


def _module() -> Any:
    """The tree's own, as built in place."""
    tree = str(Path(__file__).resolve().parents[1])
    if tree not in sys.path:
        sys.path.append(tree)
    import pyruntime

    return pyruntime


def _took(work: Callable[[], object]) -> float:
    STOP.check()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _in_process(library: Any, runtime: Runtime, bench: Bench, running: str) -> dict[str, float]:
    short, long = bench.short(), bench.long()

    def run() -> None:
        library.run(runtime.new_id("lib"), short, capture_output=True, check=True)

    def live() -> None:
        with library.create(runtime.new_id("lib"), long, stdout=-3, stderr=-3) as box:
            box.start()
            box.kill()
            box.wait()
            box.delete()

    def execute() -> None:
        library.get(running).run(["/bin/true"], capture_output=True, check=True)

    return _named(run, live, execute)


def _by_commands(runtime: Runtime, bench: Bench, running: str) -> dict[str, float]:
    short, long = bench.short(), bench.long()

    def command(*args: str) -> None:
        argv = [runtime.path, "--root", str(runtime.root), *runtime.options, *args]
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            process_group=0,  # see Runtime.spawn
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise Failed(f"{runtime.name} {' '.join(args)}: exit {done.returncode}: {said}")

    def live() -> None:
        container = runtime.new_id("sub")
        # Its output would be the container's, and last as long.
        argv = [runtime.path, "--root", str(runtime.root), *runtime.options]
        argv += runtime.making("create", long, container)
        null = subprocess.DEVNULL
        how: dict[str, Any] = {"stdin": null, "stdout": null, "stderr": null, "process_group": 0}
        subprocess.run(argv, timeout=PATIENCE, check=True, **how)
        command("start", container)
        command("kill", container, "KILL")
        runtime.end(container)
        command("delete", container)
        runtime.pid_file(container).unlink()

    return _named(
        lambda: command("run", "--bundle", str(short), runtime.new_id("sub")),
        live,
        lambda: command("exec", running, "/bin/true"),
    )


def _named(*work: Callable[[], object]) -> dict[str, float]:
    names = ("run", "create+start+kill+delete", "exec")
    return {f"{name}, from Python": _took(each) for name, each in zip(names, work, strict=True)}
