# SPDX-License-Identifier: Apache-2.0
"""pyruntime features"""

from __future__ import annotations

from pyruntime import jsontext
from pyruntime.host.seccomp.flags import supported_flags
from pyruntime.log import print_out
from pyruntime.plan.features import features

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(_invocation: Invocation, _log: Log) -> int:
    print_out(jsontext.dumps(features(supported_flags()), indent=2) + "\n")
    return 0
