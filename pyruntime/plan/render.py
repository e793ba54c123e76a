# SPDX-License-Identifier: Apache-2.0
"""A whole plan for people and for programs: text, or an object for JSON."""

from __future__ import annotations

from pyruntime.plan.describe import dotted, sentence
from pyruntime.plan.namespaces import TYPES
from pyruntime.plan.plan import SLOT_FIRST_FREE
from pyruntime.plan.resources import DeviceRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.plan.plan import IdMaps, Plan


def text(plan: Plan) -> str:
    """Sections with a heading each; the steps are numbered as in errors of the init. Ends in a
    newline."""
    given = f", given to user {plan.cgroup.owner}" if plan.cgroup.owner else ""
    out = [f"rootfs {plan.rootfs}", f"cgroup {plan.cgroup.path}{given}", *_clone(plan)]
    out += _section("descriptors", [_slot(plan, index) for index in range(len(plan.slots))])
    out += _section("cgroup settings", _settings(plan))
    devices = [f"{device.name} as {device.wanted}" for device in plan.net_devices]
    out += _section("network devices", devices)
    out += _section("resctrl group", _resctrl(plan))
    out += _section("hooks of the runtime", _hooks(plan))
    out.append("\nsteps of the init")
    for index, step in enumerate(plan.steps):
        field = dotted(step.pointer)
        out.append(f"{index:4}  {sentence(step)}" + (f"  [{field}]" if field else ""))
    found = [f"{dotted(problem.pointer)}: {problem.message}" for problem in plan.warnings]
    out += _section("warnings", found)
    return "\n".join(out) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"\n{title}", *(f"  {line}" for line in lines)] if lines else []


def _clone(plan: Plan) -> list[str]:
    lines = []
    new = _new_namespaces(plan)
    if new:
        lines.append(f"new namespaces {', '.join(new)}")
    if plan.listener:
        lines.append(f"seccomp listener {plan.listener.path}")
    if plan.id_maps:
        lines.append(f"user namespace {_maps(plan.id_maps)}")
    return lines


def _new_namespaces(plan: Plan) -> list[str]:
    made = plan.new_namespaces()
    return [kind for kind, (flag, _) in TYPES.items() if made & flag]


def _slot(plan: Plan, index: int) -> str:
    slot = plan.slots[index]
    what = slot.path if slot.maps is None else _maps(slot.maps)
    return f"{SLOT_FIRST_FREE + index} {slot.kind} {what}  [{dotted(slot.pointer)}]"


def _maps(maps: IdMaps) -> str:
    """ "uid 0 as 100000 (65536), gid ..."."""
    return ", ".join(
        f"{kind} {inside} as {outside} ({size})"
        for kind, ranges in (("uid", maps.uids), ("gid", maps.gids))
        for inside, outside, size in ranges
    )


def _settings(plan: Plan) -> list[str]:
    lines = []
    for setting in plan.cgroup.settings:
        if isinstance(setting, DeviceRules):
            lines += [
                f"devices: {'allow' if rule.allow else 'deny'} {rule}" for rule in setting.rules
            ]
        else:
            field = dotted(setting.pointer)
            lines.append(f"{setting.controller}: {setting.file} = {setting.value}  [{field}]")
    return lines


def _resctrl(plan: Plan) -> list[str]:
    group = plan.resctrl
    if group is None:
        return []
    lines = [f"{group.name or 'the root'}{'' if group.given else ', made for this container'}"]
    lines += [f"schemata: {line}" for line in group.lines]
    return lines + ([f"monitoring group {group.monitor}"] if group.monitor else [])


def _hooks(plan: Plan) -> list[str]:
    return [
        f"{kind} {hook.get('path')}" for kind, entries in plan.hooks.items() for hook in entries
    ]


def data(plan: Plan) -> dict[str, Any]:
    """For JSON. Values of environment variables are left out: they may be secrets."""
    return {
        "rootfs": plan.rootfs,
        "cgroup": {
            "path": plan.cgroup.path,
            "owner": plan.cgroup.owner,
            "settings": [_setting_data(setting) for setting in plan.cgroup.settings],
        },
        "netDevices": {device.name: device.wanted for device in plan.net_devices},
        "resctrl": plan.resctrl
        and {
            "group": plan.resctrl.name or "/",
            "schemata": plan.resctrl.lines,
            "monitor": plan.resctrl.monitor,
        },
        "newNamespaces": _new_namespaces(plan),
        "idMappings": _maps(plan.id_maps) if plan.id_maps else None,
        "descriptors": [
            {"kind": slot.kind, "path": slot.path, "pointer": slot.pointer}
            | ({"maps": _maps(slot.maps)} if slot.maps else {})
            for slot in plan.slots
        ],
        "hooks": {
            kind: [str(hook.get("path")) for hook in entries]
            for kind, entries in plan.hooks.items()
        },
        "terminal": plan.terminal,
        "seccompListener": plan.listener.path if plan.listener else None,
        "steps": [
            {
                "op": step.op,
                "pointer": step.pointer,
                "description": sentence(step),
                "args": _args(step.args),
            }
            for step in plan.steps
        ],
        "warnings": [
            {"pointer": problem.pointer, "message": problem.message} for problem in plan.warnings
        ],
    }


def _args(args: dict[str, Any]) -> dict[str, Any]:
    shown = dict(args)
    if "env" in shown:
        shown["env"] = [entry.partition("=")[0] for entry in shown["env"]]
    shown.pop("program", None)  # a filter's code: it is made when the container is
    return shown


def _setting_data(setting: Any) -> dict[str, Any]:
    if isinstance(setting, DeviceRules):
        return {
            "controller": "devices",
            "pointer": setting.pointer,
            "rules": [
                {
                    "allow": rule.allow,
                    "type": rule.type,
                    "major": rule.major,
                    "minor": rule.minor,
                    "access": rule.access,
                }
                for rule in setting.rules
            ],
        }
    return {
        "controller": setting.controller,
        "file": setting.file,
        "value": setting.value,
        "pointer": setting.pointer,
    }
