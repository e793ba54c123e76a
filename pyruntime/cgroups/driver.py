# SPDX-License-Identifier: Apache-2.0
"""Which cgroup a container gets: from its cgroupsPath, or from its record."""

from __future__ import annotations

import os
from errno import EACCES, EPERM, EROFS

from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeGuard

    from pyruntime.cgroups.base import Cgroup
    from pyruntime.plan.device_rules import DeviceRules
    from pyruntime.plan.facts import CgroupFacts
    from pyruntime.plan.setting import Setting

NOT_ALLOWED = (EACCES, EPERM, EROFS)


def open_cgroup(facts: CgroupFacts, path: str, container_id: str) -> Cgroup:
    """The container's cgroup; nothing is made yet. Raises CgroupError for a bad path.

    path: cgroupsPath. Absolute: from the root of each hierarchy; relative: from the
    runtime's own cgroup (on pure cgroup2 from its parent, since a cgroup with processes
    can't give controllers to another below); "": "/<container_id>", on pure cgroup2 for an
    ordinary user what of that is the user's.
    """
    if not path and facts.mode == "v2" and is_rootless("auto"):
        path = _delegated(facts, container_id)
    path = clean(path or "/" + container_id)
    if facts.mode == "v2":
        from pyruntime.cgroups.v2 import CgroupV2

        leaf = facts.v2 + path if path[0] == "/" else _below_own(facts, "", path, parent=True)
        return CgroupV2({"": leaf}, {"": facts.v2})
    tops = dict(facts.v1)
    if facts.v2:
        tops[""] = facts.v2
    if not tops:
        from pyruntime.cgroups.absent import NullCgroup

        return NullCgroup("no cgroup hierarchy is mounted")
    from pyruntime.cgroups.v1 import CgroupV1

    if path[0] == "/":
        paths = {name: top + path for name, top in tops.items()}
    else:
        paths = {name: _below_own(facts, name, path) for name in tops}
    return CgroupV1(paths, tops)


def create_or_absent(
    cgroup: Cgroup, settings: Sequence[Setting | DeviceRules], *, rootless: str = "auto"
) -> Cgroup:
    """cgroup.create(), and the cgroup. Raises CgroupError.

    A user who may not write cgroups gets a NullCgroup instead, unless settings hold a limit.
    rootless: whether the caller counts as such a user: "true", "false", or "auto" for
    everybody but the host's root.
    """
    try:
        cgroup.create()
    except CgroupError as err:
        asked = any(setting.controller != "devices" for setting in settings)
        if asked or err.errno not in NOT_ALLOWED or not is_rootless(rootless):
            raise
        from pyruntime.cgroups.absent import NullCgroup

        return NullCgroup(f"no permission ({err})")
    return cgroup


def is_rootless(asked: str) -> bool:
    """Whether a refusal of the cgroups is no error: asked "true", "false" or "auto"."""
    if asked != "auto":
        return asked == "true"
    return os.geteuid() != 0 or in_user_namespace()


def in_user_namespace() -> bool:
    """Root of a user namespace below the host's, which maps all ids to themselves."""
    from pyruntime.cgroups.files import read_raw

    try:
        return read_raw("/proc/self/uid_map").split() != ["0", "0", "4294967295"]
    except OSError:
        return False


def from_record(record: dict[str, object]) -> Cgroup:
    """The cgroup that record() described. Raises CgroupError for a record that isn't one."""
    driver, paths, tops = record.get("driver"), record.get("paths"), record.get("tops")
    if driver == "none":
        from pyruntime.cgroups.absent import NullCgroup

        return NullCgroup(str(record.get("reason", "the container has no cgroup")))
    inner = record.get("inner")
    if driver == "systemd" and isinstance(inner, dict):
        from pyruntime.cgroups.systemd import CgroupSystemd

        return CgroupSystemd(from_record(inner), str(record.get("unit")), bool(record.get("user")))
    if driver not in ("v1", "v2") or not (_texts(paths) and _texts(tops)):
        raise CgroupError(
            f"read cgroup of container: unknown driver {driver!r} in its record",
            code="state-damaged",
        )
    cgroup: Cgroup
    if driver == "v2":
        from pyruntime.cgroups.v2 import CgroupV2

        cgroup = CgroupV2(paths, tops)
    else:
        from pyruntime.cgroups.v1 import CgroupV1

        cgroup = CgroupV1(paths, tops)
    made = record.get("made")
    cgroup.made = list(made) if isinstance(made, list) else None
    return cgroup


def _texts(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def clean(path: str) -> str:
    """The path without "." and "..", which never lead out. Raises CgroupError.

    An absolute path stays absolute ("/a/../../b" is "/b"), a relative one relative.
    """
    if "\0" in path or "\n" in path:
        raise _bad_path(path, "it has a NUL or a line feed in it")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if not parts:
        raise _bad_path(path, "it names the root of the hierarchy")
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def _below_own(facts: CgroupFacts, controller: str, path: str, *, parent: bool = False) -> str:
    from pyruntime.cgroups.detect import own_directory

    directory = own_directory(facts, controller)
    top = facts.v2 if controller == "" else facts.v1[controller]
    if parent and len(directory) > len(top):
        directory = os.path.dirname(directory)
    return f"{directory}/{path}"


def _delegated(facts: CgroupFacts, container_id: str) -> str:
    """Beside the user's own cgroup. Below it where only that one was delegated (a service of
    the system's, say): that holds processes, so limits need what it has enabled by itself."""
    beside = _below_own(facts, "", container_id, parent=True)
    below = _below_own(facts, "", container_id)
    allowed = os.access(os.path.dirname(beside), os.W_OK)
    found = beside if allowed or not os.access(os.path.dirname(below), os.W_OK) else below
    return found[len(facts.v2) :]


def hierarchy_path(facts: CgroupFacts, cgroup: Cgroup) -> str:
    """Its path from the root of a pure cgroup2 hierarchy, "" where cgroupsPath is to be taken."""
    return cgroup.paths[""][len(facts.v2) :] if facts.mode == "v2" else ""


def _bad_path(path: str, why: str) -> CgroupError:
    return CgroupError(
        f"use cgroupsPath {path!r}: {why}",
        op="use cgroup",
        path=path,
        pointer="/linux/cgroupsPath",
        code="cgroup-path",
    )
