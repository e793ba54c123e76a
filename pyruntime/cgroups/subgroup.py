# SPDX-License-Identifier: Apache-2.0
"""An existing sub-cgroup of a container, for a process that is to be added there.

A path is resolved by the kernel, below the container's own directory: what a container
(or a caller with a sly path) may have made of it can't lead out.
"""

from __future__ import annotations

import os

from pyruntime._shim import lib
from pyruntime.cgroups.files import failure
from pyruntime.cgroups.unified import directory_fd
from pyruntime.errors import CgroupError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.cgroups.base import Cgroup


def sub_cgroup(cgroup: Cgroup | None, specs: Sequence[str]) -> Cgroup:
    """The cgroup with the named sub-cgroups in place of its own directories, good for
    join_paths() and v2_fd() only. specs: as `parse` takes them.

    Raises UsageError, CgroupError.
    """
    wanted = parse(specs)
    if cgroup is None or not cgroup.paths:
        raise UsageError("option --cgroup: the container has no cgroup", code="no-cgroup")
    everywhere = wanted.pop("", "") if "" in wanted else None
    if everywhere is None and set(cgroup.paths) == {""}:
        raise UsageError(
            "option --cgroup: cgroup2 has one hierarchy",
            hint="give the path alone, without a controller",
            code="bad-value",
        )
    unknown = sorted(set(wanted) - set(cgroup.paths))
    if unknown:
        raise UsageError(
            f"option --cgroup: the container has no cgroup of controller {unknown[0]}",
            hint=f"it has: {', '.join(sorted(name for name in cgroup.paths if name))}",
            code="bad-value",
        )
    found = {}
    for controller, directory in cgroup.paths.items():
        path = wanted.get(controller, everywhere)
        found[controller] = directory if path is None else below(directory, path)
    return cgroup.elsewhere(found)


def parse(specs: Sequence[str]) -> dict[str, str]:
    """ "PATH" alone, which is {"": PATH} and means every hierarchy, or
    "CONTROLLER[,CONTROLLER...]:PATH" as often as one likes. Raises UsageError."""
    found: dict[str, str] = {}
    for spec in specs:
        before, colon, path = spec.partition(":")
        if not colon:
            before, path = "", spec
            if len(specs) > 1:
                raise _bad(spec, "a path without a controller stands alone")
        for controller in before.split(","):
            if colon and not controller:
                raise _bad(spec, "it names no controller")
            if controller in found:
                raise _bad(spec, f"{controller} is there twice")
            found[controller] = path
    return found


def below(directory: str, path: str) -> str:
    """The absolute path of what `path` names at or below the directory. Raises CgroupError."""

    fd = directory_fd(directory)
    try:
        found = lib.pyr_open_beneath(fd, os.fsencode(path.lstrip("/") or "."))
        if found < 0:
            err = OSError(-found, os.strerror(-found))
            raise _refused(directory, path, err) from None
        try:
            return os.readlink(f"/proc/self/fd/{found}")
        finally:
            os.close(found)
    finally:
        os.close(fd)


def _refused(directory: str, path: str, err: OSError) -> CgroupError:
    hint = "it must exist, below the container's own cgroup"
    return failure("join sub-cgroup", f"{directory}/{path.lstrip('/')}", err, hint=hint)


def _bad(spec: str, why: str) -> UsageError:
    return UsageError(
        f"option --cgroup: {spec!r}: {why}",
        hint="PATH, or CONTROLLER[,CONTROLLER]:PATH",
        code="bad-value",
    )
