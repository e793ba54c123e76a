# SPDX-License-Identifier: Apache-2.0
"""pyruntime features"""

from __future__ import annotations

from pyruntime import jsontext
from pyruntime.host.seccomp.flags import supported_flags
from pyruntime.host.seccomp.library import locate
from pyruntime.log import print_out
from pyruntime.plan.features import features

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(_invocation: Invocation, _log: Log) -> int:
    found = features(supported_flags())
    library = locate().version
    if library:
        found["annotations"] = {"io.github.seccomp.libseccomp.version": library}
    print_out(jsontext.dumps(found, indent=2) + "\n")
    return 0
