# SPDX-License-Identifier: Apache-2.0
"""pyruntime exec ID COMMAND..., or --process FILE ID"""

from __future__ import annotations

from pyruntime.cli.interrupt import undo_on_signals
from pyruntime.cli.main import state_root
from pyruntime.lifecycle.exec import ExecRequest, execute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    undo_on_signals()
    options = invocation.options
    given_privs = options.given("no_new_privs")
    request = ExecRequest(
        state_root(invocation.common),
        invocation.args[0],
        invocation.args[1:],
        cwd=options.text("cwd"),
        env=options.items("env"),
        tty=options.flag("tty"),
        user=options.text("user") or None,
        additional_gids=options.items("additional_gids"),
        process_file=options.text("process"),
        detach=options.flag("detach"),
        pid_file=options.text("pid_file"),
        console_socket=options.text("console_socket"),
        pidfd_socket=options.text("pidfd_socket"),
        process_label=options.text("process_label"),
        apparmor=options.text("apparmor"),
        no_new_privs=options.flag("no_new_privs") if given_privs else None,
        caps=options.items("cap"),
        preserve_fds=options.number("preserve_fds"),
        cgroup=options.items("cgroup"),
        ignore_paused=options.flag("ignore_paused"),
    )
    return execute(request, log)
