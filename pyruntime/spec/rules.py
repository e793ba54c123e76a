# SPDX-License-Identifier: Apache-2.0
"""What a schema can't say of config.json: fields that depend on each other, and on Linux.

Pure, and on the way of every create: it imports little, and asks neither kernel nor files.
The config has to be schema-valid, without null members. Source: config.md, config-linux.md.
"""

from __future__ import annotations

from pyruntime.spec import rules_linux, rules_process
from pyruntime.spec.findings import Findings, check_nul, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyruntime.errors import Problem

    Map = dict[str, Any]

# Files that a container may get under /proc, as lxcfs provides them. Any other mount there lets
# a volume stand in for a file that the runtime, or the kernel's user, trusts.
PROC_FILES = frozenset(
    f"/proc/{name}"
    for name in (
        *("cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo"),
        *("sys/kernel/ns_last_pid", "sys/crypto/fips_enabled"),
    )
)
HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
BINDS = frozenset(("bind", "rbind"))
# With one of these nothing new is mounted, so no type is needed.
CHANGES = frozenset(("remount", "shared", "slave", "private", "unbindable"))
CHANGES |= {f"r{name}" for name in CHANGES}


def check(config: Map) -> list[Problem]:
    """Every contradiction of a configuration, as errors and warnings."""
    found = Findings()
    linux = config.get("linux", {})
    spaces = _namespaces(linux.get("namespaces", ()), found)
    _version(config["ociVersion"], found)
    _root(config, found)
    _names(config, spaces, found)
    if "process" in config:
        rules_process.check(config["process"], "/process", found)
    for index, mount in enumerate(config.get("mounts", ())):
        _mount(mount, f"/mounts/{index}", spaces, found)
    hooks = config.get("hooks", {})
    for kind in HOOKS if hooks else ():
        for index, hook in enumerate(hooks.get(kind, ())):
            _hook(hook, f"/hooks/{kind}/{index}", found)
    annotations = config.get("annotations", {})
    if "" in annotations:
        found.error("/annotations", "has an empty key", "name annotations like com.example.key")
    rules_linux.check(linux, spaces, found, annotations.get("run.oci.seccomp.receiver", ""))
    check_nul(config, "", found)
    return found


def _version(version: str, found: Findings) -> None:
    """Minor versions are compatible in both directions (config.md, "Specification version")."""
    pointer = "/ociVersion"
    core = version.partition("+")[0].partition("-")[0].split(".")
    if len(core) != 3 or not all(
        part and not part.strip("0123456789") and (part == "0" or part[0] != "0") for part in core
    ):
        found.error(
            pointer,
            f"must be a semantic version, not {shown(version)}",
            "write the version of the specification, such as 1.3.0",
        )
    elif core[0] not in ("0", "1"):
        found.error(pointer, f"version {shown(version)} is not supported", "1.x is supported")


def _root(config: Map, found: Findings) -> None:
    if "root" not in config:
        found.error("", 'needs "root"', 'write "root": {"path": "rootfs"}')
    elif not config["root"]["path"]:
        found.error("/root/path", "must not be empty", "the usual value is rootfs")


def _namespaces(entries: list[Map], found: Findings) -> dict[str, str]:
    """Type -> path ("" for a new one). Of a type that is there twice the first counts."""
    spaces: dict[str, str] = {}
    for index, entry in enumerate(entries):
        kind, path = entry["type"], entry.get("path", "")
        if kind in spaces:
            found.error(
                f"/linux/namespaces/{index}",
                f"is a second {kind} namespace",
                "keep one entry of each type",
            )
            continue
        spaces[kind] = path
        if path and path[0] != "/":
            found.error(
                f"/linux/namespaces/{index}/path",
                f"must be an absolute path, not {shown(path)}",
                "leave it out to create a namespace",
            )
    return spaces


def _names(config: Map, spaces: dict[str, str], found: Findings) -> None:
    for name in ("hostname", "domainname"):
        value = config.get(name)
        if not value:
            continue
        if "uts" not in spaces:
            found.error(
                f"/{name}",
                "needs a uts namespace",
                'add {"type": "uts"} to linux.namespaces',
            )
        if len(value.encode()) > 64:
            found.error(f"/{name}", "must not be longer than 64 bytes")


def _mount(mount: Map, pointer: str, spaces: dict[str, str], found: Findings) -> None:
    destination = mount["destination"]
    options = mount.get("options", ())
    bind = not BINDS.isdisjoint(options)
    if not destination:
        found.error(f"{pointer}/destination", "must not be empty")
    elif destination[0] != "/":
        found.warning(
            f"{pointer}/destination",
            "should be an absolute path; it is taken as relative to /",
            f"write {shown('/' + destination)}",
        )
    if bind:
        if not mount.get("source"):
            found.error(pointer, 'needs "source", being a bind mount')
    elif mount.get("type") == "bind":
        found.error(
            f"{pointer}/type",
            '"bind" is not a filesystem type',
            'add "bind" or "rbind" to the options',
        )
    elif not mount.get("type") and CHANGES.isdisjoint(options):
        found.error(pointer, 'needs "type"', 'or "bind" among its options')
    _proc_mount(mount, bind, pointer, found)
    _id_maps(mount, pointer, spaces, found)


def _proc_mount(mount: Map, bind: bool, pointer: str, found: Findings) -> None:
    destination = mount["destination"]
    if "proc" not in destination:
        return
    parts: list[str] = []
    for part in destination.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    path = "/" + "/".join(parts)
    if path == "/proc":
        if not bind and mount.get("type", "proc") != "proc":
            found.error(f"{pointer}/type", "must be proc on /proc")
    elif path.startswith("/proc/") and path not in PROC_FILES:
        found.error(f"{pointer}/destination", f"{shown(path)} must not be mounted over: in /proc")


def _id_maps(mount: Map, pointer: str, spaces: dict[str, str], found: Findings) -> None:
    options = mount.get("options", ())
    asked = "idmap" in options or "ridmap" in options
    users, groups = mount.get("uidMappings"), mount.get("gidMappings")
    if bool(users) != bool(groups):
        lacking = "gidMappings" if users else "uidMappings"
        found.error(pointer, f'needs "{lacking}" too, for an id-mapped mount')
    elif users and not asked:
        found.warning(
            pointer,
            "has id mappings, but no idmap or ridmap option",
            'add "idmap" to the options',
        )
    elif asked and not users and "user" not in spaces:
        found.error(
            f"{pointer}/options",
            "idmap needs mappings",
            "add uidMappings and gidMappings, or a user namespace",
        )
    for key in ("uidMappings", "gidMappings"):
        if mount.get(key):
            rules_linux.check_mappings(mount[key], f"{pointer}/{key}", found)


def _hook(hook: Map, pointer: str, found: Findings) -> None:
    path = hook["path"]
    if path[:1] != "/":
        found.error(f"{pointer}/path", f"must be an absolute path, not {shown(path)}")
    rules_process.check_env(hook.get("env", ()), f"{pointer}/env", found)
