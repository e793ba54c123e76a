# SPDX-License-Identifier: Apache-2.0
"""Write docs/spec-conformance.md: every property of config.json that Linux knows, the module
that compiles it, the tests that hold it.

    python3 tools/gen_conformance.py           write the page
    python3 tools/gen_conformance.py --check   exit 1 when the page on disk differs

The properties come from schemas/, so that none is forgotten. For each the named module has to
name it, and for each row one of the named tests: a claim that went stale ends the generator.
So does a test of tools/spec_requirements.py that is not there.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spec_requirements import REQUIREMENTS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/spec-conformance.md"
OTHER = ("windows", "solaris", "zos", "freebsd", "vm")
Path_ = tuple[str, ...]

# Beginning of a property -> modules of pyruntime/, tests of tests/, remark. The longest counts.
ROWS: dict[str, tuple[str, str, str]] = {
    "ociVersion": ("spec/rules.py", "unit/test_spec_rules.py", "any 0.x or 1.x"),
    "root": ("plan/rootfs.py", "unit/test_plan_compile.py native/test_rootfs_pivot.py", ""),
    "root.readonly": (
        "plan/rootfs.py",
        "integration/test_every_field.py native/test_rootfs_pivot.py",
        "",
    ),
    "process": ("plan/process.py", "unit/test_plan_process.py integration/test_run.py", ""),
    "process.terminal": ("plan/process.py", "integration/test_terminal.py", ""),
    "process.consoleSize": ("plan/process.py", "integration/test_terminal.py", ""),
    "process.env": ("plan/process.py", "unit/test_plan_process.py", ""),
    "process.commandLine": ("", "", "Windows only"),
    "process.user": ("plan/process.py", "unit/test_plan_process.py native/test_process.py", ""),
    "process.user.username": ("", "", "Windows only"),
    "process.capabilities": (
        "plan/capabilities.py plan/process.py",
        "unit/test_plan_process.py",
        "",
    ),
    "process.rlimits": ("plan/rlimits.py plan/process.py", "unit/test_plan_process.py", ""),
    "process.oomScoreAdj": ("plan/process.py", "unit/test_plan_process.py", ""),
    "process.noNewPrivileges": ("plan/process.py", "unit/test_plan_process.py", ""),
    "process.apparmorProfile": (
        "plan/labels.py",
        "integration/test_labels.py",
        "refused where AppArmor is not enabled; carried out in the virtual machine's tests",
    ),
    "process.selinuxLabel": (
        "plan/labels.py",
        "integration/test_selinux.py unit/test_plan_labels.py",
        "refused where no SELinux policy is loaded; carried out in the virtual machine's tests",
    ),
    "process.ioPriority": ("plan/process.py", "unit/test_plan_process.py", ""),
    "process.scheduler": ("plan/placement.py", "integration/test_placement.py", ""),
    "process.execCPUAffinity": (
        "plan/placement.py",
        "integration/test_placement.py",
        "of processes that `exec` adds",
    ),
    "hostname": ("plan/sysctl.py", "unit/test_plan_compile.py integration/test_run.py", ""),
    "domainname": ("plan/sysctl.py", "unit/test_plan_compile.py", ""),
    "mounts": ("plan/mounts.py", "unit/test_plan_mounts.py native/test_rootfs_mounts.py", ""),
    "mounts.*.uidMappings": ("plan/mounts.py plan/userns.py", "unit/test_plan_userns.py", ""),
    "mounts.*.gidMappings": ("plan/mounts.py plan/userns.py", "unit/test_plan_userns.py", ""),
    "hooks": ("plan/hooks.py", "integration/test_hooks.py", ""),
    "hooks.prestart": ("plan/hooks.py host/hooks.py", "integration/test_hooks.py", "deprecated"),
    "hooks.createRuntime": ("plan/hooks.py host/hooks.py", "integration/test_hooks.py", ""),
    "hooks.createContainer": (
        "plan/hooks.py plan/compile.py",
        "integration/test_hooks.py native/test_hook.py",
        "",
    ),
    "hooks.startContainer": (
        "plan/hooks.py plan/compile.py",
        "integration/test_hooks.py native/test_hook.py",
        "",
    ),
    "hooks.poststart": ("plan/hooks.py host/hooks.py", "integration/test_hooks.py", ""),
    "hooks.poststop": ("plan/hooks.py host/hooks.py", "integration/test_hooks.py", ""),
    "annotations": ("state.py", "integration/test_lifecycle.py unit/test_state.py", "in the state"),
    "linux": ("plan/compile.py", "unit/test_plan_supported.py", ""),
    "linux.namespaces": (
        "plan/namespaces.py",
        "unit/test_plan_compile.py native/test_namespace.py",
        "",
    ),
    "linux.uidMappings": ("plan/userns.py", "unit/test_plan_userns.py", ""),
    "linux.gidMappings": ("plan/userns.py", "unit/test_plan_userns.py", ""),
    "linux.timeOffsets": ("plan/entry.py", "unit/test_plan_userns.py", ""),
    "linux.devices": (
        "plan/devices.py",
        "unit/test_plan_devices.py native/test_rootfs_devices.py",
        "",
    ),
    "linux.netDevices": (
        "plan/net_devices.py plan/compile.py",
        "integration/test_net_devices.py",
        "",
    ),
    "linux.cgroupsPath": ("plan/resources.py", "unit/test_plan_resources.py", ""),
    "linux.resources": (
        "plan/resources.py plan/device_rules.py plan/compile.py",
        "unit/test_plan_resources.py integration/test_cgroups_limits.py",
        "",
    ),
    "linux.resources.devices": (
        "plan/device_rules.py plan/resources.py",
        "integration/test_cgroups_devices.py",
        "",
    ),
    "linux.resources.memory": (
        "plan/resources.py",
        "unit/test_plan_resources.py integration/test_cgroups_limits.py",
        "",
    ),
    "linux.resources.memory.checkBeforeUpdate": (
        "plan/update.py",
        "unit/test_plan_update.py",
        "of `update`: a new cgroup uses nothing",
    ),
    "linux.intelRdt": (
        "plan/resctrl.py plan/compile.py",
        "unit/test_rdt.py integration/test_resctrl.py",
        "tests use a tree of files in the place of resctrl",
    ),
    "linux.memoryPolicy": ("plan/placement.py", "integration/test_placement.py", ""),
    "linux.sysctl": (
        "plan/sysctl.py",
        "unit/test_plan_compile.py native/test_rootfs_procfs.py",
        "",
    ),
    "linux.seccomp": ("plan/seccomp.py host/seccomp/*.py", "integration/test_seccomp.py", ""),
    "linux.rootfsPropagation": ("plan/rootfs.py", "unit/test_plan_compile.py", ""),
    "linux.maskedPaths": (
        "plan/rootfs.py",
        "unit/test_plan_compile.py native/test_rootfs_pivot.py",
        "",
    ),
    "linux.readonlyPaths": ("plan/rootfs.py", "unit/test_plan_compile.py", ""),
    "linux.mountLabel": (
        "plan/labels.py plan/compile.py",
        "unit/test_plan_labels.py integration/test_selinux.py",
        "refused where no SELinux policy is loaded; carried out in the virtual machine's tests",
    ),
    "linux.personality": ("plan/placement.py", "integration/test_placement.py", ""),
    "linux.personality.flags": (
        "spec/rules_linux.py",
        "unit/test_spec_rules.py",
        "none is defined",
    ),
}
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by tools/gen_conformance.py: do not edit. -->
# Conformance to the runtime specification

Every property of `config.json` that the specification 1.3 has for Linux: what of the package
compiles it, and which tests hold it. Two tests go over all of them:
`tests/unit/test_plan_supported.py` (each is read or refused, on cgroup v1 and v2) and
`tests/integration/test_every_field.py` (all that go together, in one container).

`vm` is refused, with the reason: the specification's config-vm describes the hypervisor, kernel and
image of a container that is a virtual machine, and this runtime makes containers of namespaces.
The sections of other platforms are ignored, and so are unknown properties, with a warning of
`validate`.

| Property | with | compiled in `pyruntime/` | tests in `tests/` | |
|---|---|---|---|---|
"""
MIDDLE = """
## Requirements beyond properties

| Section | Requirement | tests in `tests/` |
|---|---|---|
"""


