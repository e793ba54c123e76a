# SPDX-License-Identifier: Apache-2.0
"""What is timed: run, the life of a container verb by verb, exec.

Each function measures one round of one runtime and gives seconds by what was measured.
"""

from __future__ import annotations

from pathlib import Path

from measure import Runtime, await_end, reap

VERBS = ("create", "start", "state", "kill", "delete")


def run_once(runtime: Runtime, bundle: Path, container: str, what: str = "run") -> dict[str, float]:
    """A container of /bin/true from nothing to nothing."""
    return {what: runtime.timed("run", "--bundle", str(bundle), container)}


def life_once(runtime: Runtime, bundle: Path, container: str) -> dict[str, float]:
    """create, start, state, kill and delete; the time between kill and death is not counted."""
    pid_file = runtime.root.parent / f"pid-{container}"
    took = {}
    try:
        took["create"] = runtime.timed(
            "create", "--bundle", str(bundle), "--pid-file", str(pid_file), container
        )
        pid = int(pid_file.read_text())
        took["start"] = runtime.timed("start", container)
        took["state"] = runtime.timed("state", container)
        took["kill"] = runtime.timed("kill", container, "KILL")
        await_end(pid)
        reap()
        took["delete"] = runtime.timed("delete", container)
    except BaseException:
        runtime.remove(container)
        raise
    finally:
        pid_file.unlink(missing_ok=True)
    return {"create+start+state+kill+delete": sum(took.values()), **took}


def exec_once(runtime: Runtime, container: str) -> dict[str, float]:
    """/bin/true in a container that runs."""
    return {"exec": runtime.timed("exec", container, "/bin/true")}
