# SPDX-License-Identifier: Apache-2.0
"""Time namespaces: the clocks inside, joined by others, entered by exec."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from integration.asking import kill, pid
from integration.inside import KINDS, mapped, namespaces
from support.bundle import Bundle
from support.leftovers import Snapshot
from support.runtime import Runtime

Make = Callable[..., Bundle]

PLAIN = ("pid", "network", "ipc", "uts", "mount", "time")
DAY = 86_400
OFFSETS = {"boottime": {"secs": DAY, "nanosecs": 5}, "monotonic": {"secs": -7}}
SHOW = "cut -d' ' -f1 /proc/uptime; cat /proc/self/timens_offsets; readlink /proc/self/ns/time"


def clocked(bundle: Make, script: str, *kinds: str, **linux: object) -> Bundle:
    spaces = {"namespaces": namespaces(*kinds)}
    return bundle(["/bin/sh", "-c", script], linux=spaces | linux)


def shown(output: str) -> tuple[float, list[list[str]], str]:
    uptime, *offsets, link = output.splitlines()
    return float(uptime), [line.split() for line in offsets], link


@pytest.mark.parametrize(
    "kinds",
    [pytest.param(PLAIN, marks=pytest.mark.vm), ("mount", "time", "uts")],
    ids=["pid", "no pid"],
)
def test_the_clocks_of_a_new_one(kinds: tuple[str, ...], runtime: Runtime, bundle: Make) -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    made = clocked(bundle, SHOW, *kinds, timeOffsets=OFFSETS)
    uptime, offsets, link = shown(runtime.run(made).stdout)
    assert before + DAY <= uptime <= time.clock_gettime(time.CLOCK_BOOTTIME) + DAY + 1
    assert offsets == [["monotonic", "-7", "0"], ["boottime", str(DAY), "5"]]
    assert link != os.readlink("/proc/self/ns/time")


def test_without_offsets(runtime: Runtime, bundle: Make) -> None:
    uptime, offsets, link = shown(runtime.run(clocked(bundle, SHOW, *PLAIN)).stdout)
    assert uptime < time.clock_gettime(time.CLOCK_BOOTTIME) + 1
    assert [words[1:] for words in offsets] == [["0", "0"], ["0", "0"]]
    assert link != os.readlink("/proc/self/ns/time")


@pytest.mark.vm
def test_in_a_user_namespace(runtime: Runtime, bundle: Make) -> None:
    made = mapped(bundle, SHOW, (*KINDS, "time"), linux={"timeOffsets": OFFSETS})
    uptime, offsets, _ = shown(runtime.run(made).stdout)
    assert uptime > DAY and offsets[0] == ["monotonic", "-7", "0"]


@pytest.mark.parametrize(
    "user", [False, pytest.param(True, marks=pytest.mark.vm)], ids=["root", "user namespace"]
)
def test_exec_and_join(user: bool, runtime: Runtime, bundle: Make) -> None:
    sleep = "exec sleep 1000"
    if user:
        made = mapped(bundle, sleep, (*KINDS, "time"), linux={"timeOffsets": OFFSETS})
    else:
        made = clocked(bundle, sleep, *PLAIN, timeOffsets=OFFSETS)
    name = runtime.create(made)
    runtime("start", name)
    path = f"/proc/{pid(runtime, name)}/ns"
    for added in (runtime("exec", name, "/bin/sh", "-c", SHOW),):
        uptime, _, link = shown(added.stdout)
        assert uptime > DAY and link == os.readlink(f"{path}/time")
    if user:
        kinds = [kind for kind in KINDS if kind != "user"]
        other = mapped(bundle, SHOW, [*kinds, f"user={path}/user", f"time={path}/time"])
    else:
        other = clocked(bundle, SHOW, *PLAIN[:-1], f"time={path}/time")
    uptime, _, link = shown(runtime.run(other).stdout)
    assert uptime > DAY and link == os.readlink(f"{path}/time")
    kill(runtime, name, "KILL")


@pytest.mark.usefixtures("only_ours")
@pytest.mark.parametrize(
    ("kinds", "offsets", "said"),
    [
        (
            ("mount", "time=/proc/self/ns/time"),
            OFFSETS,
            "can't be set in a time namespace that is joined",
        ),
        (("mount",), OFFSETS, "needs a time namespace"),
        (
            ("mount", "time=/proc/self/ns/uts"),
            {},
            "is a uts namespace, but a time namespace is wanted",
        ),
        (("mount", "time"), {"boottime": {"secs": -(1 << 40)}}, "Numerical result out of range"),
    ],
)
def test_what_is_refused(
    kinds: tuple[str, ...],
    offsets: dict[str, dict[str, int]],
    said: str,
    runtime: Runtime,
    bundle: Make,
    leftovers: Snapshot,
) -> None:
    made = clocked(bundle, "true", *kinds, timeOffsets=offsets)
    made.change(hostname=None)
    done = runtime.run(made, check=False)
    assert done.returncode == 1 and said in done.stderr
    assert leftovers.compare() == []
