# SPDX-License-Identifier: Apache-2.0
"""pyruntime state ID"""

from __future__ import annotations

from pyruntime import jsontext
from pyruntime.cli.main import state_root
from pyruntime.lifecycle import status
from pyruntime.log import print_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, _log: Log) -> int:
    shown = status.read(state_root(invocation.common), invocation.args[0])
    print_out(jsontext.dumps(shown, indent=2) + "\n")
    return 0
