# SPDX-License-Identifier: Apache-2.0
"""A program of the host, started in a directory of its own.

os.posix_spawn has no such thing, and the caller's own directory belongs to all its threads.
"""

from __future__ import annotations

import _signal
import os

from pyruntime._shim import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def start(
    path: str,
    args: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: str,
    stdio: Sequence[int],
) -> tuple[int, int]:
    """Its pid and a pidfd. stdio: descriptors of its standard input, output and error. It
    has no others, and default signals. Raises OSError.
    """
    keep: list[Any] = []

    def strings(texts: Sequence[str]) -> Any:
        found = [_text(text) for text in texts]
        keep.extend(found)
        return ffi.new("char *[]", [*found, ffi.NULL])

    how = ffi.new("struct pyr_program *")
    arrays = strings(args), strings([f"{name}={value}" for name, value in env.items()])
    names = _text(path), _text(cwd)
    how.path, how.cwd = names
    how.args, how.env = (ffi.cast("char const *const *", array) for array in arrays)
    how.stdin_fd, how.output_fd, how.error_fd = stdio
    pid = ffi.new("int *")
    pidfd = ffi.new("int *")
    try:
        result = lib.pyr_program(how, pid, pidfd)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return pid[0], pidfd[0]
    except BaseException:
        if pid[0]:  # a signal's handler has raised
            _signal.pidfd_send_signal(pidfd[0], _signal.SIGKILL)
            reap(pid[0])
            os.close(pidfd[0])
        raise


def reap(pid: int) -> int:
    """The wait status; 0 when nobody is told, since the caller ignores SIGCHLD."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return 0


def _text(text: str) -> Any:
    data = os.fsencode(text)
    if b"\0" in data:
        raise OSError(22, "embedded null byte")
    return ffi.new("char[]", data)
