# SPDX-License-Identifier: Apache-2.0
"""Annotations run.oci.*: which change the plan, which are refused, which only warned of."""

from __future__ import annotations

from typing import Any

import pytest
from support import plans

from pyruntime.errors import ConfigError, Unsupported
from pyruntime.plan import annotations
from pyruntime.plan.plan import Plan
from pyruntime.spec import rules

HOOKS = {kind: [{"path": "/h"}] for kind in ("createRuntime", "createContainer", "startContainer")}


def create(key: str, value: str, **changes: Any) -> Plan:
    return plans.create(plans.config(annotations={f"run.oci.{key}": value}, **changes))


@pytest.mark.parametrize(("value", "kept"), [("1", True), ("", True), ("0", False)])
def test_keep_original_groups(value: str, kept: bool) -> None:
    plan = create("keep_original_groups", value)
    assert (plans.named(plan, "groups") == []) is kept
    document = plans.config(annotations={"run.oci.keep_original_groups": value})
    added = plans.add({"cwd": "/", "args": ["a"]}, document)
    assert (plans.named(added, "groups") == []) is kept
    assert plan.warnings == added.warnings == []


@pytest.mark.parametrize("context", [*annotations.CONTEXTS, ""])
def test_mount_context_type(context: str) -> None:
    mount = {"destination": "/dev/shm", "type": "tmpfs", "source": "shm"}
    linux = {"namespaces": [{"type": "mount"}], "mountLabel": "l:a:b:e"}
    plan = create("mount_context_type", context, mounts=[mount], linux=linux)
    [step] = plans.named(plan, "mount_fs")
    assert step.args["options"] == [f"{context or 'context'}=l:a:b:e"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("mount_context_type", "level", "must be one of context, "),
        ("pidfd_receiver", "socket", "must be an absolute path, not 'socket'"),
        ("seccomp.receiver", "socket", "must be an absolute path, not 'socket'"),
        ("hooks.stdout", "log", "must be an absolute path, not 'log'"),
        ("hooks.stderr", "log", "must be an absolute path, not 'log'"),
    ],
)
def test_a_wrong_value(key: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        create(key, value)
    assert caught.value.pointer == f"/annotations/run.oci.{key}"
    assert message in caught.value.message


@pytest.mark.parametrize("key", sorted(annotations.REFUSED))
def test_refused(key: str) -> None:
    document = plans.config(annotations={key: "value"})
    with pytest.raises(Unsupported) as caught:
        plans.create(document)
    assert caught.value.pointer == f"/annotations/{key}"
    assert caught.value.message.startswith(f"/annotations/{key}: not carried out: ")
    document["annotations"][key] = ""
    assert plans.create(document).warnings == []


@pytest.mark.parametrize("key", sorted(annotations.IGNORED))
def test_ignored_with_a_reason(key: str) -> None:
    [warning] = plans.create(plans.config(annotations={key: "payload"})).warnings
    assert (warning.pointer, warning.severity) == (f"/annotations/{key}", "warning")
    assert warning.message.startswith("has no effect: ")
    assert plans.create(plans.config(annotations={key: ""})).warnings == []


def test_a_name_that_is_none() -> None:
    [warning] = create("keep_original_group", "1").warnings
    assert warning.message == "has no effect: there is no such annotation"
    assert create("timens_offset", "").warnings[0].pointer == "/annotations/run.oci.timens_offset"


def test_others_are_nobodys_business() -> None:
    assert (
        plans.create(plans.config(annotations={"io.podman.x": "1", "run.oci": "2"})).warnings == []
    )


def test_outputs_of_hooks() -> None:
    names = {"run.oci.hooks.stdout": "/out", "run.oci.hooks.stderr": "/err"}
    linux = {"namespaces": [{"type": "mount"}, {"type": "network", "path": "/run/netns/x"}]}
    plan = plans.create(plans.config(annotations=names, hooks=HOOKS, linux=linux))
    assert [(slot.kind, slot.path, slot.pointer) for slot in plan.slots] == [
        ("append", "/out", "/annotations/run.oci.hooks.stdout"),
        ("append", "/err", "/annotations/run.oci.hooks.stderr"),
        ("namespace:net", "/run/netns/x", "/linux/namespaces/1/path"),
    ]
    for step in plans.named(plan, "hook"):
        assert (step.args["stdout"], step.args["stderr"]) == (3, 4)
    [join] = plans.named(plan, "ns_join")
    assert join.args["slot"] == 5


def test_one_output_of_hooks() -> None:
    plan = create("hooks.stderr", "/err", hooks=HOOKS)
    step = plans.named(plan, "hook")[0]
    assert (step.args["stdout"], step.args["stderr"]) == (0, 3)
    assert create("hooks.stderr", "/err").slots == []


def test_a_receiver_of_notifications() -> None:
    rule = {"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}
    seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}
    linux = {"namespaces": [{"type": "mount"}], "seccomp": seccomp}
    document = plans.config(annotations={"run.oci.seccomp.receiver": "/agent"}, linux=linux)
    assert rules.check(document) == []
    listener = plans.create(document).listener
    assert listener is not None and listener.path == "/agent"
    seccomp["listenerPath"] = "/other"
    listener = plans.create(document).listener
    assert listener is not None and listener.path == "/other"
    del document["annotations"], seccomp["listenerPath"]
    assert [problem.pointer for problem in rules.check(document)] == ["/linux/seccomp"]
