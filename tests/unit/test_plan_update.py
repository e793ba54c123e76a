# SPDX-License-Identifier: Apache-2.0
"""What `update` makes of the resources in force and those that it is given."""

from __future__ import annotations

from typing import Any

import pytest

from pyruntime.errors import ConfigError
from pyruntime.plan.update import changes, merge, oom_killer_is_back, to_write

MIB = 1 << 20


def update(current: dict[str, Any], given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(resources in force afterwards, what is written)"""
    asked, _ = changes(given)
    merged = merge(current, asked)
    return merged, to_write(asked, merged)


def test_nothing_given_changes_nothing() -> None:
    current = {"memory": {"limit": MIB}, "pids": {"limit": 3}}
    given = {
        "memory": {"limit": 0, "swap": 0, "checkBeforeUpdate": False},
        "cpu": {"shares": 0, "cpus": "", "quota": 0, "period": 0},
        "blockIO": {"weight": 0, "weightDevice": []},
        "hugepageLimits": [],
        "pids": {},
    }
    assert update(current, given) == (current, {})


@pytest.mark.parametrize(
    ("section", "field"),
    [("pids", "limit"), ("cpu", "burst"), ("cpu", "idle"), ("memory", "swappiness")],
)
def test_some_zeros_are_values(section: str, field: str) -> None:
    merged, written = update({section: {field: 1}}, {section: {field: 0}})
    assert merged[section][field] == 0
    assert written[section][field] == 0


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"quota": 5000}, {"quota": 5000, "period": 10000}),
        ({"period": 20000}, {"quota": 4000, "period": 20000}),
        ({"quota": 5000, "period": 50000}, {"quota": 5000, "period": 50000}),
    ],
)
def test_quota_and_period_are_a_pair(given: dict[str, int], written: dict[str, int]) -> None:
    current = {"cpu": {"quota": 4000, "period": 10000, "shares": 7}}
    merged, found = update(current, {"cpu": given})
    assert found == {"cpu": written}
    assert merged == {"cpu": written | {"shares": 7}}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"limit": 3}, {"limit": 3, "swap": 9}),
        ({"swap": 4}, {"limit": 2, "swap": 4}),
        ({"limit": -1}, {"limit": -1}),
        ({"limit": -1, "swap": -1}, {"limit": -1, "swap": -1}),
        ({"reservation": 1}, {"reservation": 1}),
    ],
)
def test_memory_and_swap_are_a_pair(given: dict[str, int], written: dict[str, int]) -> None:
    _, found = update({"memory": {"limit": 2, "swap": 9}}, {"memory": given})
    assert found == {"memory": written}


def test_unknown_members_are_nobody_s_business() -> None:
    assert changes({"pids": {"limit": 3}, "bogus": 1, "other": {"a": 1}}) == (
        {"pids": {"limit": 3}},
        [],
    )


def test_limits_that_no_kernel_has_are_named_and_ignored() -> None:
    asked, ignored = changes({"memory": {"kernel": 5, "kernelTCP": 6, "limit": 7}})
    assert asked == {"memory": {"limit": 7}}
    assert ignored == ["/linux/resources/memory/kernel", "/linux/resources/memory/kernelTCP"]


def test_idle_sets_the_shares_back() -> None:
    merged, written = update({"cpu": {"shares": 512}}, {"cpu": {"idle": 1}})
    assert merged == written == {"cpu": {"idle": 1}}


def test_no_shares_for_an_idle_one() -> None:
    with pytest.raises(ConfigError, match="idle") as caught:
        merge({"cpu": {"idle": 1}}, {"cpu": {"shares": 512}})
    assert caught.value.pointer == "/linux/resources/cpu/shares"
    merged, written = update({"cpu": {"idle": 1}}, {"cpu": {"shares": 512, "idle": 0}})
    assert merged == written == {"cpu": {"shares": 512, "idle": 0}}
    merged, written = update({"cpu": {"shares": 9}}, {"cpu": {"shares": 512, "idle": 1}})
    assert merged == written == {"cpu": {"shares": 512, "idle": 1}}


@pytest.mark.parametrize(
    ("before", "asked", "expected"),
    [(True, False, True), (True, None, False), (False, False, False), (None, False, False)],
)
def test_the_oom_killer_comes_back(before: object, asked: object, expected: bool) -> None:
    def memory(value: object) -> dict[str, object]:
        return {} if value is None else {"memory": {"disableOOMKiller": value}}

    assert oom_killer_is_back(memory(before), memory(asked)) is expected


def test_lists_change_by_what_names_an_entry() -> None:
    disk, other = {"major": 8, "minor": 0}, {"major": 8, "minor": 16}
    current = {
        "blockIO": {"throttleReadBpsDevice": [{**disk, "rate": 1}]},
        "hugepageLimits": [{"pageSize": "2MB", "limit": 1}],
    }
    given = {
        "blockIO": {"throttleReadBpsDevice": [{**other, "rate": 2}, {**disk, "rate": 0}]},
        "hugepageLimits": [{"pageSize": "1GB", "limit": 2}],
        "unified": {"memory.high": "1"},
    }
    merged, written = update(current, given)
    assert merged == {
        "blockIO": {"throttleReadBpsDevice": [{**disk, "rate": 0}, {**other, "rate": 2}]},
        "hugepageLimits": [{"pageSize": "2MB", "limit": 1}, {"pageSize": "1GB", "limit": 2}],
        "unified": {"memory.high": "1"},
    }
    assert written == given


def test_devices_replace_all_and_are_written_apart() -> None:
    merged, written = update({"devices": [{"allow": False}]}, {"devices": [{"allow": True}]})
    assert merged == {"devices": [{"allow": True}]}
    assert written == {}
