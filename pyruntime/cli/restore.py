# SPDX-License-Identifier: Apache-2.0
"""pyruntime restore ID"""

from __future__ import annotations

from pyruntime.cli.checkpoint import fill
from pyruntime.cli.interrupt import undo_on_signals
from pyruntime.cli.main import state_root
from pyruntime.host.criu.options import Asked
from pyruntime.lifecycle.restore import RestoreRequest, restore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, log: Log) -> int:
    undo_on_signals()
    common, options = invocation.common, invocation.options
    manager = common.text("cgroup_manager")
    request = RestoreRequest(
        state_root(common),
        invocation.args[0],
        options.text("bundle") or ".",
        to_exec=True,
        detach=options.flag("detach"),
        pid_file=options.text("pid_file"),
        console_socket=options.text("console_socket"),
        no_pivot=options.flag("no_pivot"),
        rootless=common.text("rootless"),
        systemd_cgroup=common.flag("systemd_cgroup") or manager == "systemd",
        no_cgroup=manager == "disabled",
    )
    request.asked = Asked(options.text("image_path"))
    fill(request.asked, options)
    request.lsm_profile = options.text("lsm_profile")
    request.lsm_mount_context = options.text("lsm_mount_context")
    return restore(request, log, subreaper=not options.flag("no_subreaper"))
