# SPDX-License-Identifier: Apache-2.0
"""A process that may trace others waits in the container for the inits that `exec` sends in, or
that a create into its pid namespace does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evil.private import Builder, Edit, Private, compile_c
from support import profile
from support.bundle import Bundle
from support.leftovers import exited
from support.runtime import Runtime

pytestmark = [pytest.mark.racer, pytest.mark.usefixtures("root_user")]
EXEC = "plan/compile_exec.py"
EARLY = Edit(EXEC, "late = plan.forks and", "late = False and")
FORK = "plan/last_fork.py"
UNFILTERED = Edit(FORK, "return seccomp.lets(", "return bool(1) and False and seccomp.lets(")
EARLY_CREATE = Edit(FORK, "kernel < PROC_FROM_OUTSIDE", "kernel > (0, 0)")
OPEN = Edit(EXEC, "process.closing_step(plan.preserve),", "")
SYS_ADMIN = 1 << 21
KERNEL = tuple(int(part) for part in os.uname().release.split(".")[:2])
procfs_from_outside = pytest.mark.skipif(
    KERNEL < (6, 17), reason="kernel: no option pidns of procfs"
)
SETS = ("bounding", "effective", "permitted")


def tracer(bundle: Callable[..., Bundle], *more: str, **linux: Any) -> Bundle:
    """One whose process is the tracer, with CAP_SYS_PTRACE and more."""
    made = bundle(["/trace"], linux=linux)
    granted = {kind: ["CAP_SYS_PTRACE", *more] for kind in SETS}
    made.change(process={"capabilities": granted, "noNewPrivileges": not linux})
    source = Path(__file__).with_name("trace.c")
    compile_c("-O2", "-static", "-Wall", "-Werror", "-o", made.rootfs / "trace", source)
    return made


def gained(runtime: Runtime, bundle: Bundle, times: int, beside: Bundle | None = None) -> list[str]:
    """What the tracer had of the inits, which were those of exec, or of a container beside."""
    name = runtime.new_id()
    with (bundle.path / "seen").open("w+") as seen:
        runtime("run", "--detach", "--bundle", bundle, name, stdout=seen, stderr=seen)
        pid = int(runtime("state", name).stdout.split('"pid":')[1].split(",")[0])
        if beside is not None:
            _join(beside, bundle, pid)
        for _ in range(times):
            if beside is not None:
                assert runtime.run(beside).stdout == "well\n"
            else:
                assert runtime("exec", name, "/bin/echo", "well").stdout == "well\n"
        (bundle.rootfs / "stop").touch()
        assert exited(pid, 20_000)
    *found, last = (bundle.path / "seen").read_text().splitlines()
    assert int(last.removeprefix("inits ")) > 0, "none was there to be traced"
    return found


def _join(beside: Bundle, bundle: Bundle, pid: int) -> None:
    """Its root is the tracer's own, so that one that is another is the host's."""
    namespaces = beside.config["linux"]["namespaces"]
    for entry in namespaces:
        if entry["type"] == "pid":
            entry["path"] = f"/proc/{pid}/ns/pid"
    nothing: dict[str, list[str]] = {kind: [] for kind in SETS}
    beside.change(
        linux={"namespaces": namespaces},
        root={"path": str(bundle.rootfs)},
        process={"capabilities": nothing},
    )


def filtered() -> dict[str, Any]:
    """An engine's profile for a container that may trace."""
    found = profile.engine_profile()
    found["syscalls"].append({"names": ["ptrace"], "action": "SCMP_ACT_ALLOW"})
    return found


@pytest.mark.parametrize(("more", "execs"), [([], 200), (["CAP_SYS_ADMIN"], 50)])
def test_entering_inits_are_traced(
    more: list[str], execs: int, runtime: Runtime, bundle: Callable[..., Bundle]
) -> None:
    assert gained(runtime, tracer(bundle, *more), execs) == []


def test_nor_is_one_that_loads_a_filter(runtime: Runtime, bundle: Callable[..., Bundle]) -> None:
    """Without no_new_privs that takes CAP_SYS_ADMIN, which this container has not."""
    assert gained(runtime, tracer(bundle, seccomp=filtered()), 50) == []


@procfs_from_outside
@pytest.mark.parametrize("more", [[], ["CAP_SYS_ADMIN"]])
def test_joining_inits_are_traced(
    more: list[str], runtime: Runtime, bundle: Callable[..., Bundle]
) -> None:
    beside = bundle(["/bin/echo", "well"])
    assert gained(runtime, tracer(bundle, *more), 50, beside) == []


def without(edit: Edit, runtime: Runtime, builder: Builder) -> Runtime:
    found = Private(builder.build([edit]), runtime.root, runtime.prefix)
    runtime.ids = found.ids
    return found


@pytest.mark.parametrize(
    ("edit", "more", "word"),
    [
        (EARLY, [], "capabilities"),
        (EARLY, ["CAP_SYS_ADMIN"], "root"),
        (OPEN, [], "descriptor"),
        pytest.param(EARLY_CREATE, [], "capabilities", marks=procfs_from_outside),
        pytest.param(EARLY_CREATE, ["CAP_SYS_ADMIN"], "root", marks=procfs_from_outside),
    ],
)
def test_without_the_defence(
    edit: Edit,
    more: list[str],
    word: str,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    builder: Builder,
) -> None:
    beside = bundle(["/bin/echo", "well"]) if edit is EARLY_CREATE else None
    found = gained(without(edit, runtime, builder), tracer(bundle, *more), 8, beside)
    assert any(line.startswith(word) for line in found), found


def test_with_a_filter_loaded_last(
    runtime: Runtime, bundle: Callable[..., Bundle], builder: Builder
) -> None:
    weak = without(UNFILTERED, runtime, builder)
    assert f"capabilities {SYS_ADMIN:x}" in gained(weak, tracer(bundle, seccomp=filtered()), 8)
