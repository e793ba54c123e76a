# SPDX-License-Identifier: Apache-2.0
"""update: other limits for a container that exists.

    what is asked ─▶ laid over what is in force ─▶ checked ─▶ written ─▶ kept in the record

Only what is asked for is written. A failure writes back what the files held before; the
record changes only after success.
"""

from __future__ import annotations

from pyruntime import state
from pyruntime.errors import ConfigError, Error, NotRunning
from pyruntime.host.probe import probe
from pyruntime.lifecycle.freeze import cgroup_of
from pyruntime.lifecycle.status import status_of
from pyruntime.plan import update as plan
from pyruntime.plan.device_rules import compile_rules
from pyruntime.plan.field import mapping, number, sequence
from pyruntime.plan.resources import compile_resources
from pyruntime.plan.setting import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.log import Log
    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.state import Record, StateDir

POINTER = plan.ROOT
# Where the memory in use stands: (controller, file)
MEMORY_USED = (("memory", "memory.usage_in_bytes"), ("", "memory.current"))


def update(
    root: str,
    container_id: str,
    resources: dict[str, Any],
    log: Log,
    *,
    schemata: Sequence[str] = (),
) -> None:
    """Change what the resources (an object like linux.resources) name.

    schemata: lines for the container's resctrl group.

    Raises NotFound, NotRunning, ConfigError, CgroupError; then nothing has changed, but for
    what the log was told could not be written back.
    """
    check_schema(resources)
    asked, ignored = plan.changes(resources)
    for pointer in ignored:
        log.warn(f"{pointer}: is ignored: the kernel no longer has this limit")
    with state.open_dir(root, container_id) as directory:
        directory.lock()
        record = directory.read()
        if status_of(directory, record) in (state.STOPPED, state.CREATING):
            raise NotRunning("container not running")
        config = directory.config()
        current = record.resources
        if current is None:
            current = mapping(mapping(config, "linux"), "resources", "/linux")
        merged = plan.merge(current, asked)
        check_rules(merged, log)
        before = _change_schemata(record, schemata) if schemata else []
        try:
            change = _Change(config, current, asked, merged)
            _apply(cgroup_of(record), change, log, lambda: _keep(directory, record, merged))
        except BaseException:
            if before:
                _change_schemata(record, before)
            raise


def _change_schemata(record: Record, schemata: Sequence[str]) -> list[str]:
    """Gives those that were there before."""
    if record.resctrl is None:
        raise ConfigError(
            "/linux/intelRdt: the container has no resctrl group to change",
            pointer="/linux/intelRdt",
            hint="it gets one when it is created",
        )
    from pyruntime.host import rdt  # few machines have it

    return rdt.change(record.resctrl, list(schemata))


class _Change:
    """config: of the container; the others are as in plan.update."""

    __slots__ = ("asked", "config", "current", "merged")

    def __init__(
        self,
        config: dict[str, Any],
        current: dict[str, Any],
        asked: dict[str, Any],
        merged: dict[str, Any],
    ) -> None:
        self.config = config
        self.current = current
        self.asked = asked
        self.merged = merged

    def devices(self, resources: dict[str, Any]) -> DeviceRules:
        linux = mapping(self.config, "linux")
        rules = sequence(resources, "devices", POINTER)
        found = compile_rules(rules, sequence(linux, "devices", "/linux"))
        found.live = True
        return found


def check_schema(resources: object) -> None:
    """Raises ConfigError for the first thing that the schema does not allow."""
    from pyruntime.spec.compiled.config import validate  # as config.json's own, no second schema

    fault = validate({"ociVersion": "1.0.0", "linux": {"resources": resources}})
    if fault is not None:
        message = f"{fault[0] or POINTER}: {fault[2]}"
        raise ConfigError(message, pointer=fault[0], code="config-invalid")


def check_rules(resources: dict[str, Any], log: Log) -> None:
    from pyruntime.spec import rules_resources
    from pyruntime.spec.findings import Findings

    found = Findings()
    rules_resources.check(resources, POINTER, found)
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        first = errors[0]
        raise ConfigError(
            f"{first.pointer}: {first.message}",
            pointer=first.pointer,
            hint=first.hint,
            code="config-invalid",
            problems=errors,
        )
    for problem in found:
        log.debug(f"{problem.pointer}: {problem.message}")


def _apply(cgroup: Cgroup, change: _Change, log: Log, keep: Callable[[], None]) -> None:
    """keep: what else belongs to it; when that fails, the limits are as before, too."""
    settings = _settings(change)
    if not settings:
        keep()
        return
    _check_usage(cgroup, change.merged, change.asked)
    from pyruntime.cgroups.rollback import remember

    back = remember(cgroup, settings, change.devices(change.current))
    try:
        cgroup.apply(settings)
        keep()
    except BaseException:
        try:
            cgroup.apply(back)
        except (Error, OSError) as err:
            log.warn(f"write back the old limits: {err}")
        raise


def _settings(change: _Change) -> list[Setting | DeviceRules]:
    """Engines hand over the whole section, devices included: the list of devices counts as
    given only when it differs, so that what was allowed besides (to a GPU, say) stays."""
    part = plan.to_write(change.asked, change.merged)
    found: list[Setting | DeviceRules] = []
    for setting in compile_resources(part, probe().cgroup):
        if isinstance(setting, Setting):
            found.append(setting)
        elif change.merged.get("devices") != change.current.get("devices"):
            found.append(change.devices(change.merged))
    if plan.oom_killer_is_back(change.current, change.asked):
        pointer = f"{POINTER}/memory/disableOOMKiller"
        found.append(Setting("memory", "memory.oom_control", "0", pointer))
    return found


def _check_usage(cgroup: Cgroup, merged: dict[str, Any], asked: dict[str, Any]) -> None:
    """checkBeforeUpdate: cgroup2 would kill where v1 refuses a limit below what is in use."""
    memory = mapping(merged, "memory")
    limit = number(mapping(asked, "memory"), "limit") or 0
    if limit <= 0 or not memory.get("checkBeforeUpdate"):
        return
    from pyruntime.cgroups.files import read

    for controller, file in MEMORY_USED:
        if controller in cgroup.paths:
            used = int(read(f"{cgroup.paths[controller]}/{file}"))
            if used > limit:
                raise ConfigError(
                    f"set memory limit to {limit}: {used} bytes are in use",
                    pointer=f"{POINTER}/memory/limit",
                    hint="the container has to give memory back first",
                    code="cgroup-busy",
                )
            return


def _keep(directory: StateDir, record: Record, merged: dict[str, Any]) -> None:
    record.resources = merged
    directory.write(record)
