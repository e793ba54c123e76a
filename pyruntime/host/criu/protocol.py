# SPDX-License-Identifier: Apache-2.0
"""criu's messages: the numbers of their fields, and what a request is made of.

The numbers are facts of criu's RPC interface (criu(8), "swrk"; its rpc.proto). Its messages are
few and flat, so that they are written by wire.py: generated classes would bring a compiled
dependency for two dozen fields. Pure.
"""

from __future__ import annotations

from pyruntime.host.criu.wire import Message, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.host.criu.wire import Fields

# Request types, which an answer repeats.
DUMP, RESTORE, NOTIFY, FEATURE_CHECK, VERSION, SINGLE_PRE_DUMP = 1, 2, 6, 9, 10, 13
NAMES = {DUMP: "dump", RESTORE: "restore", SINGLE_PRE_DUMP: "pre-dump"}

# Fields of a request's options.
IMAGES_DIR_FD, PID, LEAVE_RUNNING, EXT_UNIX_SK, TCP_ESTABLISHED = 1, 2, 3, 4, 5
EVASIVE_DEVICES, SHELL_JOB, FILE_LOCKS, LOG_LEVEL, LOG_FILE, PAGE_SERVER = 6, 7, 8, 9, 10, 11
NOTIFY_SCRIPTS, ROOT, PARENT_IMAGES, TRACK_MEM, AUTO_DEDUP, WORK_DIR_FD = 12, 13, 14, 15, 16, 17
LINK_REMAP, EXT_MOUNT, MANAGE_CGROUPS, CGROUP_ROOT = 18, 23, 24, 25
RESTORE_SIBLING, INHERIT_FD = 26, 27
MANAGE_CGROUPS_MODE, EXTERNAL, EMPTY_NS, JOIN_NS, FREEZE_CGROUP = 34, 37, 38, 39, 44
TCP_SKIP_IN_FLIGHT, LAZY_PAGES, ORPHAN_PTS_MASTER, CONFIG_FILE = 46, 48, 50, 51
LSM_PROFILE, CGROUP_YARD, LSM_MOUNT_CONTEXT, NETWORK_LOCK = 53, 60, 63, 64

NFTABLES = 2  # a network lock; the default is by iptables-restore(8)
CGROUP_MODES = {"": 6, "soft": 3, "full": 4, "strict": 5, "ignore": 0}

# Features, by their field in the request and in the answer.
MEM_TRACK, LAZY = 1, 2


def request(
    kind: int, *, options: Fields | None = None, features: Sequence[int] = (), more: bool = False
) -> bytes:
    """more: another request is to come on the same connection."""
    fields: Fields = [(1, kind)]
    if options is not None:
        fields.append((2, encode(options)))
    if more:
        fields.append((4, True))
    if features:
        fields.append((5, encode([(feature, True) for feature in features])))
    return encode(fields)


def notified(*, success: bool) -> bytes:
    """The answer to a notification."""
    return encode([(1, NOTIFY), (3, success)])


def pair(first: str, second: str) -> bytes:
    """An external mount or a namespace to join: key and value."""
    return encode([(1, first), (2, second)])


def inherited(key: str, fd: int) -> bytes:
    """A descriptor of criu's that takes the place of what the images call `key`."""
    return encode([(1, key), (2, fd)])


def page_server(address: str, port: int) -> bytes:
    return encode([(1, address), (2, port)])


class Answer:
    """kind: of the request, or NOTIFY. script, pid: of a notification. features: those of the
    request that are there. version: as 10000 * major + 100 * minor + sub-level. errno: positive.
    text: what criu says of a failure, "" for nothing.
    """

    __slots__ = ("errno", "features", "kind", "pid", "script", "success", "text", "version")

    def __init__(self, data: bytes) -> None:
        """Raises HostError for what is no answer of criu's."""
        message = Message(data)
        self.kind = message.number(1)
        self.success = bool(message.number(2))
        notify = message.message(5)
        self.script = notify.text(1)
        self.pid = notify.number(2)
        if self.kind == RESTORE:
            self.pid = message.message(4).number(1)
        self.errno = abs(message.number(7))
        found = message.message(8)
        self.features = [feature for feature in (MEM_TRACK, LAZY) if found.number(feature)]
        self.text = message.text(9)
        version = message.message(10)
        self.version = 10000 * version.number(1) + 100 * version.number(2) + version.number(4)
