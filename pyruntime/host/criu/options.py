# SPDX-License-Identifier: Apache-2.0
"""What the command line asks of criu, and criu's options for it."""

from __future__ import annotations

import fcntl
import os

from pyruntime.errors import UsageError, host_error
from pyruntime.host.criu import protocol as p

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.host.criu.wire import Fields

CLONE_NEWNET = 0x40000000
CONFIG_ANNOTATION = "org.criu.config"
CONFIG_DEFAULT = "/etc/criu/runc.conf"
LOG_LEVEL = 4  # debugging: what criu says at a failure is of no use without
IMAGES_DEFAULT = "checkpoint"


class Asked:
    """The options that checkpoint and restore have in common; paths absolute.

    work_path "": criu's log goes into image_path.
    """

    __slots__ = (
        "auto_dedup",
        "ext_unix_sk",
        "file_locks",
        "image_path",
        "lazy_pages",
        "manage_cgroups_mode",
        "shell_job",
        "tcp_established",
        "work_path",
    )

    work_path: str
    tcp_established: bool
    ext_unix_sk: bool
    shell_job: bool
    file_locks: bool
    auto_dedup: bool
    lazy_pages: bool
    manage_cgroups_mode: str

    def __init__(self, image_path: str) -> None:
        """The others are for the caller to set."""
        self.image_path = os.path.abspath(image_path or IMAGES_DEFAULT)

    def log_path(self, name: str) -> str:
        return f"{self.work_path or self.image_path}/{name}"

    def fields(self, images: int, work: int, log: str) -> Fields:
        """images, work: descriptors of the directories, -1 for no work directory. log: name of
        the file."""
        found: Fields = [
            (p.IMAGES_DIR_FD, images),
            (p.LOG_LEVEL, LOG_LEVEL),
            (p.LOG_FILE, log),
            (p.NOTIFY_SCRIPTS, True),
            (p.ORPHAN_PTS_MASTER, True),
            # Of a network namespace its devices and addresses are the engine's to make.
            (p.EMPTY_NS, CLONE_NEWNET),
            (p.MANAGE_CGROUPS, True),
            (p.MANAGE_CGROUPS_MODE, p.CGROUP_MODES[self.manage_cgroups_mode]),
            (p.EXT_UNIX_SK, self.ext_unix_sk),
            (p.TCP_ESTABLISHED, self.tcp_established),
            (p.SHELL_JOB, self.shell_job),
            (p.FILE_LOCKS, self.file_locks),
            (p.AUTO_DEDUP, self.auto_dedup),
            (p.LAZY_PAGES, self.lazy_pages),
        ]
        if work >= 0:
            found.append((p.WORK_DIR_FD, work))
        if not _has_program("iptables-restore"):
            found.append((p.NETWORK_LOCK, p.NFTABLES))
        return found


def _has_program(name: str) -> bool:
    path = os.environ.get("PATH", os.defpath)
    return any(os.access(f"{directory}/{name}", os.X_OK) for directory in path.split(":"))


def config_file(annotations: dict[str, str]) -> Fields:
    """criu's file of options, which come before those of a request. The annotation names
    another one, or with "" none."""
    path = annotations.get(CONFIG_ANNOTATION, CONFIG_DEFAULT)
    return [(p.CONFIG_FILE, path)] if path else []


class DumpAsked(Asked):
    """What checkpoint asks beyond that. parent_path: relative to image_path. page_server:
    (address, port). status_fd: -1 for none."""

    __slots__ = (
        "leave_running",
        "link_remap",
        "page_server",
        "parent_path",
        "pre_dump",
        "status_fd",
        "tcp_skip_in_flight",
    )

    parent_path: str
    leave_running: bool
    pre_dump: bool
    link_remap: bool
    tcp_skip_in_flight: bool
    page_server: tuple[str, int] | None
    status_fd: int

    def dump_fields(self) -> Fields:
        found: Fields = [
            (p.LEAVE_RUNNING, self.leave_running),
            (p.LINK_REMAP, self.link_remap),
            (p.TCP_SKIP_IN_FLIGHT, self.tcp_skip_in_flight),
        ]
        if self.page_server is not None:
            found.append((p.PAGE_SERVER, p.page_server(*self.page_server)))
        if self.pre_dump or self.parent_path:
            found.append((p.TRACK_MEM, True))
        if self.parent_path:
            found.append((p.PARENT_IMAGES, self.parent_path))
        return found

    def features(self) -> list[int]:
        """Those of criu's that have to be there."""
        return [p.MEM_TRACK] * self.pre_dump + [p.LAZY] * self.lazy_pages

    def check(self) -> None:
        """Raises UsageError, HostError for what can't work, before anything is made."""
        if self.parent_path:
            if self.parent_path.startswith("/"):
                raise UsageError("--parent-path must be relative", code="bad-value")
            # By words, since the images' directory may not be there yet.
            images = os.path.realpath(self.image_path)
            path = os.path.normpath(f"{images}/{self.parent_path}")
            if not os.path.isdir(path):
                raise UsageError(
                    f"invalid --parent-path: {path} is no directory",
                    hint="it is relative to --image-path",
                    code="bad-value",
                )
        if self.status_fd >= 0:
            try:
                mode = fcntl.fcntl(self.status_fd, fcntl.F_GETFL) & os.O_ACCMODE
            except OSError as err:
                raise host_error(err, f"use --status-fd {self.status_fd}") from None
            if mode == os.O_RDONLY:
                raise UsageError(
                    f"invalid --status-fd {self.status_fd}: not open for writing", code="bad-value"
                )


def parse_page_server(text: str) -> tuple[str, int] | None:
    """ADDRESS:PORT, [ADDRESS]:PORT with an IPv6 one. Raises UsageError."""
    if not text:
        return None
    address, _, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if address and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536:
        return address, int(port)
    raise UsageError(f'option --page-server: "{text}" is not ADDRESS:PORT', code="bad-value")
