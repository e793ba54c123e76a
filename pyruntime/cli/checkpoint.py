# SPDX-License-Identifier: Apache-2.0
"""pyruntime checkpoint ID"""

from __future__ import annotations

import _signal
import os

from pyruntime.cli.main import state_root
from pyruntime.errors import UsageError
from pyruntime.host.criu.options import Asked, DumpAsked, parse_page_server
from pyruntime.lifecycle.checkpoint import checkpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation, Values
    from pyruntime.log import Log

_SIGNALS = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM)


def main(invocation: Invocation, log: Log) -> int:
    asked = asked_of(invocation.options)
    if not asked.lazy_pages:
        # criu's end in the middle of a dump would leave its code in the container's processes.
        # A lazy one may wait for ever.
        for number in _SIGNALS:
            _signal.signal(number, _signal.SIG_IGN)
    checkpoint(state_root(invocation.common), invocation.args[0], asked, log)
    return 0


def asked_of(options: Values) -> DumpAsked:
    """Raises UsageError."""
    asked = DumpAsked(options.text("image_path"))
    fill(asked, options)
    asked.parent_path = options.text("parent_path")
    asked.leave_running = options.flag("leave_running")
    asked.pre_dump = options.flag("pre_dump")
    asked.link_remap = options.flag("link_remap")
    asked.tcp_skip_in_flight = options.flag("tcp_skip_in_flight")
    asked.page_server = parse_page_server(options.text("page_server"))
    asked.status_fd = options.number("status_fd") if options.given("status_fd") else -1
    return asked


def fill(asked: Asked, options: Values) -> None:
    """What checkpoint and restore have in common. Raises UsageError."""
    work_path = options.text("work_path")
    asked.work_path = work_path and os.path.abspath(work_path)
    asked.tcp_established = options.flag("tcp_established")
    asked.ext_unix_sk = options.flag("ext_unix_sk")
    asked.shell_job = options.flag("shell_job")
    asked.file_locks = options.flag("file_locks")
    asked.auto_dedup = options.flag("auto_dedup")
    asked.lazy_pages = options.flag("lazy_pages")
    asked.manage_cgroups_mode = options.text("manage_cgroups_mode")
    for name in options.items("empty_ns"):
        if name != "network":
            raise UsageError(
                f'option --empty-ns: namespace "{name}" is not supported',
                hint="network is, and it always is empty",
                code="bad-value",
            )
