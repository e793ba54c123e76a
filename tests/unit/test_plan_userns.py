# SPDX-License-Identifier: Apache-2.0
"""Containers with a user namespace or a new time namespace: the way in, and what differs inside."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan import ops, render
from pyruntime.plan.mount_options import RDONLY
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.plan import Plan

MAPS = [{"containerID": 0, "hostID": 100000, "size": 1000}]
ONE = [{"containerID": 0, "hostID": 1000, "size": 1}]
FLAGS = {kind: flag for kind, (flag, _) in TYPES.items()}


def document(*kinds: str, maps: Any = MAPS, **changes: Any) -> dict[str, Any]:
    """kinds: "pid" is a new namespace, "pid=/path" a joined one."""
    spaces = []
    for kind in kinds:
        name, _, path = kind.partition("=")
        spaces.append({"type": name, "path": path} if path else {"type": name})
    linux: dict[str, Any] = {"namespaces": spaces, **changes.pop("linux", {})}
    if maps:
        linux |= {"uidMappings": maps, "gidMappings": maps}
    return plans.config(linux=linux, **changes)


def create(*kinds: str, euid: int = 0, **changes: Any) -> Plan:
    return plans.create(document(*kinds, **changes), euid=euid, cgroup=plans.v1_host())


def until(plan: Plan, last: str) -> list[str]:
    names = plans.order(plan)
    return names[: names.index(last) + 1]


def mount(options: str, **more: Any) -> dict[str, Any]:
    return {"destination": "/a", "source": "/b", "options": options.split(","), **more}


def test_a_new_user_namespace_comes_before_what_belongs_to_it() -> None:
    plan = create("user", "pid", "mount", "network", "uts")
    assert plan.clone_flags == 0 and plan.forks and plan.own_pid_namespace
    assert plan.id_maps is not None and plan.id_maps.uids == ((0, 100000, 1000),)
    assert until(plan, "rootfs_open") == [
        "setsid",
        "procfs_open",
        "stdio_owner",
        "sync",
        "rootfs_enter",
        "ns_unshare",
        "sync",
        "ns_root",
        "ns_unshare",
        "fork",
        "setsid",
        "procfs_open",
        "keyring_join",
        "loopback_up",
        "propagation",
        "rootfs_open",
    ]
    first, rest = plans.named(plan, "ns_unshare")
    assert first.args == {"flags": FLAGS["user"]}
    kinds = ("pid", "mount", "network", "uts")
    assert rest.args == {"flags": sum(FLAGS[kind] for kind in kinds)}
    phases = [step.args["phase"] for step in plans.named(plan, "sync")]
    assert phases == [ops.PHASE_CGROUP, ops.PHASE_USERNS, ops.PHASE_READY]
    [opened] = plans.named(plan, "rootfs_open")
    assert opened.args["flags"] == ops.ROOTFS_ENTERED


def test_no_fork_without_a_pid_namespace() -> None:
    plan = create("user", "mount")
    assert not plan.forks and "fork" not in plans.order(plan)


def test_what_the_host_gave_is_joined_with_its_rights() -> None:
    plan = create("user", "mount", "network=/n", "pid=/p")
    names = until(plan, "ns_root")
    assert names.index("ns_join") < names.index("ns_unshare")
    joins = plans.named(plan, "ns_join")
    assert [(step.args["nstype"], step.args["flags"]) for step in joins] == [
        (FLAGS["network"], 0),
        (FLAGS["pid"], 0),
    ]
    assert plan.forks


def test_a_joined_user_namespace_has_two_passes() -> None:
    plan = create("user=/u", "network=/n", "mount=/m", "uts", maps=None)
    joins = [(step.args["nstype"], step.args["flags"]) for step in plans.named(plan, "ns_join")]
    assert joins == [
        (FLAGS["network"], ops.NS_TRY),
        (FLAGS["mount"], ops.NS_TRY),
        (FLAGS["user"], 0),
        (FLAGS["network"], ops.NS_REST),
        (FLAGS["mount"], ops.NS_REST),
    ]
    assert plan.id_maps is None
    [unshare] = plans.named(plan, "ns_unshare")
    assert unshare.args == {"flags": FLAGS["uts"]}
    assert [slot.path for slot in plan.slots] == ["/u", "/n", "/m"]
    assert "rootfs_enter" not in plans.order(plan)


def test_the_cgroup_namespace_is_made_at_its_usual_place() -> None:
    cgroup = {"destination": "/sys/fs/cgroup", "type": "cgroup"}
    plan = create("user", "mount", "cgroup", mounts=[cgroup])
    names = plans.order(plan)
    assert names.count("ns_unshare") == 3
    last = len(names) - 1 - names[::-1].index("ns_unshare")
    assert plan.steps[last].args == {"flags": FLAGS["cgroup"]}
    assert plan.steps[last + 1].args["fstype"] == "tmpfs"


def test_a_process_is_added_by_the_same_way() -> None:
    config = document("user", "pid", "mount", "network=/n")
    plan = plans.add({"cwd": "/", "args": ["/bin/true"]}, config)
    joins = [(step.args["nstype"], step.args["flags"]) for step in plans.named(plan, "ns_join")]
    assert joins == [
        (FLAGS["network"], ops.NS_TRY),
        (FLAGS["user"], 0),
        (FLAGS["network"], ops.NS_REST),
        (FLAGS["pid"], 0),
        (FLAGS["mount"], 0),
    ]
    assert plan.forks
    assert {slot.path for slot in plan.slots} == {
        f"/proc/4711/ns/{name}" for name in ("user", "net", "pid", "mnt")
    }


def test_an_added_process_has_mapped_ids() -> None:
    process = {"cwd": "/", "args": ["/bin/true"], "user": {"uid": 1000, "gid": 0}}
    with pytest.raises(ConfigError, match="/user/uid: 1000 is not mapped"):
        plans.add(process, document("user", "mount"))


def test_limits_are_raised_before_the_rights_are_gone() -> None:
    limit = {"type": "RLIMIT_CORE", "soft": 1, "hard": 2}
    process = {"cwd": "/", "args": ["/bin/true"], "rlimits": [limit], "oomScoreAdj": 3}
    plan = create("user", "mount", process=process)
    names = until(plan, "ns_unshare")
    assert names[2:4] == ["oom_score_adj", "rlimit_raise"]
    [raised] = plans.named(plan, "rlimit_raise")
    assert (raised.args, raised.pointer) == ({"resource": 4, "hard": 2}, "/process/rlimits/0")
    assert "rlimit" in plans.order(plan)


def test_streams_get_the_owners_number_on_the_host() -> None:
    user = {"uid": 5, "gid": 5}
    process = {"cwd": "/", "args": ["/bin/true"], "user": user}
    owners = plans.named(create("user", "mount", process=process), "stdio_owner")
    assert [step.args["uid"] for step in owners] == [100005, 5]
    owners = plans.named(create("user", "mount", process=process, euid=1000), "stdio_owner")
    assert [step.args["uid"] for step in owners] == [5]


@pytest.mark.parametrize("key", ["uid", "gid", "additionalGids"])
def test_ids_that_are_not_mapped(key: str) -> None:
    user: dict[str, Any] = {"uid": 0, "gid": 0, key: [1000] if key[0] == "a" else 1000}
    process = {"cwd": "/", "args": ["/bin/true"], "user": user}
    with pytest.raises(ConfigError, match="1000 is not mapped") as refused:
        create("user", "mount", process=process)
    assert refused.value.pointer.startswith(f"/process/user/{key}")
    # Nothing is known of a namespace that is joined.
    assert create("user=/u", "mount", maps=None, process=process)


def test_an_ordinary_user_with_one_group_has_no_others() -> None:
    user = {"uid": 0, "gid": 0, "additionalGids": [0]}
    process = {"cwd": "/", "args": ["/bin/true"], "user": user}
    with pytest.raises(ConfigError, match="need more than one mapped group") as refused:
        create("user", "mount", maps=ONE, process=process, euid=1000)
    assert refused.value.pointer == "/process/user/additionalGids"
    assert create("user", "mount", maps=ONE, process=process)


SLAVE, PRIVATE, SHARED, REC = 1 << 19, 1 << 18, 1 << 20, 1 << 14


def source_open(slot: int, source: str, **more: int) -> dict[str, object]:
    """Arguments of the step, as they are unless told otherwise."""
    defaults = {"flags": 0, "idmap_slot": 0, "propagation": SLAVE | REC}
    return {"slot": slot, "source": source} | defaults | more


@pytest.mark.parametrize(
    ("kinds", "wanted", "tie"),
    [
        (("user", "mount"), None, SLAVE | REC),
        (("user", "mount"), "shared", SLAVE | REC),
        (("user", "mount"), "private", PRIVATE | REC),
        (("mount",), None, SLAVE | REC),
        (("mount",), "unbindable", PRIVATE | REC),
        (("mount",), "rshared", SHARED | REC),
        (("user", "mount=/m"), "shared", SLAVE | REC),
    ],
)
def test_a_source_is_as_tied_to_the_host_as_all_other_mounts(
    kinds: tuple[str, ...], wanted: str | None, tie: int
) -> None:
    """It is a copy that the setting for the whole namespace does not reach."""
    entry = mount("bind,idmap", uidMappings=ONE, gidMappings=ONE)
    more = {"rootfsPropagation": wanted} if wanted else {}
    maps = MAPS if "user" in kinds else None
    plan = create(*kinds, maps=maps, mounts=[entry], linux=more)
    [opened] = plans.named(plan, "source_open")
    assert opened.args["propagation"] == tie
    for whole in plans.named(plan, "propagation"):
        assert whole.args["flags"] == tie


def test_the_host_opens_the_sources_that_only_it_can_reach() -> None:
    mounts = [mount("rbind"), mount("bind", destination="/c", source="here")]
    plan = create("user", "mount", "network=/n", mounts=mounts)
    opened = plans.named(plan, "source_open")
    assert [step.args for step in opened] == [
        source_open(4, "/b", flags=ops.SOURCE_RECURSIVE),
        source_open(5, "/bundle/here"),
    ]
    binds = plans.named(plan, "mount_bind")
    assert [step.args["slot"] for step in binds] == [4, 5]
    assert all(int(str(step.args["flags"])) & ops.MOUNT_FROM_SLOT for step in binds)
    names = plans.order(plan)
    assert names.index("source_open") < names.index("ns_join")


def test_an_ordinary_user_reaches_inside_what_he_reaches_outside() -> None:
    plan = create("user", "mount", mounts=[mount("bind")], euid=1000)
    assert "source_open" not in plans.order(plan)
    [bind] = plans.named(plan, "mount_bind")
    assert bind.args["flags"] == 0


def test_devices_are_the_hosts() -> None:
    fifo = {"path": "/dev/fifo", "type": "p"}
    tty = {"path": "/dev/x", "type": "c", "major": 4, "minor": 1}
    plan = create("user", "mount", linux={"devices": [fifo, tty]})
    flags = {step.args["path"]: step.args["flags"] for step in plans.named(plan, "device")}
    assert flags["/dev/null"] == flags["/dev/x"] == ops.DEVICE_BIND
    assert flags["/dev/fifo"] == 0


def test_without_a_mount_namespace_there_are_none() -> None:
    plan = create("user")
    assert plans.named(plan, "device", "symlink") == []
    assert [problem.pointer for problem in plan.warnings] == ["/linux/devices"]


def test_terminals_of_a_group_that_is_not_there() -> None:
    pts = {"destination": "/dev/pts", "type": "devpts", "options": ["gid=5", "uid=7", "mode=0620"]}
    few = [{"containerID": 0, "hostID": 1000, "size": 6}]
    [step] = plans.named(create("user", "mount", mounts=[pts], maps=few), "mount_fs")
    assert step.args["options"] == ["gid=5", "mode=0620"]
    [step] = plans.named(create("user", "mount", mounts=[pts], maps=ONE), "mount_fs")
    assert step.args["options"] == ["mode=0620"]
    [step] = plans.named(create("user=/u", "mount", mounts=[pts], maps=None), "mount_fs")
    assert step.args["options"] == ["gid=5", "uid=7", "mode=0620"]


def test_sysfs_of_a_network_that_is_not_the_containers() -> None:
    sysfs = {
        "destination": "/sys",
        "type": "sysfs",
        "source": "sysfs",
        "options": ["nosuid", "ro"],
    }
    plan = create("user", "mount", mounts=[sysfs])
    assert plans.named(plan, "mount_fs") == []
    [bind] = plans.named(plan, "mount_bind")
    assert bind.args["source"] == "/sys"
    assert int(str(bind.args["flags"])) & ops.MOUNT_RECURSIVE
    assert bind.args["rec_set"] == RDONLY, "the host's cgroups are below it"
    plan = create("user", "mount", "network", mounts=[sysfs])
    assert plans.named(plan, "mount_bind") == []


def test_a_bound_sys_is_read_only_with_what_is_below() -> None:
    sys = {"destination": "/sys", "type": "none", "source": "/sys", "options": ["rbind", "ro"]}
    [bind] = plans.named(create("user", "mount", mounts=[sys]), "mount_bind")
    assert bind.args["rec_set"] == RDONLY
    [bind] = plans.named(plans.create(plans.config(mounts=[sys])), "mount_bind")
    assert bind.args["rec_set"] == 0


@pytest.mark.parametrize("host", [plans.v1_host, plans.v2_host])
def test_the_hosts_cgroups_are_read_only(host: Any) -> None:
    cgroup = {"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["rw"]}
    plan = plans.create(document("user", "mount", mounts=[cgroup]), cgroup=host())
    binds = plans.named(plan, "mount_bind")
    assert binds and all(int(str(step.args["attr_set"])) & RDONLY for step in binds)
    assert all(str(step.args["source"]).endswith("/web") for step in binds)
    own = document("user", "mount", "cgroup", mounts=[cgroup])
    assert plans.named(plans.create(own, cgroup=host()), "mount_bind") == []


def test_without_a_cgroup_the_runtimes_own_is_shown() -> None:
    cgroup = {"destination": "/sys/fs/cgroup", "type": "cgroup"}
    config = document("user", "mount", mounts=[cgroup])
    plan = plans.create(config, cgroup=plans.v2_host(), euid=1000, no_cgroup=True)
    [bind] = plans.named(plan, "mount_bind")
    assert bind.args["source"] == "/sys/fs/cgroup/system/daemon"
    assert int(str(bind.args["attr_set"])) & RDONLY


def test_a_shared_rootfs_is_no_peer_of_the_hosts() -> None:
    plan = create("user", "mount", linux={"rootfsPropagation": "shared"})
    [step] = plans.named(plan, "propagation")
    assert step.args["flags"] == 0x4000 | 1 << 19
    [step] = plans.named(plan, "root_propagation")
    assert step.args["flags"] == 1 << 20


def test_container_hooks_start_where_the_rootfs_is() -> None:
    hooks = {"createContainer": [{"path": "/bin/true"}]}
    [step] = plans.named(create("user", "mount", hooks=hooks), "hook")
    assert step.args["cwd"] == "."
    [step] = plans.named(plans.create(plans.config(hooks=hooks)), "hook")
    assert step.args["cwd"] == "/bundle/rootfs"


def test_a_new_time_namespace_takes_a_fork() -> None:
    offsets = {"monotonic": {"secs": -5}, "boottime": {"secs": 7, "nanosecs": 9}}
    plan = create("time", "mount", "pid", maps=None, linux={"timeOffsets": offsets})
    assert plan.clone_flags == 0 and plan.forks and plan.id_maps is None
    names = until(plan, "fork")
    assert names[-4:] == ["ns_unshare", "time_offset", "time_offset", "fork"]
    assert [step.args for step in plans.named(plan, "time_offset")] == [
        {"clock": 1, "secs": -5, "nanosecs": 0},
        {"clock": 7, "secs": 7, "nanosecs": 9},
    ]
    assert "ns_root" not in names and "rootfs_enter" not in names


def test_a_joined_time_namespace_takes_none() -> None:
    plan = create("time=/t", "mount", "pid", maps=None)
    assert not plan.forks and plan.clone_flags == FLAGS["pid"]
    assert plans.named(plan, "ns_join")[0].args["nstype"] == FLAGS["time"]


def idmapped(options: str, *, maps: Any = None, kinds: tuple[str, ...] = ("mount",)) -> Plan:
    entry = mount(options)
    if maps:
        entry |= {"uidMappings": maps, "gidMappings": maps}
    return create(*kinds, maps=MAPS if "user" in kinds else None, mounts=[entry])


def test_an_id_mapped_mount_has_a_user_namespace_of_its_own() -> None:
    plan = idmapped("rbind,idmap", maps=ONE)
    [slot] = plan.slots
    assert (slot.kind, slot.pointer) == ("idmap", "/mounts/0")
    assert slot.maps is not None and slot.maps.gids == ((0, 1000, 1),)
    [opened] = plans.named(plan, "source_open")
    flags = ops.SOURCE_RECURSIVE | ops.SOURCE_IDMAP
    assert opened.args == source_open(4, "/b", flags=flags, idmap_slot=3)
    assert "3 idmap uid 0 as 1000 (1), gid 0 as 1000 (1)  [mounts[0]]" in render.text(plan)
    [opened] = plans.named(idmapped("rbind,ridmap", maps=ONE), "source_open")
    assert opened.args["flags"] == flags | ops.SOURCE_IDMAP_ALL


def test_equal_mappings_share_one() -> None:
    entries = [
        mount("bind,idmap", uidMappings=ONE, gidMappings=ONE),
        mount("bind,idmap", destination="/c", uidMappings=ONE, gidMappings=ONE),
        mount("bind,idmap", destination="/d", uidMappings=MAPS, gidMappings=MAPS),
    ]
    plan = create("mount", maps=None, mounts=entries)
    assert [slot.kind for slot in plan.slots] == ["idmap", "idmap"]
    opened = plans.named(plan, "source_open")
    assert [step.args["idmap_slot"] for step in opened] == [3, 3, 4]
    assert [step.args["slot"] for step in opened] == [5, 6, 7]


def test_without_mappings_of_its_own_it_has_the_containers() -> None:
    plan = idmapped("bind,idmap", kinds=("user", "mount"))
    assert plan.slots[0].maps is not None and plan.slots[0].maps.uids == ((0, 100000, 1000),)
    plan = create("user=/u", "mount", maps=None, mounts=[mount("bind,idmap")])
    assert [slot.path for slot in plan.slots] == ["/u"]
    [opened] = plans.named(plan, "source_open")
    assert opened.args["idmap_slot"] == 3
    with pytest.raises(ConfigError, match="idmap needs mappings"):
        idmapped("bind,idmap")


def test_what_can_not_be_id_mapped() -> None:
    entry = {"destination": "/a", "type": "tmpfs", "options": ["idmap"]}
    with pytest.raises(ConfigError, match="only a bind mount"):
        create("user", "mount", mounts=[entry])
    with pytest.raises(Unsupported, match="takes the host's root"):
        create("user", "mount", mounts=[mount("bind,idmap")], euid=1000)


def test_others_pay_nothing() -> None:
    """No plan without these namespaces changes its shape."""
    plan = create("mount", "pid", maps=None, mounts=[mount("bind")])
    assert until(plan, "mount_bind") == [
        "setsid",
        "ns_unshare",
        "procfs_open",
        "keyring_join",
        "propagation",
        "rootfs_open",
        "mount_bind",
    ]
    assert not plan.forks and plan.slots == []
