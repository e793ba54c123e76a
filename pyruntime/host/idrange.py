# SPDX-License-Identifier: Apache-2.0
"""What an ordinary user may map into a user namespace, and what keeps him from it.

Looked up without changing anything: for `doctor` and `validate --host`. Sources:
user_namespaces(7), subuid(5), newuidmap(1).
"""

from __future__ import annotations

import os
import shutil
import stat

from pyruntime.host.files import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.plan.plan import Range

PROGRAMS = {"uid": "newuidmap", "gid": "newgidmap"}
UNCONFINED = "unconfined"
# switch below /proc/sys -> (the value that forbids, what to do about it)
SWITCHES = {
    "kernel/unprivileged_userns_clone": ("0", "`sysctl -w kernel.unprivileged_userns_clone=1`"),
    "user/max_user_namespaces": ("0", "`sysctl -w user.max_user_namespaces=15000`"),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "an AppArmor profile with the rule `userns,` for the runtime, or"
        " `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
    ),
}


def forbidden(proc: str = "/proc") -> tuple[str, str]:
    """What keeps ordinary users from user namespaces and what to do, ("", "") when nothing does.

    proc: where procfs is.
    """
    for name, (off, remedy) in SWITCHES.items():
        if read(f"{proc}/sys/{name}").strip() != off:
            continue
        if name.startswith("kernel/apparmor") and _confined(proc):
            continue  # the profile that the process runs under decides
        return f"{name.replace('/', '.')} is {off}", remedy
    return "", ""


def _confined(proc: str) -> bool:
    label = read(f"{proc}/self/attr/apparmor/current").strip("\0\n")
    return bool(label) and label != UNCONFINED


def subordinate(uid: int, etc: str = "/etc") -> dict[str, list[tuple[int, int]]]:
    """First id and count of the user's ranges: "uid" of /etc/subuid, "gid" of /etc/subgid."""
    return {kind: _ranges(f"{etc}/sub{kind}", uid) for kind in ("uid", "gid")}


def _ranges(path: str, uid: int) -> list[tuple[int, int]]:
    owners = {str(uid), _name(uid)}
    found = []
    for line in read(path).splitlines():
        owner, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if owner in owners and first.isdecimal() and count.isdecimal():
            found.append((int(first), int(count)))
    return found


def _name(uid: int) -> str:
    import pwd  # asks the services that know users

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def mapper_faults() -> dict[str, str]:
    """Of newuidmap and newgidmap: why it cannot write a map for an ordinary user, "" if it can."""
    return {program: _mapper_fault(program) for program in PROGRAMS.values()}


def _mapper_fault(name: str) -> str:
    path = shutil.which(name)
    if not path:
        return "it is not installed"
    if os.statvfs(path).f_flag & os.ST_NOSUID:
        return f"{path} is on a file system that is mounted nosuid"
    found = os.stat(path)
    if found.st_mode & stat.S_ISUID and found.st_uid == 0:
        return ""
    try:
        os.getxattr(path, "security.capability")
    except OSError:
        return f"{path} is neither setuid root nor has it file capabilities"
    return ""


def single(ranges: tuple[Range, ...], own: int) -> bool:
    """The kernel lets a user map his own id alone by himself."""
    return len(ranges) == 1 and ranges[0][1:] == (own, 1)


def outside(ranges: tuple[Range, ...], own: int, granted: list[tuple[int, int]]) -> Range | None:
    """The first range whose ids on the host newuidmap(1) does not allow: neither his own nor
    within one that was granted; None when all are."""
    for entry in ranges:
        _, first, size = entry
        if (first, size) == (own, 1):
            continue
        if not any(start <= first and first + size <= start + count for start, count in granted):
            return entry
    return None
