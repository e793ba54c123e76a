# SPDX-License-Identifier: Apache-2.0
"""Mounts of the config to steps."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.plan import mount_options as mo
from pyruntime.plan import ops
from pyruntime.plan.step import Step

MOUNT_OPS = ("mount_fs", "mount_bind", "mount_remount", "mount_attr")


def steps(*mounts: dict[str, Any], **options: Any) -> list[Step]:
    return plans.named(plans.create(plans.config(mounts=list(mounts)), **options), *MOUNT_OPS)


def mount(destination: str, kind: str = "", source: str = "", options: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"destination": destination, "type": kind, "source": source}
    return found | {"options": options.split(",") if options else None}


def test_a_filesystem() -> None:
    [step] = steps(mount("/tmp/", "ext4", "/dev/vdb", "nosuid,rw,noatime,sync,data=journal"))
    assert step == ops.mount_fs(
        "/mounts/0",
        attr_set=mo.NOSUID | mo.NOATIME,
        fstype="ext4",
        source="/dev/vdb",
        target="/tmp",
        options=["sync", "data=journal"],
    )


def test_read_only_block_filesystem_has_a_read_only_superblock() -> None:
    [step] = steps(mount("/data", "ext4", "/dev/vdb", "ro"))
    assert step.args["options"] == ["ro"]
    assert step.args["attr_set"] == mo.RDONLY


def test_read_only_sysfs_leaves_the_shared_superblock_alone() -> None:
    [step] = steps(mount("/sys", "sysfs", "sysfs", "ro"))
    assert step.args["options"] == []
    assert step.args["attr_set"] == mo.RDONLY
    assert step.args["flags"] == ops.MOUNT_NO_SYMLINKS


@pytest.mark.parametrize("destination", ["/dev", "/dev/", "//dev/.", "dev", "/run"])
def test_read_only_tmpfs_and_dev_become_so_late(destination: str) -> None:
    plan = plans.create(plans.config(mounts=[mount(destination, "tmpfs", "t", "ro,nosuid")]))
    first, late = plans.named(plan, *MOUNT_OPS)
    assert first.args["attr_set"] == mo.NOSUID
    assert (late.op, late.args["attr_set"]) == ("mount_attr", mo.RDONLY)
    names = plans.order(plan)
    assert names.index("pivot_root") < names.index("mount_attr")


def test_tmpfs_takes_the_mode_of_its_target_unless_told() -> None:
    [plain] = steps(mount("/a", "tmpfs", "t", "size=1m,tmpcopyup"))
    assert plain.args["flags"] == ops.MOUNT_KEEP_MODE | ops.MOUNT_COPY_UP
    [told] = steps(mount("/a", "tmpfs", "t", "mode=1777"))
    assert told.args["flags"] == 0


def test_recursive_options_of_a_new_filesystem_are_the_plain_ones() -> None:
    [step] = steps(mount("/a", "proc", "proc", "rnosuid,nodev,rdev"))
    assert step.args["attr_set"] == mo.NOSUID


def test_bind_is_decided_by_the_options_never_by_the_type() -> None:
    [step] = steps(mount("/a", "tmpfs", "/host", "bind"))
    assert (step.op, step.args["flags"]) == ("mount_bind", 0)
    with pytest.raises(ConfigError) as refused:
        steps(mount("/a", "bind", "/host", "ro"))
    assert "rbind" in refused.value.hint


def test_a_bind_with_clearing_options_applies_them() -> None:
    [step] = steps(mount("/a", "none", "/host", "rbind,rw,exec,rsuid,rprivate"))
    assert step == ops.mount_bind(
        "/mounts/0",
        flags=ops.MOUNT_RECURSIVE,
        attr_clr=mo.RDONLY | mo.NOEXEC,
        rec_clr=mo.NOSUID,
        propagation=mo.PRIVATE | mo.MS_REC,
        source="/host",
        target="/a",
    )


def test_a_relative_source_is_below_the_bundle() -> None:
    [step] = steps(mount("/a", "", "data/../logs", "bind"))
    assert step.args["source"] == "/bundle/logs"


def test_a_bind_takes_no_filesystem_option() -> None:
    with pytest.raises(ConfigError, match="size=1m") as refused:
        steps(mount("/a", "", "/b", "bind,size=1m"))
    assert refused.value.pointer == "/mounts/0/options"


def test_superblock_flags_of_a_bind_are_warned_of() -> None:
    plan = plans.create(plans.config(mounts=[mount("/a", "", "/b", "bind,sync")]))
    [warning] = plan.warnings
    assert (warning.pointer, warning.severity) == ("/mounts/0/options", "warning")


def test_further_propagation_follows_in_steps_of_its_own() -> None:
    first, second = steps(mount("/a", "", "/b", "rbind,slave,shared"))
    assert first.args["propagation"] == mo.SLAVE
    assert second == ops.mount_remount("/mounts/0", propagation=mo.SHARED, target="/a")


@pytest.mark.parametrize(
    ("options", "flags", "data"),
    [
        ("remount,ro", ops.MOUNT_SB_RDONLY, []),
        ("remount,rw", 0, ["rw"]),
        ("remount,bind,ro", 0, []),
        ("remount,nosuid,data=ordered", 0, ["data=ordered"]),
    ],
)
def test_remount(options: str, flags: int, data: list[str]) -> None:
    [step] = steps(mount("/a", "ext4", "", options))
    assert (step.op, step.args["flags"], step.args["options"]) == ("mount_remount", flags, data)


def test_remounting_proc_read_only_spares_its_superblock() -> None:
    [step] = steps(mount("/proc", "proc", "proc", "remount,ro"))
    assert (step.args["flags"], step.args["options"]) == (0, [])


def test_propagation_alone_changes_a_mount() -> None:
    [step] = steps(mount("/a", "", "", "rshared"))
    assert step.op == "mount_remount"
    assert step.args["propagation"] == mo.SHARED | mo.MS_REC


@pytest.mark.parametrize(
    "bad",
    [
        mount("/", "tmpfs"),
        mount("", "tmpfs"),
        mount("/a/..", "tmpfs"),
        mount("/proc", "tmpfs"),
        mount("/proc", "", "/etc", "bind"),
        mount("/proc/self", "tmpfs"),
        mount("/x/../proc/sys", "", "/a", "bind"),
        mount("/proc/net/dev", "", "/a", "bind"),
        mount("/a"),
        mount("/a", "", "", "bind"),
    ],
)
def test_refused_mounts(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        steps(bad)
    assert refused.value.pointer.startswith("/mounts/0")


@pytest.mark.parametrize(
    "good",
    [
        mount("/proc", "proc"),
        mount("/proc", "", "/proc", "rbind"),
        mount("/proc/cpuinfo", "", "/lxcfs/cpuinfo", "bind"),
        mount("/proc/sys/kernel/ns_last_pid", "", "/a", "bind"),
        mount("/process", "tmpfs"),
    ],
)
def test_mounts_at_proc_that_are_fine(good: dict[str, Any]) -> None:
    assert len(steps(good)) == 1


def test_nothing_is_made_in_a_bound_dev() -> None:
    bound = plans.create(plans.config(mounts=[mount("/dev/", "", "/dev", "rbind")]))
    assert plans.named(bound, "device", "symlink") == []


def test_null_instead_of_lists() -> None:
    document = plans.config(mounts=None)
    assert plans.named(plans.create(document), *MOUNT_OPS) == []
