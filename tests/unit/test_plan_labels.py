# SPDX-License-Identifier: Apache-2.0
"""AppArmor profiles and SELinux labels, as steps; and whether the host has a use for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError
from pyruntime.host import lsm
from pyruntime.plan import ops
from pyruntime.plan.plan import Plan

LABEL = "system_u:system_r:container_t:s0:c1,c2"
FILES = "system_u:object_r:container_file_t:s0:c1,c2"


def create(process: dict[str, Any] | None = None, **changes: Any) -> Plan:
    document = plans.config(**changes)
    document["process"] |= process or {}
    return plans.create(document)


def attrs(plan: Plan) -> list[tuple[str, str, int]]:
    return [
        (str(step.args["name"]), str(step.args["value"]), int(str(step.args["flags"])))
        for step in plans.named(plan, "process_attr")
    ]


def test_apparmor() -> None:
    assert attrs(create({"apparmorProfile": "strict"})) == [("apparmor/exec", "exec strict", 0)]
    added = plans.add({"cwd": "/", "args": ["a"], "apparmorProfile": "strict"}, plans.config())
    assert attrs(added) == [("apparmor/exec", "exec strict", 0)]


def test_unconfined_is_a_request_only_of_apparmor() -> None:
    plan = create({"apparmorProfile": "unconfined"})
    assert attrs(plan) == [("apparmor/exec", "exec unconfined", ops.ATTR_OPTIONAL)]


def test_selinux_labels_the_keyring_and_the_program() -> None:
    plan = create({"selinuxLabel": LABEL})
    assert attrs(plan) == [("keycreate", LABEL, 0), ("keycreate", "\n", 0), ("exec", LABEL, 0)]
    keys = [step.op for step in plan.steps if step.op in ("process_attr", "keyring_join")]
    assert keys == ["process_attr", "keyring_join", "process_attr", "process_attr"]


def test_without_a_keyring_none_is_labelled() -> None:
    document = plans.config()
    document["process"]["selinuxLabel"] = LABEL
    assert attrs(plans.create(document, no_new_keyring=True)) == [("exec", LABEL, 0)]


def test_labels_are_set_while_there_is_the_right_to() -> None:
    order = plans.order(create({"apparmorProfile": "strict", "selinuxLabel": LABEL}))
    last = len(order) - 1 - order[::-1].index("process_attr")
    assert order.index("procfs_open") < order.index("process_attr") < last < order.index("user")


def mount(destination: str, kind: str, *options: str) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": kind, "options": list(options)}


def test_mount_label() -> None:
    mounts = [
        mount("/proc", "proc"),
        mount("/dev", "tmpfs", "size=1m"),
        mount("/dev/mqueue", "mqueue"),
        mount("/dev/pts", "devpts"),
        mount("/sys/fs/cgroup", "cgroup2"),
        mount("/data", "none", "bind"),
    ]
    linux = {
        "namespaces": [{"type": "mount"}],
        "mountLabel": FILES,
        "maskedPaths": ["/proc/acpi"],
    }
    plan = create(mounts=mounts, linux=linux)
    context = f"context={FILES}"
    found = {
        str(step.args["target"]): step.args["options"] for step in plans.named(plan, "mount_fs")
    }
    assert found == {
        "/proc": [],
        "/dev": ["size=1m", context],
        "/dev/mqueue": [],
        "/dev/pts": [context],
    }
    assert plans.named(plan, "file_label") == [
        ops.file_label("/linux/mountLabel", path="/dev/mqueue", label=FILES)
    ]
    (masked,) = plans.named(plan, "masked_path")
    assert masked.args["label"] == FILES
    # The cgroup is entered before its first mount, whatever steps the labels have added.
    order = plans.order(plan)
    assert order.index("file_label") < order.index("sync")
    targets = [str(step.args.get("target")) for step in plan.steps]
    assert targets.index("/dev/pts") < order.index("sync")
    assert order.index("sync") < targets.index("/sys/fs/cgroup") < order.index("device")


def test_no_label_no_context() -> None:
    plan = create(mounts=[mount("/dev", "tmpfs")])
    (step,) = plans.named(plan, "mount_fs")
    assert step.args["options"] == []


def test_what_tells_that_apparmor_is_enabled(tmp_path: Path) -> None:
    file = tmp_path / "enabled"
    assert not lsm.apparmor_enabled(str(file))
    for text, enabled in (("Y\n", True), ("N\n", False)):
        file.write_text(text)
        assert lsm.apparmor_enabled(str(file)) == enabled


@pytest.mark.parametrize(
    ("enforce", "own", "enabled"),
    [
        ("1", "system_u:system_r:init_t:s0\0", True),
        ("0", "system_u:system_r:init_t:s0\0", True),
        ("1", "kernel\0", False),  # no policy is loaded
        ("", "system_u:system_r:init_t:s0\0", False),  # of another module
        ("1", "", False),
    ],
)
def test_what_tells_that_selinux_is_enabled(
    tmp_path: Path, enforce: str, own: str, enabled: bool
) -> None:
    files = tmp_path / "enforce", tmp_path / "current"
    for file, text in zip(files, (enforce, own), strict=True):
        file.write_text(text)
    assert lsm.selinux_enabled(*map(str, files)) == enabled
    assert not lsm.selinux_enabled(str(tmp_path / "none"), str(files[1]))


@pytest.mark.parametrize(
    ("process", "linux", "pointer"),
    [
        ({"apparmorProfile": "strict"}, {}, "/process/apparmorProfile"),
        ({"selinuxLabel": LABEL}, {}, "/process/selinuxLabel"),
        ({}, {"mountLabel": FILES}, "/linux/mountLabel"),
    ],
)
def test_a_label_that_nothing_enforces_is_refused(
    monkeypatch: pytest.MonkeyPatch, process: dict[str, str], linux: dict[str, str], pointer: str
) -> None:
    monkeypatch.setattr(lsm, "_read", lambda path: "")
    with pytest.raises(ConfigError) as refused:
        lsm.require(process, "/process", linux)
    assert refused.value.pointer == pointer
    assert "is not enabled on this host" in str(refused.value)
    monkeypatch.setattr(lsm, "_read", lambda path: "Y" if "apparmor" in path else "1")
    lsm.require(process, "/process", linux)


def test_asking_for_no_label() -> None:
    lsm.require({"apparmorProfile": "unconfined", "selinuxLabel": ""}, "/process", {})