def properties(name: str = "config.json") -> Iterator[Path_]:
    for path in _walk(_load(name), name, ()):
        if path[0] not in OTHER:
            yield path


def _load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "schemas" / name).read_text())
    return found


def _walk(schema: dict[str, Any], document: str, at: Path_) -> Iterator[Path_]:
    if reference := schema.get("$ref"):
        file, _, pointer = reference.partition("#")
        document = file or document
        schema = _load(document)
        for token in pointer.split("/")[1:]:
            schema = schema[token]
        yield from _walk(schema, document, at)
        return
    for name, inner in schema.get("properties", {}).items():
        yield (*at, name)
        yield from _walk(inner, document, (*at, name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _walk(schema[key], document, (*at, "*"))


def row_of(path: Path_) -> str:
    """The longest beginning in ROWS. Raises SystemExit without one."""
    for length in range(len(path), 0, -1):
        name = ".".join(path[:length])
        if name in ROWS:
            return name
    raise SystemExit(f"gen_conformance: no row for {'.'.join(path)}")


def _text(files: str, below: str) -> str:
    found = []
    for name in files.split():
        paths = sorted((ROOT / below).glob(name))
        if not paths:
            raise SystemExit(f"gen_conformance: {below}/{name} is not there")
        found += [path.read_text() for path in paths]
    return "\n".join(found)


def check(name: str, members: list[Path_]) -> None:
    """The row's claims hold: its modules name every member, a test of it its last word."""
    modules, tests, remark = ROWS[name]
    if not modules:
        if not remark:
            raise SystemExit(f"gen_conformance: {name} has neither module nor reason")
        return
    code = _text(modules, "pyruntime")
    for path in members:
        if not re.search(rf"\b{re.escape(path[-1])}\b", code) and path[-1] not in CARRIED:
            raise SystemExit(f"gen_conformance: {modules} does not name {'.'.join(path)}")
    word = name.rpartition(".")[2]
    if not re.search(rf"{re.escape(word)}\b", _text(tests, "tests")):
        raise SystemExit(f"gen_conformance: {tests} does not name {word}")


# Built from parts in the code, or the map that is carried along whole.
CARRIED = {
    *(f"throttle{way}{unit}Device" for way in ("Read", "Write") for unit in ("Bps", "IOPS")),
    *("hooks", "linux", "monotonic", "boottime"),
}


def page() -> str:
    rows: dict[str, list[Path_]] = {name: [] for name in ROWS}
    for path in properties():
        rows[row_of(path)].append(path)
    out = []
    for name, members in rows.items():
        if not members:
            raise SystemExit(f"gen_conformance: no property begins with {name}")
        check(name, members)
        modules, tests, remark = ROWS[name]
        length = len(name.split("."))
        inner = [".".join(part for part in path[length:] if part != "*") for path in members]
        cells = [
            f"`{name.replace('.*', '')}`",
            ", ".join(f"`{word}`" for word in dict.fromkeys(inner) if word),
            ", ".join(modules.split()),
            ", ".join(tests.split()),
            remark,
        ]
        out.append(f"| {' | '.join(cells)} |\n")
    return HEAD + "".join(out)


def requirements() -> str:
    out = [MIDDLE]
    for section, rows in REQUIREMENTS.items():
        for requirement, tests in rows:
            for test in tests.split():
                find(test)
            out.append(f"| {section} | {requirement} | {', '.join(tests.split())} |\n")
    return "".join(out)


def find(test: str) -> None:
    """Raises SystemExit when there is no such function in the file."""
    file, _, function = test.partition("::")
    path = ROOT / "tests" / file
    if not path.exists() or not re.search(rf"^def {function}\(", path.read_text(), re.MULTILINE):
        raise SystemExit(f"gen_conformance: there is no test {test}")


def main() -> int:
    text = page() + requirements()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != text:
            print(f"{PAGE.relative_to(ROOT)} is stale: run tools/gen_conformance.py")
            return 1
        return 0
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
