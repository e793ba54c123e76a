# SPDX-License-Identifier: Apache-2.0
"""The order of a plan, namespaces, the root, hooks; what create and exec differ in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.plan import mount_options as mo
from pyruntime.plan import ops
from pyruntime.plan.plan import Plan
from pyruntime.plan.sysctl import relative_path

ALL = ["pid", "network", "ipc", "uts", "mount", "cgroup"]


def spaces(*kinds: str, **paths: str) -> dict[str, Any]:
    found: list[dict[str, str]] = [{"type": kind} for kind in kinds]
    return {"namespaces": [*found, *({"type": k, "path": p} for k, p in paths.items())]}


def linux(*kinds: str, **paths: str) -> Plan:
    return plans.create(plans.config(linux=spaces(*kinds, **paths)))


def test_the_clone_makes_the_pid_namespace_and_the_init_the_others() -> None:
    plan = linux(*ALL)
    assert plan.clone_flags == 0x20000000
    first, last = plans.named(plan, "ns_unshare")
    assert first.args == {"flags": 0x40000000 | 0x08000000 | 0x04000000 | 0x00020000}
    assert last.args == {"flags": 0x02000000}
    names = plans.order(plan)
    assert names[:2] == ["setsid", "ns_unshare"]
    assert names[names.index("sync") :].count("ns_unshare") == 1, "in the right cgroup"


def test_joined_namespaces_are_slots() -> None:
    plan = linux("mount", network="/n", ipc="/i")
    assert plan.clone_flags == 0
    [unshare] = plans.named(plan, "ns_unshare")
    assert unshare.args == {"flags": 0x00020000}
    assert [(slot.kind, slot.path) for slot in plan.slots] == [
        ("namespace:ipc", "/i"),
        ("namespace:net", "/n"),
    ]
    joins = plans.named(plan, "ns_join")
    assert [step.args for step in joins] == [
        {"slot": 3, "nstype": 0x08000000, "flags": 0},
        {"slot": 4, "nstype": 0x40000000, "flags": 0},
    ]


def joining(kernel: tuple[int, int], **changes: Any) -> Plan:
    document = plans.config(linux=spaces("mount", pid="/p", network="/n"))
    document["mounts"] = [{"destination": "/proc", "type": "proc", "source": "proc"}]
    document["process"] |= changes.pop("process", {})
    return plans.create(document | changes, kernel=kernel)


HOOK = {"createRuntime": [{"path": "/bin/true"}]}
DEADLINE = {"policy": "SCHED_DEADLINE", "runtime": 1, "deadline": 2, "period": 3}


def test_into_a_joined_pid_namespace_the_init_forks_last() -> None:
    plan = joining((6, 17))
    assert plan.forks and not plan.by_steps and plan.clone_flags == 0
    assert not plan.own_pid_namespace
    names = plans.order(plan)
    assert names[-6:] == ["fds_close", "fork", "setsid", "sync", "wait_start", "execve"]
    assert names.index("ns_join") < names.index("rootfs_open")
    [proc] = [step for step in plans.named(plan, "mount_fs") if step.args["fstype"] == "proc"]
    assert proc.args["options"][0] == "pidns=/proc/self/ns/pid_for_children"


@pytest.mark.parametrize(
    ("kernel", "changes"),
    [
        ((6, 16), {}),
        ((6, 17), {"hooks": HOOK}),
        ((6, 17), {"process": {"scheduler": DEADLINE}}),
    ],
)
def test_a_joined_pid_namespace_takes_a_fork(
    kernel: tuple[int, int], changes: dict[str, Any]
) -> None:
    plan = joining(kernel, **changes)
    assert plan.forks and plan.by_steps and plan.clone_flags == 0
    options = [step.args["options"] for step in plans.named(plan, "mount_fs")]
    assert not any("pidns=" in str(found) for found in options)
    assert not plan.own_pid_namespace
    names = plans.order(plan)
    at = names.index("fork")
    assert names[at - 3 : at + 3] == [
        *("ns_join", "ns_join", "ns_unshare"),
        *("fork", "setsid", "procfs_open"),
    ]
    [unshare] = plans.named(plan, "ns_unshare")
    assert unshare.args == {"flags": 0x00020000}


def test_an_empty_path_is_a_new_namespace() -> None:
    [unshare] = plans.named(linux("mount", uts=""), "ns_unshare")
    assert unshare.args == {"flags": 0x04020000}


def test_the_loopback_interface_of_a_new_network_alone() -> None:
    assert plans.named(linux("mount", "network"), "loopback_up") != []
    assert plans.named(linux("mount", network="/n"), "loopback_up") == []
    assert plans.named(linux("mount"), "loopback_up") == []


@pytest.mark.parametrize(
    "bad",
    [
        [{"type": "moon"}],
        [{"type": "uts"}, {"type": "uts", "path": "/a"}],
        [{"type": "uts", "path": "a"}],
    ],
)
def test_refused_namespaces(bad: list[dict[str, str]]) -> None:
    with pytest.raises(ConfigError):
        plans.create(plans.config(linux={"namespaces": bad}))


def test_a_joined_mount_namespace_comes_after_the_cgroup() -> None:
    document = plans.config(linux=spaces("cgroup", mount="/m"))
    plan = plans.create(document, cgroup_paths=["/sys/fs/cgroup/pids/web/tasks"])
    names = plans.order(plan)
    assert names.count("sync") == 2
    assert names.index("cgroup_join") < names.index("ns_join") < names.index("rootfs_open")
    assert plans.named(plan, "propagation") == [], "it is another container's"


def test_the_host_s_mounts_are_left_alone_without_a_mount_namespace() -> None:
    plan = linux("pid")
    names = plans.order(plan)
    for op in ("propagation", "pivot_root", "move_root", "root_propagation"):
        assert op not in names
    assert "chroot" in names
    [opened] = plans.named(plan, "rootfs_open")
    assert opened.args["flags"] == ops.ROOTFS_IN_PLACE


def test_mounts_on_the_host_are_warned_of() -> None:
    mount = {"destination": "/tmp", "type": "tmpfs"}
    assert [each.pointer for each in hosted(mount).warnings] == ["/mounts"]
    assert hosted().warnings == []


def hosted(*mounts: dict[str, str]) -> Plan:
    return plans.create(plans.config(linux={}, mounts=list(mounts)))


@pytest.mark.parametrize(
    "change",
    [
        {"root": {"path": "rootfs", "readonly": True}},
        {"linux": {"maskedPaths": ["/a"]}},
        {"linux": {"readonlyPaths": ["/a"]}},
    ],
)
def test_a_changed_root_needs_a_mount_namespace(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="mount namespace"):
        plans.create(plans.config(**({"linux": {}} | change)))


@pytest.mark.parametrize(
    ("wanted", "before", "rootfs", "after"),
    [
        (None, mo.SLAVE | mo.MS_REC, 0, None),
        ("private", mo.PRIVATE | mo.MS_REC, 0, mo.PRIVATE),
        ("slave", mo.SLAVE | mo.MS_REC, mo.SLAVE, mo.SLAVE),
        ("shared", mo.SHARED, 0, mo.SHARED),
        ("rslave", mo.SLAVE | mo.MS_REC, mo.SLAVE, mo.SLAVE | mo.MS_REC),
        ("rshared", mo.SHARED | mo.MS_REC, 0, mo.SHARED | mo.MS_REC),
        # An unbindable mount could not be cloned.
        ("unbindable", mo.PRIVATE | mo.MS_REC, 0, mo.UNBINDABLE),
    ],
)
def test_rootfs_propagation(wanted: str | None, before: int, rootfs: int, after: Any) -> None:
    document = plans.config()
    document["linux"]["rootfsPropagation"] = wanted
    plan = plans.create(document)
    [first] = plans.named(plan, "propagation")
    [opened] = plans.named(plan, "rootfs_open")
    last = [step.args["flags"] for step in plans.named(plan, "root_propagation")]
    assert (first.args["flags"], opened.args["propagation"]) == (before, rootfs)
    assert last == ([] if after is None else [after])


def test_unknown_propagation() -> None:
    document = plans.config()
    document["linux"]["rootfsPropagation"] = "sometimes"
    with pytest.raises(ConfigError):
        plans.create(document)


def test_no_pivot() -> None:
    names = plans.order(plans.create(plans.config(), no_pivot=True))
    assert "move_root" in names and "pivot_root" not in names


@pytest.mark.parametrize(
    ("path", "found"),
    [("rootfs", "/bundle/rootfs"), ("/r//x/.", "/r/x"), ("../other", "/other")],
)
def test_the_rootfs_is_below_the_bundle(path: str, found: str) -> None:
    plan = plans.create(plans.config(root={"path": path}))
    assert plan.rootfs == found
    assert plans.named(plan, "rootfs_open")[0].args["path"] == found


@pytest.mark.parametrize("root", [None, {}, {"path": ""}])
def test_a_container_needs_a_rootfs(root: Any) -> None:
    with pytest.raises(ConfigError):
        plans.create(plans.config(root=root))


def test_masks_lie_over_what_is_read_only() -> None:
    document = plans.config(root={"path": "r", "readonly": True})
    document["linux"] |= {"maskedPaths": ["/b", "/b/"], "readonlyPaths": ["/a"]}
    names = plans.order(plans.create(document))
    at = names.index("root_readonly")
    assert names[at : at + 4] == ["root_readonly", "readonly_path", "masked_path", "stdio_owner"]


def test_no_keyring() -> None:
    assert plans.named(plans.create(plans.config()), "keyring_join")[0].args["name"] == "_ses.web"
    assert plans.named(plans.create(plans.config(), no_new_keyring=True), "keyring_join") == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"),
        ("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"),
    ],
)
def test_sysctl_names(name: str, path: str) -> None:
    assert relative_path(name) == path


def test_sysctls_of_an_interface_follow_the_hooks_that_move_it_in() -> None:
    document = plans.config(hostname="web", domainname="example.org")
    document["linux"]["sysctl"] = {"net/ipv4/conf/eth0.1/forwarding": "1"}
    document["hooks"] = {"prestart": [hook("/a")], "createContainer": [hook("/b")]}
    plan = plans.create(document)
    names = plans.order(plan)
    at = names.index("hostname")
    wanted = ["hostname", "domainname", "sync", "hook", "sysctl", "pivot_root"]
    assert names[at : at + 6] == wanted
    [step] = plans.named(plan, "sysctl")
    assert step.pointer == "/linux/sysctl/net~1ipv4~1conf~1eth0.1~1forwarding"


@pytest.mark.parametrize("name", ["net/../kernel/core_pattern", "", "net..a", "/net/a", "net/./a"])
def test_sysctl_stays_below_proc_sys(name: str) -> None:
    document = plans.config()
    document["linux"]["sysctl"] = {name: "1"}
    with pytest.raises(ConfigError):
        plans.create(document)


def hook(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, **more}


def hooked(**hooks: Any) -> Plan:
    return plans.create(plans.config(hooks=hooks, annotations={"a": '"b"'}))


def test_hooks_of_the_runtime_are_carried_along() -> None:
    plan = hooked(prestart=[hook("/a")], poststop=[hook("/b")], poststart=None)
    assert plan.hooks == {"prestart": [hook("/a")], "poststop": [hook("/b")]}
    assert plans.named(plan, "hook") == []


@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
def test_the_init_waits_for_the_runtime_s_hooks(kind: str) -> None:
    phases = [step.args["phase"] for step in plans.named(hooked(**{kind: [hook("/a")]}), "sync")]
    assert phases == [ops.PHASE_CGROUP, ops.PHASE_RUNTIME_HOOKS, ops.PHASE_READY]


def test_without_such_hooks_it_does_not() -> None:
    phases = [step.args["phase"] for step in plans.named(hooked(poststop=[hook("/a")]), "sync")]
    assert phases == [ops.PHASE_CGROUP, ops.PHASE_READY]


def test_create_container_hooks_come_before_the_root_changes() -> None:
    plan = hooked(createContainer=[hook("/a", timeout=3), hook("/b", args=["b", "c"], env=["A=1"])])
    first, second = plans.named(plan, "hook")
    assert (first.pointer, first.args["timeout_ms"]) == ("/hooks/createContainer/0", 3000)
    assert (first.args["args"], first.args["env"]) == (["/a"], [])
    assert (second.args["args"], second.args["env"]) == (["b", "c"], ["A=1"])
    assert first.args["cwd"] == "/bundle/rootfs"
    names = plans.order(plan)
    assert names.index("hook") < names.index("pivot_root")


def test_start_container_hooks_come_last_in_the_process_s_surroundings() -> None:
    document = plans.config(hooks={"startContainer": [hook("/a")]})
    document["process"] |= {"cwd": "/srv", "env": ["PATH=/bin", "B=c"]}
    plan = plans.create(document)
    [step] = plans.named(plan, "hook")
    assert (step.args["env"], step.args["cwd"]) == (["PATH=/bin", "B=c"], "/srv")
    assert plans.order(plan)[-5:] == ["fds_close", "sync", "wait_start", "hook", "execve"]


@pytest.mark.parametrize(
    ("kind", "status"), [("createContainer", "creating"), ("startContainer", "created")]
)
def test_hooks_get_the_state_with_the_pid_filled_in(kind: str, status: str) -> None:
    [step] = plans.named(hooked(**{kind: [hook("/a")]}), "hook")
    text = f"{step.args['state_head']}1{step.args['state_tail']}"
    assert json.loads(text) == {
        "ociVersion": "1.3.0",
        "id": "web",
        "status": status,
        "pid": 1,
        "bundle": "/bundle",
        "annotations": {"a": '"b"'},
    }
    assert "\n" not in text and " " not in text


def test_run_does_not_wait_for_start() -> None:
    names = plans.order(plans.create(plans.config(), detach_start=False))
    assert names[-3:] == ["fds_close", "sync", "execve"]


def test_a_container_without_a_process_can_be_created() -> None:
    plan = plans.create(plans.config(process=None))
    assert plan.no_process
    assert plans.order(plan)[-3:] == ["fds_close", "sync", "wait_start"]
    with pytest.raises(ConfigError):
        plans.create(plans.config(process=None), detach_start=False)


def test_descriptors_of_socket_activation() -> None:
    plan = plans.create(plans.config(), preserve_fds=3, listen_fds=2)
    assert plan.preserve == 3
    assert plans.named(plan, "fds_close")[0].args == {
        "keep": 3,
        "start": 1,
        "namespaces": 0,
    }
    [execve] = plans.named(plan, "execve")
    assert execve.args["env"] == ["PATH=/bin", "LISTEN_FDS=2", "LISTEN_PID=1"]


def test_every_section_may_be_null() -> None:
    document = plans.config(
        linux=None, hooks=None, mounts=None, annotations=None, hostname=None, vm=None
    )
    document["process"] |= dict.fromkeys(
        ("user", "env", "rlimits", "capabilities", "consoleSize", "oomScoreAdj")
    )
    assert "chroot" in plans.order(plans.create(document))


@pytest.mark.parametrize(
    "change",
    [{"mounts": {}}, {"linux": []}, {"hooks": "a"}, {"process": {"cwd": "/", "args": "a"}}],
)
def test_a_value_of_the_wrong_kind_is_an_error_of_the_config(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        plans.create(plans.config(**change))


PROCESS = {"cwd": "/tmp", "args": ["top"], "env": ["PATH=/bin"]}


def test_exec_joins_what_the_container_has() -> None:
    document = plans.config(linux=spaces("pid", "mount", "uts", "cgroup", network="/run/netns/a"))
    plan = plans.add(PROCESS, document, cgroup_paths=["/sys/fs/cgroup/pids/web/tasks"])
    assert [slot.path for slot in plan.slots] == [
        f"/proc/4711/ns/{name}" for name in ("cgroup", "uts", "net", "pid", "mnt")
    ]
    assert plan.clone_flags == 0
    names = plans.order(plan)
    assert names[:7] == ["setsid", "cgroup_join", *["ns_join"] * 4, "procfs_open"]
    assert names.index("keyring_join") < len(names) - 1 - names[::-1].index("ns_join")
    assert names[-5:] == ["fds_close", "fork", "setsid", "sync", "execve"]


def test_exec_without_a_pid_namespace_does_not_fork() -> None:
    plan = plans.add(PROCESS, plans.config(linux=spaces("mount", "uts")))
    assert not plan.forks
    assert plans.order(plan)[-4:] == ["exec_lookup", "fds_close", "sync", "execve"]


def test_the_terminal_of_an_added_process_is_taken_by_its_own_session() -> None:
    document = plans.config(linux=spaces("pid", "mount"))
    plan = plans.add(PROCESS | {"terminal": True}, document)
    [opened] = plans.named(plan, "console_open")
    assert opened.args["flags"] == ops.CONSOLE_LEAVE
    assert plans.order(plan)[-5:] == ["fork", "setsid", "console_take", "sync", "execve"]
    alone = plans.add(PROCESS | {"terminal": True}, plans.config())
    assert plans.named(alone, "console_open")[0].args["flags"] == 0
    assert plans.named(alone, "console_take") == []


@pytest.mark.parametrize(
    "scheduler",
    [
        {"policy": "SCHED_DEADLINE", "runtime": 1, "deadline": 2, "period": 3},
        {"policy": "SCHED_FIFO", "priority": 1, "flags": ["SCHED_FLAG_RESET_ON_FORK"]},
    ],
)
def test_what_a_fork_would_reset_is_set_after_it(scheduler: dict[str, Any]) -> None:
    document = plans.config(linux=spaces("pid", "mount"))
    names = plans.order(plans.add(PROCESS | {"scheduler": scheduler}, document))
    assert names.index("fork") < names.index("procfs_open") < names.index("scheduler")
    plain = {"policy": "SCHED_FIFO", "priority": 1}
    names = plans.order(plans.add(PROCESS | {"scheduler": plain}, document))
    assert names.index("scheduler") < names.index("fork")


def test_exec_without_a_mount_namespace_enters_the_rootfs() -> None:
    names = plans.order(plans.add(PROCESS, plans.config(linux=spaces("pid"))))
    assert names.index("chroot") == names.index("rootfs_open") + 1


def test_exec_takes_what_it_leaves_out_from_the_container() -> None:
    document = plans.config()
    caps = {kind: ["CAP_KILL"] for kind in ("bounding", "effective", "permitted")}
    limits = [{"type": "RLIMIT_CPU", "soft": 1, "hard": 2}]
    document["process"] |= {"capabilities": caps, "rlimits": limits, "user": {"umask": 0o77}}
    plan = plans.add(PROCESS, document)
    [bounding] = plans.named(plan, "caps_bounding")
    assert (bounding.args["mask"], bounding.pointer) == (
        1 << 5,
        "/process/capabilities/bounding",
    )
    assert len(plans.named(plan, "rlimit")) == 1
    assert plans.named(plan, "umask")[0].args == {"mask": ops.UMASK_CALLER}
    own = plans.add(PROCESS | {"capabilities": {}, "rlimits": [], "user": {"umask": 2}}, document)
    assert plans.named(own, "caps_bounding")[0].args["mask"] == 0
    assert plans.named(own, "umask")[0].args["mask"] == 2


def test_exec_makes_no_directory_and_no_console() -> None:
    plan = plans.add(PROCESS | {"terminal": True}, plans.config())
    assert all(
        not int(str(step.args["flags"])) & ops.CWD_CREATE for step in plans.named(plan, "cwd")
    )
    assert plans.named(plan, "console_open")[0].args["flags"] == 0
