# SPDX-License-Identifier: Apache-2.0
"""Commands run for show, while a snapshot is made: to see which memory a run touches.

It takes no privilege and leaves nothing on the host: the cgroups are ordinary directories, and
the init makes no namespaces and no mounts, but is started, waits and executes `true`. All else
is what it always is (_native/make.c runs it, watch.c looks on, tools/add_snapshot.py has the
lines).
"""

from __future__ import annotations

import _signal
import os

from pyruntime import jsontext
from pyruntime.cgroups import device_filter, tree
from pyruntime.cli.warm import CONTROLLERS, example
from pyruntime.errors import Error
from pyruntime.host import foreground
from pyruntime.host.probe import probe
from pyruntime.host.seccomp.cache import filter_of
from pyruntime.launch import spawn
from pyruntime.lifecycle import create, launching
from pyruntime.lifecycle import exec as execute
from pyruntime.plan.compile import compile_create
from pyruntime.plan.compile_exec import compile_exec
from pyruntime.plan.encode import encode
from pyruntime.plan.facts import CgroupFacts, Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from pyruntime.launch.spawn import Child
    from pyruntime.plan.plan import Plan

# What an init can do as anybody, anywhere. It stays in the session of the rehearsal, whose end is
# its own, should nobody come to delete the container.
STEPS = ("sync", "exec_lookup", "fds_close", "wait_start", "execve")
# Files of a cgroup directory, and what they hold.
FILES = {
    "cgroup.controllers": "cpuset cpu io memory hugetlb pids",
    "cgroup.subtree_control": "cpuset cpu io memory hugetlb pids",
    "cgroup.events": "populated 0",
    "cgroup.freeze": "0",
    "cgroup.kill": "",
    "cgroup.procs": "",
    "cgroup.type": "domain",
    "cpu.cfs_period_us": "",
    "cpu.cfs_quota_us": "",
    "cpu.max": "",
    "cpu.shares": "",
    "cpu.weight": "",
    "cpuset.cpus": "0",
    "cpuset.mems": "0",
    "devices.allow": "",
    "devices.deny": "",
    "freezer.state": "THAWED",
    "memory.limit_in_bytes": "",
    "memory.max": "",
    "memory.swap.max": "",
    "pids.max": "",
    "tasks": "",
}


def arrange(argv: list[str]) -> None:
    """Before the command argv, in its process. --root names a directory STAGE/v1/state or
    STAGE/v2/state; on a stage that is new everything is put up first.
    """
    stage = os.path.dirname(argv[argv.index("--root") + 1])
    tops = _tops(stage)
    if not os.path.isdir(f"{stage}/bundle"):
        _set_up(stage, tops)
    _see_by_signals()
    _keep_cgroups_in_directories()
    _shorten_plans()
    _make_up_facts(tops)


def _tops(stage: str) -> dict[str, str]:
    """The hierarchies' directories by controller, as CgroupFacts has them."""
    if stage.endswith("v2"):
        return {"": f"{stage}/cgroup"}
    return {name: f"{stage}/cgroup/{name}" for name in CONTROLLERS}


def _set_up(stage: str, tops: dict[str, str]) -> None:
    os.makedirs(f"{stage}/bundle/rootfs")
    for top in tops.values():
        os.makedirs(top)
        _fill(top)
    config = example(user_namespace=False)
    config["process"]["args"] = ["true"]
    section = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mount", "ptrace"], "action": "SCMP_ACT_ERRNO"}],
    }
    if _compiles(section, f"{stage}/state"):
        config["linux"]["seccomp"] = section
    _write(f"{stage}/bundle/config.json", jsontext.dumps(config))
    _write(f"{stage}/bundle/process.json", jsontext.dumps(config["process"]))
    _write(f"{stage}/bundle/resources.json", jsontext.dumps(config["linux"]["resources"]))


def _compiles(section: dict[str, Any], root: str) -> bool:
    """Compile the filter, so that runs find it done; elsewhere, as it loads half a library."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.makedirs(root)
            filter_of(section, root, lambda _: None)
            status = 0
        except (Error, OSError):
            pass  # no libseccomp here
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def _replace(module: ModuleType, **members: object) -> None:
    for name, member in members.items():
        assert hasattr(module, name), f"{module.__name__} has no {name}"
        setattr(module, name, member)


def _see_by_signals() -> None:
    """SIGSEGV is how the first use of memory is seen: it is neither blocked nor caught."""
    _replace(foreground, _NOT_CAUGHT=(*foreground._NOT_CAUGHT, _signal.SIGSEGV))
    _replace(spawn, CAUGHT=[number for number in spawn.CAUGHT if number != _signal.SIGSEGV])


class _Permitted:
    """As the shim for a caller who may load a device filter."""

    @staticmethod
    def pyr_bpf_device(*_: object) -> int:
        return 0


def _keep_cgroups_in_directories() -> None:
    """New ones are filled with files, as by the kernel; to remove one takes its files along."""
    make, remove = tree.make, tree._rmdir

    def make_filled(path: str, top: str, made: list[str]) -> bool:
        new = make(path, top, made)
        if new:
            _fill(path)
        return new

    def remove_filled(path: str) -> bool:
        for name in os.listdir(path):
            os.unlink(f"{path}/{name}")
        return remove(path)

    _replace(tree, make=make_filled, _rmdir=remove_filled)
    _replace(device_filter, lib=_Permitted)


def _shorten_plans() -> None:
    def shortened(compiled: Callable[..., Plan]) -> Callable[..., Plan]:
        def compile_(*args: Any, **named: Any) -> Plan:
            plan = compiled(*args, **named)
            encode(plan, 0)
            plan.clone_flags, plan.forks, plan.cpus, plan.slots = 0, False, [], []
            plan.steps = [step for step in plan.steps if step.op in STEPS]
            return plan

        return compile_

    def start(*args: Any, **named: Any) -> Child:
        return spawn.spawn(*args, **{**named, "cgroup_fd": -1})

    _replace(create, compile_create=shortened(compile_create))
    _replace(execute, compile_exec=shortened(compile_exec))
    _replace(launching, spawn=start)


def _make_up_facts(tops: dict[str, str]) -> None:
    """After a look at the real ones, for the sake of the look."""
    unified = tops.get("", "")
    v1 = {name: top for name, top in tops.items() if name}
    own = dict.fromkeys(tops, "/")
    cgroup = CgroupFacts(
        "v2" if unified else "v1", v1, unified, CONTROLLERS if unified else (), own
    )

    def made_up() -> Facts:
        try:
            found = probe()
        except Error:
            found = Facts((5, 14), 40, 0, cgroup)
        found.euid, found.cgroup = 0, cgroup
        return found

    _replace(create, probe=made_up, is_rootless=lambda _asked: False)
    _replace(execute, probe=made_up)


def _fill(path: str) -> None:
    for name, content in FILES.items():
        _write(f"{path}/{name}", content)


def _write(path: str, content: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, content.encode())
    finally:
        os.close(fd)
