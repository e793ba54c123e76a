# SPDX-License-Identifier: Apache-2.0
"""pyruntime create ID [BUNDLE]"""

from __future__ import annotations

from pyruntime.cli.interrupt import undo_on_signals
from pyruntime.cli.main import state_root
from pyruntime.errors import UsageError
from pyruntime.lifecycle.create import CreateRequest, create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    undo_on_signals()
    create(request_of(invocation, to_exec=False, detach=True), log)
    return 0


def request_of(invocation: Invocation, *, to_exec: bool, detach: bool) -> CreateRequest:
    """What create and run have in common. Raises UsageError."""
    options = invocation.options
    bundle = options.text("bundle")
    if len(invocation.args) > 1:
        if bundle:
            raise UsageError("the bundle is given twice: as --bundle and as argument")
        bundle = invocation.args[1]
    manager = invocation.common.text("cgroup_manager")
    return CreateRequest(
        state_root(invocation.common),
        invocation.args[0],
        bundle or ".",
        to_exec=to_exec,
        detach=detach,
        pid_file=options.text("pid_file"),
        console_socket=options.text("console_socket"),
        pidfd_socket=options.text("pidfd_socket"),
        no_pivot=options.flag("no_pivot"),
        no_new_keyring=options.flag("no_new_keyring"),
        preserve_fds=options.number("preserve_fds"),
        rootless=invocation.common.text("rootless"),
        systemd_cgroup=invocation.common.flag("systemd_cgroup") or manager == "systemd",
        no_cgroup=manager == "disabled",
        config=options.text("config"),
    )
