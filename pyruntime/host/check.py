# SPDX-License-Identifier: Apache-2.0
"""What this host will refuse or ignore of one bundle, told without making anything.

The configuration is compiled as create does it, so what is looked at is what would be done.
Cold: for `validate --host`. Errors are what create would fail with; warnings what it would
leave out. What only shows in the doing (a full disk, a file system's own options) is not seen.
"""

from __future__ import annotations

import os
import resource
import stat

from pyruntime.cgroups.driver import hierarchy_path, open_cgroup
from pyruntime.errors import ConfigError, Error, Problem
from pyruntime.host import check_cgroup, lsm
from pyruntime.host.files import read
from pyruntime.plan.capabilities import BITS, names
from pyruntime.plan.compile import compile_create
from pyruntime.plan.facts import Facts
from pyruntime.plan.field import mapping, text
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.options import Options
from pyruntime.plan.rlimits import NAMES as RLIMITS
from pyruntime.spec.findings import Findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.host.survey import Survey
    from pyruntime.plan.plan import Plan

USER = TYPES["user"][0]
ID = "ID"  # stands for the container's


def problems(config: dict[str, Any], bundle: str, host: Survey) -> list[Problem]:
    """config: valid. bundle: absolute path. Never raises."""
    found = Findings()
    process = config.get("process") or {}
    try:
        lsm.require(process, "/process", mapping(config, "linux"))
    except ConfigError as err:
        found += map(_without_pointer, err.problems)
    try:
        plan = _compile(config, bundle, host)
    except ConfigError as err:
        return [*found, *map(_without_pointer, err.problems)]
    except Error as err:
        return [*found, Problem(err.message, pointer=err.pointer, hint=err.hint)]
    _rootfs(plan, found)
    _namespaces(plan, host, found)
    _mounts(plan, host, found)
    _hooks(plan, config, found)
    _process(plan, host, found)
    _sysctl(plan, found)
    check_cgroup.check(plan, host, found)
    if plan.resctrl is not None and not host.resctrl:
        found.error("/linux/intelRdt", "no resctrl file system is mounted")
    if any(step.op == "seccomp" for step in plan.steps) and not host.libseccomp:
        found.error("/linux/seccomp", "libseccomp is not installed")
    found += plan.warnings
    return found


def _compile(config: dict[str, Any], bundle: str, host: Survey) -> Plan:
    cgroup = open_cgroup(host.cgroup, text(mapping(config, "linux"), "cgroupsPath"), ID)
    return compile_create(
        config,
        bundle=bundle,
        container_id=ID,
        facts=Facts(host.kernel, host.last_cap, host.euid, host.cgroup),
        options=Options(
            cgroup_paths=cgroup.join_paths(),
            cgroup_path=hierarchy_path(host.cgroup, cgroup),
        ),
    )


def _without_pointer(problem: Problem) -> Problem:
    """Messages of the plan begin with the pointer, which is shown beside them here."""
    message = problem.message.removeprefix(f"{problem.pointer}: ")
    return Problem(message, pointer=problem.pointer, hint=problem.hint, severity=problem.severity)


