# SPDX-License-Identifier: Apache-2.0
"""What a mount of type cgroup becomes on each kind of host."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.plan import cgroup_mounts
from pyruntime.plan.facts import CgroupFacts
from pyruntime.plan.plan import Plan

MOUNT = {"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["ro", "nosuid"]}


def plan(cgroup: CgroupFacts, *kinds: str, path: str = "/shop/web", **mount: Any) -> Plan:
    linux = {
        "cgroupsPath": path,
        "namespaces": [{"type": kind} for kind in ("mount", *kinds)],
    }
    return plans.create(
        plans.config(linux=linux, mounts=[MOUNT | mount]),
        cgroup=cgroup,
        cgroup_paths=["/sys/fs/cgroup/pids/shop/web/tasks"],
    )


def targets(found: Plan, op: str) -> dict[str, Any]:
    return {str(step.args["target"]): step.args for step in plans.named(found, op)}


def test_cgroup2_is_one_mount() -> None:
    [step] = plans.named(plan(plans.v2_host(), "cgroup"), "mount_fs")
    assert (step.args["fstype"], step.args["attr_set"]) == ("cgroup2", 3)


@pytest.mark.parametrize("kind", ["cgroup", "cgroup2"])
def test_cgroup2_of_the_host_s_namespace_is_a_bind(kind: str) -> None:
    """A mount of the filesystem would set the options of the host's."""
    found = plan(plans.v2_host(), type=kind)
    [step] = plans.named(found, "mount_bind")
    assert (step.args["source"], step.args["attr_set"]) == ("/sys/fs/cgroup", 3)
    assert plans.named(found, "mount_fs") == []
    with pytest.raises(ConfigError, match="unknown option of a cgroup mount: 'nsdelegate'"):
        plan(plans.v2_host(), type=kind, options=["nsdelegate"])


def test_v1_in_a_cgroup_namespace_mounts_the_hierarchies() -> None:
    mounts = targets(plan(plans.v1_host(), "cgroup"), "mount_fs")
    assert mounts["/sys/fs/cgroup"]["fstype"] == "tmpfs"
    assert mounts["/sys/fs/cgroup/cpu,cpuacct"]["options"] == ["cpu", "cpuacct"]
    assert mounts["/sys/fs/cgroup/systemd"]["options"] == ["none", "name=systemd"]
    assert mounts["/sys/fs/cgroup/memory"]["attr_set"] & 1, "read-only"


def test_v1_without_one_binds_the_container_s_directories() -> None:
    binds = targets(plan(plans.v1_host()), "mount_bind")
    assert binds["/sys/fs/cgroup/pids"]["source"] == "/sys/fs/cgroup/pids/shop/web"
    assert binds["/sys/fs/cgroup/cpu,cpuacct"]["source"] == "/sys/fs/cgroup/cpu,cpuacct/shop/web"
    assert binds["/sys/fs/cgroup/memory"]["attr_set"] & 1, "read-only"


def test_a_relative_cgroup_path_is_below_the_runtime_s_own() -> None:
    binds = targets(plan(plans.v1_host(), path="web"), "mount_bind")
    assert binds["/sys/fs/cgroup/memory"]["source"] == "/sys/fs/cgroup/memory/system/daemon/web"
    assert binds["/sys/fs/cgroup/pids"]["source"] == "/sys/fs/cgroup/pids/web"


def test_a_cgroup_path_cannot_climb_out() -> None:
    binds = targets(plan(plans.v1_host(), path="../../../../etc"), "mount_bind")
    assert binds["/sys/fs/cgroup/pids"]["source"] == "/sys/fs/cgroup/pids/etc"


def test_joint_controllers_get_links() -> None:
    links = {
        str(step.args["path"]): step.args["target"]
        for step in plans.named(plan(plans.v1_host()), "symlink")
    }
    assert links["/sys/fs/cgroup/cpu"] == "cpu,cpuacct"
    assert links["/sys/fs/cgroup/cpuacct"] == "cpu,cpuacct"
    assert "/sys/fs/cgroup/memory" not in links


def test_the_tmpfs_turns_read_only_once_it_is_filled() -> None:
    names = [step.op for step in plan(plans.v1_host()).steps if step.pointer == "/mounts/0"]
    assert names[0] == "mount_fs"
    assert names[-1] == "mount_attr"
    assert "symlink" in names


def test_writable_stays_writable() -> None:
    found = plan(plans.v1_host(), options=["rw"])
    assert plans.named(found, "mount_attr") == []
    assert all(not args["attr_set"] & 1 for args in targets(found, "mount_bind").values())


@pytest.mark.parametrize("host", [plans.v1_host, plans.hybrid_host, plans.v2_host])
def test_the_cgroup_is_entered_before_it_is_shown(host: Any) -> None:
    names = plans.order(plan(host(), "cgroup"))
    first_mount = names.index("mount_fs")
    unshare = names.index("ns_unshare", names.index("ns_unshare") + 1)  # the first: the others
    assert names.index("sync") < names.index("cgroup_join") < unshare < first_mount


def test_without_a_cgroup_mount_it_is_entered_after_the_devices() -> None:
    document = plans.config(
        linux={"namespaces": [{"type": "mount"}, {"type": "cgroup"}]},
        mounts=[{"destination": "/dev", "type": "tmpfs"}],
    )
    names = plans.order(plans.create(document, cgroup_paths=["/x/tasks"]))
    last_link = len(names) - 1 - names[::-1].index("symlink")
    assert names[last_link + 1 : last_link + 4] == ["sync", "cgroup_join", "ns_unshare"]


def test_v1_takes_no_option_of_its_own() -> None:
    with pytest.raises(ConfigError, match="memory"):
        plan(plans.v1_host(), options=["memory"])


def owner(
    *kinds: str, host: CgroupFacts | None = None, uid: int = 1000, **mount: Any
) -> int | None:
    """The uid that the container's cgroup is given to."""
    linux = {"namespaces": [{"type": kind} for kind in ("mount", *kinds)]}
    config = plans.config(linux=linux, mounts=[MOUNT | {"options": ["rw"]} | mount])
    config["process"]["user"] = {"uid": uid, "gid": 0}
    return plans.create(config, cgroup=host or plans.v2_host()).cgroup.owner


def test_a_writable_cgroup_is_given_to_the_process_s_user() -> None:
    assert owner("cgroup") == 1000
    assert owner("cgroup", type="cgroup2") == 1000


def test_a_cgroup_is_given_to_nobody_where_that_is_unsafe_or_of_no_use() -> None:
    assert owner() is None
    assert owner("cgroup", options=["ro"]) is None
    assert owner("cgroup", destination="/elsewhere") is None
    assert owner("cgroup", type="tmpfs") is None
    assert owner("cgroup", host=plans.v1_host()) is None


def test_the_user_is_the_host_s_one() -> None:
    linux = {
        "namespaces": [{"type": "user"}],
        "uidMappings": [
            {"containerID": 0, "hostID": 100000, "size": 10},
            {"containerID": 10, "hostID": 5000, "size": 10},
        ],
    }
    config = {"mounts": [MOUNT | {"options": []}], "linux": linux}
    for uid, expected in ((0, 100000), (12, 5002), (20, None)):
        config["process"] = {"user": {"uid": uid, "gid": 0}}
        assert cgroup_mounts.owner(config, True) == expected
