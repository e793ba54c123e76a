# SPDX-License-Identifier: Apache-2.0
"""pyruntime ps ID [PS-OPTION...]: pids as JSON, or ps(1)'s table filtered by them."""

from __future__ import annotations

import os

from pyruntime import jsontext
from pyruntime.cli.main import state_root
from pyruntime.errors import UsageError, host_error
from pyruntime.lifecycle.freeze import processes
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, _log: Log) -> int:
    pids = processes(state_root(invocation.common), invocation.args[0])
    if invocation.options.text("format") == "json":
        print_out(jsontext.dumps(pids) + "\n")
    else:
        print_out(_table(pids, invocation.args[1:]))
    return 0


def _table(pids: Sequence[int], options: Sequence[str]) -> str:
    import subprocess  # ps(1) knows its own options

    command = ["ps", *(options or ("-ef",))]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as err:
        raise host_error(err, "run", "ps", hint="install procps, or use --format json") from None
    if result.returncode:
        raise UsageError(
            f"ps: {os.fsdecode(result.stderr).strip() or f'exit status {result.returncode}'}"
        )
    return filter_table(os.fsdecode(result.stdout), pids)


def filter_table(text: str, pids: Sequence[int]) -> str:
    """The heading and the lines whose PID column names one of pids. Raises UsageError."""
    lines = text.splitlines()
    heading = lines[0].split() if lines else []
    if "PID" not in heading:
        raise UsageError("couldn't find PID field in ps output")
    column = heading.index("PID")
    wanted = {str(pid) for pid in pids}
    kept = [line for line in lines[1:] if line.split()[column : column + 1][0] in wanted]
    return "\n".join([lines[0], *kept]) + "\n"
