# SPDX-License-Identifier: Apache-2.0
"""What criu's log says of a failure: its errors, for the one that people see."""

from __future__ import annotations

import os

from pyruntime.errors import HostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyruntime.host.criu.protocol import Answer

TAIL = 1 << 18
LINES = 4
# What is harmless, or says only that it failed.
EMPTY = ("Can't setup RLIMIT_NOFILE for self", "Dumping FAILED", "Restoring FAILED")


def failure(verb: str, answer: Answer, log: str) -> HostError:
    """verb: as in the command. log: criu's log file."""
    lines = errors_in(log)
    causes = [line.partition("): ")[2] or line for line in lines]
    if not causes and answer.text:
        causes = [answer.text]
    if not causes:
        causes = [os.strerror(answer.errno) if answer.errno else "it does not say why"]
    facts = {"log": "\n".join(lines)} if lines else {}
    return HostError(
        f"{verb} container: criu: {'; '.join(causes)}",
        op="criu",
        errno=answer.errno,
        path=log,
        hint=f"all that criu says is in {log}",
        code="criu-failed",
        facts=facts,
    )


def errors_in(log: str) -> list[str]:
    """The last errors in a log, without time and pid: criu goes on after others."""
    try:
        fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            text = os.pread(fd, TAIL, max(0, size - TAIL)).decode("utf-8", "replace")
        finally:
            os.close(fd)
    except OSError:
        return []
    found = []
    for line in text.split("\n"):
        _, mark, said = line.partition("Error (")
        if mark and mark + said not in found and not any(word in said for word in EMPTY):
            found.append(mark + said)
    return found[-LINES:]
