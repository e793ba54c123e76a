# SPDX-License-Identifier: Apache-2.0
"""A process that may trace others waits in the container for the inits that `exec` sends in."""

from __future__ import annotations

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
UNFILTERED = Edit(EXEC, "return seccomp.lets(", "return bool(1) and False and seccomp.lets(")
OPEN = Edit(EXEC, "process.closing_step(plan.preserve),", "")
SYS_ADMIN = 1 << 21
SETS = ("bounding", "effective", "permitted")


def tracer(bundle: Callable[..., Bundle], *more: str, **linux: Any) -> Bundle:
    """One whose process is the tracer, with CAP_SYS_PTRACE and more."""
    made = bundle(["/trace"], linux=linux)
    granted = {kind: ["CAP_SYS_PTRACE", *more] for kind in SETS}
    made.change(process={"capabilities": granted, "noNewPrivileges": not linux})
    source = Path(__file__).with_name("trace.c")
    compile_c("-O2", "-static", "-Wall", "-Werror", "-o", made.rootfs / "trace", source)
    return made


def gained(runtime: Runtime, bundle: Bundle, execs: int) -> list[str]:
    """What the tracer had of the inits, and how many inits it had hold of."""
    name = runtime.new_id()
    with (bundle.path / "seen").open("w+") as seen:
        runtime("run", "--detach", "--bundle", bundle, name, stdout=seen, stderr=seen)
        for _ in range(execs):
            assert runtime("exec", name, "/bin/echo", "well").stdout == "well\n"
        pid = int(runtime("state", name).stdout.split('"pid":')[1].split(",")[0])
        (bundle.rootfs / "stop").touch()
        assert exited(pid, 20_000)
    *found, last = (bundle.path / "seen").read_text().splitlines()
    assert int(last.removeprefix("inits ")) > 0, "none was there to be traced"
    return found


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


def without(edit: Edit, runtime: Runtime, builder: Builder) -> Runtime:
    found = Private(builder.build([edit]), runtime.root, runtime.prefix)
    runtime.ids = found.ids
    return found


@pytest.mark.parametrize(
    ("edit", "more", "word"),
    [(EARLY, [], "capabilities"), (EARLY, ["CAP_SYS_ADMIN"], "root"), (OPEN, [], "descriptor")],
)
def test_without_the_defence(
    edit: Edit,
    more: list[str],
    word: str,
    runtime: Runtime,
    bundle: Callable[..., Bundle],
    builder: Builder,
) -> None:
    found = gained(without(edit, runtime, builder), tracer(bundle, *more), 8)
    assert any(line.startswith(word) for line in found), found


def test_with_a_filter_loaded_last(
    runtime: Runtime, bundle: Callable[..., Bundle], builder: Builder
) -> None:
    weak = without(UNFILTERED, runtime, builder)
    assert f"capabilities {SYS_ADMIN:x}" in gained(weak, tracer(bundle, seccomp=filtered()), 8)
