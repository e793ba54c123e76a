# SPDX-License-Identifier: Apache-2.0
"""A user's program, which mypy --strict reads against an installed package. Never executed."""

from __future__ import annotations

from datetime import datetime
from typing import IO, assert_type

import pyruntime
from pyruntime import PIPE, Completed, Container, Process, Runtime


def names() -> None:
    runtime = Runtime("/run/app", cgroup_manager="systemd")
    box = runtime.load("box")
    box.config["hostname"] = "x"
    assert_type(runtime.run("a", box, capture_output=True), Completed[bytes])
    assert_type(runtime.run("a", "box", input="x", text=True).stdout, str)
    assert_type(runtime.list(), list[Container])
    assert_type(runtime.plan(box).steps[0].text, str)
    assert_type([problem.line for problem in runtime.validate("box")], list[int])
    with runtime.launch("a", box, args=["x"], stdin=PIPE) as container:
        assert_type(container, Container)
        assert_type(container.stdin, IO[bytes] | None)
        assert_type(container.wait(1.5), int | None)
        assert_type(container.state.created, datetime)
        assert_type(container.stats().memory.limit, int | None)
        process = container.exec(["x"], text=True, env={"A": "b"}, user=(1, 2))
        assert_type(process, Process[str])
        assert_type(process.communicate("x"), tuple[str, str])
        assert_type(process.wait(), int)
        assert_type(container.exec({"args": ["x"]}).stdout, IO[bytes] | None)
        assert_type(container.run(["x"], check=True).returncode, int)


async def waits(container: Container) -> None:
    assert_type(await container.wait_async(), int | None)
    async for event in container.events(interval=1):
        match event:
            case pyruntime.StatsEvent():
                assert_type(event.stats, pyruntime.Stats)
            case pyruntime.OomEvent(id=name):
                assert_type(name, str)
            case pyruntime.ExitEvent():
                assert_type(event.returncode, int | None)


def errors(err: pyruntime.Error) -> list[str]:
    if isinstance(err, pyruntime.ConfigError):
        return [problem.pointer for problem in err.problems]
    return [err.code, err.hint]


def mistakes(container: Container) -> None:
    container.exec(["x"], sdtin=PIPE)  # type: ignore[call-overload]
    container.exec(["x"], user=1.5)  # type: ignore[call-overload]
    pyruntime.nonsense()  # type: ignore[attr-defined]
    container.run(["x"], text=True, input=b"x")  # type: ignore[call-overload]
