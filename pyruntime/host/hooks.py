# SPDX-License-Identifier: Apache-2.0
"""The hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop.

The two that run in the container (createContainer, startContainer) are steps of the plan.
Spec: config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle".
"""

from __future__ import annotations

import _signal
import errno
import os
import select
import time

from pyruntime.errors import HookError, host_error
from pyruntime.host import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pyruntime.errors import Fact

    Hook = Mapping[str, Any]

OUTPUT_KEPT = 1024


def run_hooks(
    kind: str,
    hooks: Sequence[Hook],
    state: str,
    *,
    cwd: str,
    annotations: Mapping[str, str] | None = None,
    on_failure: Callable[[HookError], None] | None = None,
) -> None:
    """Run the hooks of one kind in their order, with the state on their standard input.

    state: the container's state as compact JSON. cwd: the bundle. annotations: of the config,
    which may name files for the output. on_failure None: the
    first failure raises HookError; else it is told of each and the next hook runs (poststop).
    """
    outputs = ("", "")
    if annotations and hooks:
        from pyruntime.plan.annotations import outputs_of  # few containers have such

        outputs = outputs_of(annotations)
    for index, hook in enumerate(hooks):
        try:
            _run(kind, index, hook, state.encode(), cwd, outputs)
        except HookError as err:
            if on_failure is None:
                raise
            on_failure(err)


def open_output(path: str, pointer: str) -> int:
    """A descriptor that appends to the file, made if need be. Raises HostError."""
    try:
        return _append_to(path)
    except OSError as err:
        raise host_error(err, "open the hooks' output", path, pointer=pointer) from None


def _append_to(path: str) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
    # A FIFO that nobody reads is an error, and not to be waited for.
    fd = os.open(path, flags | os.O_NONBLOCK, 0o600)
    os.set_blocking(fd, True)
    return fd


def _run(
    kind: str, index: int, hook: Hook, state: bytes, cwd: str, outputs: tuple[str, str]
) -> None:
    """Raises HookError with kind, index, path, status and the end of the output."""
    failure = _Failure(kind, index, str(hook["path"]), time.monotonic())
    timeout = hook.get("timeout")
    deadline = time.monotonic() + timeout if timeout else None
    stdin, feed = os.pipe2(os.O_CLOEXEC)
    drain, output = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(feed, False)
    os.set_blocking(drain, False)
    stdio = [stdin]
    try:
        # Each has its own, so that all are closed alike.
        stdio += [_append_to(path) if path else os.dup(output) for path in outputs]
        pid, pidfd = _start(hook, stdio, cwd)
    except OSError as err:
        os.close(feed)
        os.close(drain)
        cause = os.strerror(err.errno or 0)
        if err.filename in outputs:
            cause = f"open its output {err.filename}: {cause}"
        raise failure.error(cause, err.errno or 0, code="hook-not-started") from None
    finally:
        for fd in (*stdio, output):
            os.close(fd)
    status, tail = _attend(pid, pidfd, feed, drain, state, deadline)
    if status is None:
        cause = f"still running after {timeout} s, killed"
        raise failure.error(cause, errno.ETIMEDOUT, tail, code="hook-timeout")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        raise failure.error(f"ended by signal {number}", 0, tail, how={"signal": number})
    if os.WEXITSTATUS(status):
        number = os.WEXITSTATUS(status)
        raise failure.error(f"exit status {number}", 0, tail, how={"status": number})


class _Failure:
    """What every message about one hook begins with. began: by the monotonic clock."""

    __slots__ = ("began", "index", "kind", "path")

    def __init__(self, kind: str, index: int, path: str, began: float) -> None:
        self.kind = kind
        self.index = index
        self.path = path
        self.began = began

    def error(
        self,
        cause: str,
        number: int = 0,
        output: bytes = b"",
        *,
        how: Mapping[str, int] | None = None,
        code: str = "",
    ) -> HookError:
        text = output.decode("utf-8", "replace").strip()
        said = f", output: {text}" if text else ""
        facts: dict[str, Fact] = {"hook": self.kind, "index": self.index, **(how or {})}
        if code != "hook-not-started":
            facts["seconds"] = round(time.monotonic() - self.began, 3)
        if text:
            facts["output"] = text
        return HookError(
            f"{self.kind} hook #{self.index} ({self.path}): {cause}{said}",
            pointer=f"/hooks/{self.kind}/{self.index}",
            op="hook",
            errno=number,
            path=self.path,
            code=code,
            facts=facts,
        )


def _start(hook: Hook, stdio: Sequence[int], cwd: str) -> tuple[int, int]:
    """Spawn the hook in the bundle's directory: pid and pidfd. Raises OSError."""
    environment = hook.get("env")
    if environment is None:
        env: dict[str, str] = dict(os.environ)  # runc and crun both hand on their own
    else:
        env = {}
        for entry in environment:
            name, _, value = entry.partition("=")
            env[name] = value
    path = hook["path"]
    args = hook.get("args") or [path]
    return program.start(path, args, env, cwd=cwd, stdio=stdio)


def _attend(
    pid: int, pidfd: int, feed: int, drain: int, state: bytes, deadline: float | None
) -> tuple[int | None, bytes]:
    """Feed and drain the hook until it ends: its wait status (None: out of time), its output.

    Owns the pid and the descriptors. A hook may leave a daemon behind that keeps its
    output open, so its end is the end of the process and not of the pipe.
    """
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.register(drain, select.POLLIN)
    poll.register(feed, select.POLLOUT)
    tail = b""
    ended = False
    try:
        while True:
            wait = None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
            ready = dict(poll.poll(wait))
            if not ready and deadline is not None and time.monotonic() >= deadline:
                return None, tail
            if drain in ready:
                part = _read_some(drain)
                tail = (tail + part)[-OUTPUT_KEPT:]
                if not part:
                    poll.unregister(drain)
            if feed in ready:
                state = _write_some(feed, state)
                if not state:
                    poll.unregister(feed)
                    os.close(feed)
                    feed = -1
            if pidfd in ready:
                while part := _read_some(drain):
                    tail = (tail + part)[-OUTPUT_KEPT:]
                ended = True
                return program.reap(pid), tail
    finally:
        if not ended:
            _signal.pidfd_send_signal(pidfd, 9)
            program.reap(pid)
        if feed >= 0:
            os.close(feed)
        os.close(drain)
        os.close(pidfd)


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except BlockingIOError:
        return b""


def _write_some(fd: int, data: bytes) -> bytes:
    """What is left to write; nothing when the hook does not want it (EPIPE is no error)."""
    try:
        return data[os.write(fd, data) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        return b""
