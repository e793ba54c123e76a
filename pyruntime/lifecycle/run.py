# SPDX-License-Identifier: Apache-2.0
"""run: create and start in one, and in the foreground all that follows."""

from __future__ import annotations

from pyruntime.errors import NotFound
from pyruntime.lifecycle.create import create
from pyruntime.lifecycle.launching import attend
from pyruntime.lifecycle.start import poststart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.lifecycle.create import Created, CreateRequest
    from pyruntime.log import Log


def run(request: CreateRequest, log: Log, *, keep: bool, subreaper: bool) -> int:
    """The program's exit status or 128 + signal; 0 at once when detached.

    Raises an error of the tree when the program did not come to run; nothing is left then.
    """
    if not request.detach and subreaper:
        from pyruntime.host.foreground import become_subreaper

        become_subreaper()
    created = create(request, log)
    try:
        poststart(created.directory, created.record, log)
        log.mark("run the poststart hooks")
        created.directory.unlock()  # it is for the others now
        if request.detach:
            if created.notify is not None:
                created.notify.await_ready(created.child.pid)
            return 0
        import pyruntime.lifecycle.delete  # noqa: F401 - for later, now that the program works

        return attend(created.child, created.master, created.signals, created.notify)
    finally:
        log.mark("attend the container")
        try:
            if not request.detach and not keep:
                clean_up(created, log)
        finally:
            created.close()


def clean_up(created: Created, log: Log) -> None:
    """By the record as it was made: what others change in it is nothing to remove."""
    from pyruntime.lifecycle.delete import destroy

    try:
        created.directory.lock()
        destroy(created.directory, created.record, log, kill=True)
    except NotFound:
        pass  # deleted by somebody else meanwhile
