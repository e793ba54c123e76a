# SPDX-License-Identifier: Apache-2.0
"""A caller who may not write cgroups."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from pyruntime.cgroups import driver
from pyruntime.cgroups.detect import detect
from pyruntime.errors import Error
from pyruntime.plan.resources import compile_resources

pytestmark = pytest.mark.usefixtures("leftovers")

NOBODY = 65534


def as_nobody(action: Callable[[], str]) -> str:
    """What the action returns, or the message of its error, in a child without privileges."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            said = action()
        except Error as err:
            said = f"{type(err).__name__}: {err}"
        except BaseException as err:
            said = f"unexpected {err!r}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        said = file.read()
    os.waitpid(pid, 0)
    return said


def test_without_limits_it_goes_without(prefix: str) -> None:
    facts = detect()
    settings = compile_resources({}, facts)

    def action() -> str:
        cgroup = driver.open_cgroup(facts, f"/{prefix}n", "unused")
        cgroup = driver.create_or_absent(cgroup, settings)
        cgroup.apply(settings)
        cgroup.delete()
        again = driver.from_record(cgroup.record())
        try:
            again.freeze()
        except Error as err:
            return f"{type(again).__name__}: {err}"
        return "no error"

    said = as_nobody(action)
    assert said.startswith("NullCgroup: freeze container: no permission (create cgroup /sys/fs/")
    assert said.endswith(f"{prefix}n: Permission denied)")


def test_with_limits_it_is_an_error(prefix: str) -> None:
    facts = detect()
    settings = compile_resources({"pids": {"limit": 10}}, facts)

    def action() -> str:
        cgroup = driver.open_cgroup(facts, f"/{prefix}n", "unused")
        return type(driver.create_or_absent(cgroup, settings)).__name__

    said = as_nobody(action)
    assert said.startswith("CgroupError: create cgroup /sys/fs/cgroup/")
    assert said.endswith(f"{prefix}n: Permission denied")


def test_root_is_told(prefix: str) -> None:
    """For root a refusal is never what was meant."""
    facts = detect()
    cgroup = driver.open_cgroup(facts, f"/{prefix}n", "unused")
    cgroup.paths = dict.fromkeys(cgroup.paths, f"/proc/sys/{prefix}n")
    with pytest.raises(Error, match="create cgroup /proc/sys/"):
        driver.create_or_absent(cgroup, [])
