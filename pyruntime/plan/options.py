# SPDX-License-Identifier: Apache-2.0
"""What a plan depends on beside config.json and the host."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Options:
    """What the command line and its environment decide.

    no_pivot, no_new_keyring: as the flags of the same name. preserve_fds: how many descriptors
    from 3 on the process keeps; listen_fds: how many of them, the first, came by socket
    activation. detach_start: True for
    create (the init waits for `start`), False for run. notify_directory: the host's, with the
    container's own NOTIFY_SOCKET, "" for none. cgroup_paths: `tasks` files that the init writes
    itself into. cgroup_path: of the cgroup when it is not what cgroupsPath says.
    seccomp_program: the filter of linux.seccomp, compiled. no_cgroup: none could be made, the
    container shares the runtime's.
    """

    __slots__ = (
        "cgroup_path",
        "cgroup_paths",
        "detach_start",
        "listen_fds",
        "no_cgroup",
        "no_new_keyring",
        "no_pivot",
        "notify_directory",
        "preserve_fds",
        "seccomp_program",
    )

    def __init__(
        self,
        *,
        no_pivot: bool = False,
        no_new_keyring: bool = False,
        preserve_fds: int = 0,
        listen_fds: int = 0,
        detach_start: bool = True,
        notify_directory: str = "",
        cgroup_paths: Sequence[str] = (),
        cgroup_path: str = "",
        seccomp_program: bytes = b"",
        no_cgroup: bool = False,
    ) -> None:
        self.no_pivot = no_pivot
        self.no_new_keyring = no_new_keyring
        self.preserve_fds = preserve_fds
        self.listen_fds = listen_fds
        self.detach_start = detach_start
        self.notify_directory = notify_directory
        self.cgroup_paths = cgroup_paths
        self.cgroup_path = cgroup_path
        self.seccomp_program = seccomp_program
        self.no_cgroup = no_cgroup
