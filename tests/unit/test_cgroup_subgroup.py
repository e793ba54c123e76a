# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from pyruntime.cgroups.subgroup import parse, sub_cgroup
from pyruntime.cgroups.v1 import CgroupV1
from pyruntime.cgroups.v2 import CgroupV2
from pyruntime.errors import UsageError


@pytest.mark.parametrize(
    ("specs", "found"),
    [
        (["a/b"], {"": "a/b"}),
        (["/"], {"": "/"}),
        (["cpu:a"], {"cpu": "a"}),
        (["cpu,memory:a", "pids:b:c"], {"cpu": "a", "memory": "a", "pids": "b:c"}),
    ],
)
def test_forms(specs: list[str], found: dict[str, str]) -> None:
    assert parse(specs) == found


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        (["a", "b"], "stands alone"),
        (["cpu:a", "b"], "stands alone"),
        ([":a"], "names no controller"),
        (["cpu,:a"], "names no controller"),
        (["cpu:a", "cpu:b"], "twice"),
    ],
)
def test_no_forms(specs: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(specs)


def test_a_controller_that_the_container_has_not() -> None:
    with pytest.raises(UsageError, match="of controller gpu"):
        sub_cgroup(CgroupV1({"cpu": "/c"}, {"cpu": "/"}), ["gpu:a"])
    with pytest.raises(UsageError, match="one hierarchy"):
        sub_cgroup(CgroupV2({"": "/c"}, {"": "/"}), ["cpu:a"])
    with pytest.raises(UsageError, match="has no cgroup"):
        sub_cgroup(None, ["a"])
