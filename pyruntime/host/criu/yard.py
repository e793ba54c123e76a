# SPDX-License-Identifier: Apache-2.0
"""The hierarchies of cgroups where criu looks for them: a directory of links, or of mounts.

A dump takes links. A restore opens them among the container's mounts, where a link leads into the
image: it has to have mounts.
Without one criu mounts them itself, and a mount of cgroup2 from the host's namespaces without
its options takes these (nsdelegate, memory_recursiveprot) from the host.
"""

from __future__ import annotations

import os

from pyruntime.errors import host_error
from pyruntime.state import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.facts import CgroupFacts

NAME = "hierarchies"


def links(facts: CgroupFacts, cgroups: str) -> dict[str, str]:
    """Mount point by the name that criu has for a hierarchy; {} when one is not mounted.

    cgroups: /proc/self/cgroup.
    """
    found: dict[str, str] = {}
    for line in cgroups.splitlines():
        controllers = line.split(":", 2)[1]
        mount = facts.v1.get(controllers.split(",")[0]) if controllers else facts.v2
        if not mount:
            return {}
        found[controllers.removeprefix("name=") or "unified"] = mount
    return found


def wanted(facts: CgroupFacts) -> dict[str, str]:
    """links() of this host; {} when criu has to do without."""
    return links(facts, read_file("/proc/self/cgroup").decode())


def link(directory: int, targets: dict[str, str]) -> None:
    """Make links below a container's state directory. Raises HostError."""
    remove(directory)
    try:
        os.mkdir(NAME, 0o700, dir_fd=directory)
        for name, mount in targets.items():
            os.symlink(mount, f"{NAME}/{name}", dir_fd=directory)
    except OSError as err:
        raise host_error(err, "create", NAME) from None


def remove(directory: int) -> None:
    """If it is there. Raises HostError."""
    try:
        fd = os.open(NAME, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
        try:
            for name in os.listdir(fd):
                os.unlink(name, dir_fd=fd)
        finally:
            os.close(fd)
        os.rmdir(NAME, dir_fd=directory)
    except FileNotFoundError:
        return
    except OSError as err:
        raise host_error(err, "remove", NAME) from None
