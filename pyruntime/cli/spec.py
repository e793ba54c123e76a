# SPDX-License-Identifier: Apache-2.0
"""pyruntime spec: a config.json to start from, the same one that runc's users know."""

from __future__ import annotations

import os

from pyruntime import jsontext
from pyruntime.errors import UsageError, host_error
from pyruntime.host.template import default_config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.cli.parse import Invocation
    from pyruntime.log import Log


def main(invocation: Invocation, _log: Log) -> int:
    """Refuses to overwrite a file that is there."""
    bundle = invocation.options.text("bundle") or "."
    path = os.path.join(bundle, invocation.options.text("file"))
    config = default_config(rootless=invocation.options.flag("rootless"))
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise UsageError(
            f"File {path} exists. Remove it first", path=path, code="file-exists"
        ) from None
    except OSError as err:
        raise host_error(err, "write", path) from None
    with open(fd, "w", encoding="utf-8") as file:
        file.write(jsontext.dumps(config, indent=2) + "\n")
    return 0
