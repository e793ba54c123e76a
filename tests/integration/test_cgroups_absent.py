# SPDX-License-Identifier: Apache-2.0
"""A caller who may not write cgroups."""

from __future__ import annotations

import pytest
from integration.members import as_nobody

from pyruntime.cgroups import driver
from pyruntime.cgroups.detect import detect
from pyruntime.errors import Error
from pyruntime.plan.device_rules import compile_rules
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.resources import compile_resources

pytestmark = [pytest.mark.usefixtures("leftovers"), pytest.mark.vm]


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
    cgroup.paths = dict.fromkeys(cgroup.paths, f"/sys/kernel/{prefix}n")
    with pytest.raises(Error, match=r"create cgroup /sys/kernel/.*: Operation not permitted"):
        driver.create_or_absent(cgroup, [])


def test_a_user_goes_without_a_device_filter(prefix: str) -> None:
    """A program can't be loaded without privileges, and is no protection from oneself."""
    pytest.importorskip("pyruntime._shim", reason="not built: run ./dev build")
    host = detect()
    if not host.v2:
        pytest.skip("kernel: cgroup2 is not mounted")
    facts = CgroupFacts("v2", {}, host.v2, host.v2_controllers, {"": "/"})
    cgroup = driver.open_cgroup(facts, f"/{prefix}n", "unused")
    cgroup.create()
    try:

        def action() -> str:
            cgroup.apply([compile_rules([], [])])
            return "no error"

        assert as_nobody(action) == "no error"
    finally:
        cgroup.delete()
