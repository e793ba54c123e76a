# SPDX-License-Identifier: Apache-2.0
"""Hosts and small configurations for tests that compile plans without a kernel."""

from __future__ import annotations

from typing import Any

from pyruntime.plan.compile import compile_create
from pyruntime.plan.compile_exec import compile_exec
from pyruntime.plan.facts import CgroupFacts, Facts
from pyruntime.plan.options import Options
from pyruntime.plan.plan import Plan
from pyruntime.plan.step import Step

V2_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc")


def v1_host() -> CgroupFacts:
    """Joint controllers, a named hierarchy, the runtime in a cgroup of its own."""
    top = "/sys/fs/cgroup"
    names = [
        "cpuset",
        "memory",
        "devices",
        "freezer",
        "blkio",
        "pids",
        "hugetlb",
        "rdma",
        "net_cls",
        "net_prio",
    ]
    v1 = {name: f"{top}/{name}" for name in names}
    v1 |= dict.fromkeys(("cpu", "cpuacct"), f"{top}/cpu,cpuacct")
    v1 |= dict.fromkeys(("net_cls", "net_prio"), f"{top}/net_cls,net_prio")
    v1["name=systemd"] = f"{top}/systemd"
    own = dict.fromkeys(v1, "/") | {"memory": "/system/daemon"}
    return CgroupFacts("v1", v1, "", (), own)


def hybrid_host() -> CgroupFacts:
    """v1 for all but hugetlb."""
    facts = v1_host()
    del facts.v1["hugetlb"]
    return CgroupFacts("hybrid", facts.v1, "/sys/fs/cgroup/unified", ("hugetlb",), facts.own)


def v2_host() -> CgroupFacts:
    return CgroupFacts("v2", {}, "/sys/fs/cgroup", V2_CONTROLLERS, {"": "/system/daemon"})


KERNEL = (6, 18)


def facts(
    cgroup: CgroupFacts | None = None, euid: int = 0, kernel: tuple[int, int] = KERNEL
) -> Facts:
    return Facts(kernel=kernel, last_cap=40, euid=euid, cgroup=cgroup or v2_host())


def config(**changes: Any) -> dict[str, Any]:
    """The least that compiles, with a mount namespace."""
    found: dict[str, Any] = {
        "ociVersion": "1.3.0",
        "root": {"path": "rootfs"},
        "process": {"cwd": "/", "args": ["/bin/true"], "env": ["PATH=/bin"]},
        "linux": {"namespaces": [{"type": "mount"}]},
    }
    return found | changes


def create(
    document: dict[str, Any],
    *,
    cgroup: CgroupFacts | None = None,
    euid: int = 0,
    kernel: tuple[int, int] = KERNEL,
    **options: Any,
) -> Plan:
    return compile_create(
        document,
        bundle="/bundle",
        container_id="web",
        facts=facts(cgroup, euid, kernel),
        options=Options(**options),
    )


class Container:
    id = "web"
    pid = 4711
    rootfs = "/bundle/rootfs"


def add(process: dict[str, Any], document: dict[str, Any], **options: Any) -> Plan:
    """The plan of exec in a container of the document."""
    return compile_exec(
        process, config=document, state=Container(), facts=facts(), options=Options(**options)
    )


def named(plan: Plan, *names: str) -> list[Step]:
    """The steps with one of these operations, in their order."""
    return [step for step in plan.steps if step.op in names]


def order(plan: Plan) -> list[str]:
    return [step.op for step in plan.steps]