def _rootfs(plan: Plan, found: Findings) -> None:
    try:
        mode = os.lstat(plan.rootfs).st_mode
    except OSError as err:
        hint = "root.path is relative to the bundle"
        found.error("/root/path", f"{plan.rootfs}: {err.strerror}", hint)
        return
    if not stat.S_ISDIR(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "not a directory"
        found.error("/root/path", f"{plan.rootfs} is {kind}", "name the directory itself")


def _namespaces(plan: Plan, host: Survey, found: Findings) -> None:
    for slot in plan.slots:
        if not os.path.exists(slot.path):
            found.error(slot.pointer, f"{slot.path} does not exist", "has its process ended?")
    new = plan.new_namespaces()
    for kind, (flag, entry) in TYPES.items():
        if not new & flag:
            continue
        if entry not in host.namespaces:
            found.error("/linux/namespaces", f"this kernel has no {kind} namespaces")
        elif host.limits.get(entry) == 0:
            limit = f"/proc/sys/user/max_{entry}_namespaces"
            found.error("/linux/namespaces", f"{kind} namespaces are forbidden", f"{limit} is 0")
    if host.euid == 0:
        return
    if new & USER:
        from pyruntime.host import check_userns  # only for such a user

        check_userns.check(plan, host, found)
    elif not any(step.op == "ns_join" and step.args["nstype"] == USER for step in plan.steps):
        hint = 'add {"type": "user"} with mappings, or run as root'
        found.error("/linux/namespaces", "an ordinary user needs a user namespace", hint)


def _mounts(plan: Plan, host: Survey, found: Findings) -> None:
    hierarchies = tuple(f"{path}/" for path in (*host.cgroup.v1.values(), host.cgroup.v2) if path)
    for step in plan.steps:
        if step.op == "mount_fs":
            kind = str(step.args["fstype"])
            if kind not in host.filesystems:
                hint = "see /proc/filesystems; a module may bring it"
                found.error(f"{step.pointer}/type", f"unknown file system {kind}", hint)
        elif step.op == "mount_bind" and (source := str(step.args["source"])):
            # The container's cgroup is there only once create has made it.
            late = f"{source}/".startswith(hierarchies)
            if not late and not os.path.exists(source):
                hint = "a relative source is below the bundle"
                found.error(f"{step.pointer}/source", f"{source} does not exist", hint)


def _hooks(plan: Plan, config: dict[str, Any], found: Findings) -> None:
    kinds = dict(plan.hooks)
    # Those of startContainer are files of the container.
    kinds["createContainer"] = mapping(config, "hooks").get("createContainer") or []
    for kind, hooks in kinds.items():
        for index, hook in enumerate(hooks):
            path = str(hook["path"])
            if not os.path.isfile(path):
                found.error(f"/hooks/{kind}/{index}/path", f"{path} is not there")
            elif not os.access(path, os.X_OK):
                found.error(f"/hooks/{kind}/{index}/path", f"{path} cannot be executed")


def _process(plan: Plan, host: Survey, found: Findings) -> None:
    # A new user namespace gives all capabilities in it, and none outside of it.
    owned = bool(plan.new_namespaces() & USER)
    free = bool(host.effective & BITS["CAP_SYS_RESOURCE"]) and not owned
    mknod = bool(host.effective & BITS["CAP_MKNOD"])
    needs = "it takes CAP_SYS_RESOURCE, which this process has not got"
    for step in plan.steps:
        if step.op == "rlimit" and not free:
            kind, hard = int(str(step.args["resource"])), int(str(step.args["hard"]))
            own = resource.getrlimit(kind)[1]
            if own != resource.RLIM_INFINITY and hard > own:
                message = f"{RLIMITS[kind]}: the runtime's own hard limit is {own}"
                found.error(f"{step.pointer}/hard", message, needs)
        elif step.op == "oom_score_adj" and not free:
            own = int(read("/proc/self/oom_score_adj"))
            if int(str(step.args["value"])) < min(own, 0):
                found.error(step.pointer, f"below the runtime's own, {own}", needs)
        elif step.op == "caps_set" and not owned:
            wanted = int(str(step.args["permitted"])) | int(str(step.args["effective"]))
            for name in names(wanted & ~host.effective):
                found.warning(step.pointer, f"{name} is left out: this process has not got it")
        elif step.op == "device" and step.pointer and not owned | mknod:
            found.error(step.pointer, "device nodes take CAP_MKNOD")


def _sysctl(plan: Plan, found: Findings) -> None:
    for step in plan.steps:
        if step.op != "sysctl":
            continue
        path = str(step.args["path"])
        # Interfaces may be those that a hook moves in.
        of_interface = {"conf", "neigh"} & set(path.split("/"))
        if not of_interface and not os.path.exists(f"/proc/sys/{path}"):
            found.error(step.pointer, "this kernel has no such parameter")
