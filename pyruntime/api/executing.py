# SPDX-License-Identifier: Apache-2.0
"""exec: from what is said of a process to the process."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from pyruntime.api.bundle import process_document
from pyruntime.api.ending import Ending
from pyruntime.api.process import Process
from pyruntime.api.results import Completed
from pyruntime.api.stdio import DEVNULL, PIPE, Stdio, Stream, Terminal
from pyruntime.api.talk import Streams
from pyruntime.errors import UsageError, host_error
from pyruntime.lifecycle.added import process_of
from pyruntime.lifecycle.exec import ExecRequest
from pyruntime.lifecycle.exec import begin as begin_exec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyruntime.api.container import Container


Made = TypeVar("Made")


class ExecOptions(TypedDict, total=False):
    """What Container.exec and Container.run take besides the arguments.

    stdin, stdout, stderr: None (this process's own), PIPE, DEVNULL, a descriptor or an object
    that has one; stderr also STDOUT. pass_fds: descriptors that the process has as 3, 4 and so
    on. encoding, errors: of the pipes with text; UTF-8 and strict. env: variables besides the
    container's. cwd: within the container. user: uid, "uid:gid" or (uid, gid); groups:
    additional ones. caps: capabilities besides the container's. no_new_privileges,
    apparmor_profile, selinux_label: instead of the container's. cgroup: an existing sub-cgroup
    of the container's. tty: on a terminal of its own, of `size` (rows, columns).
    ignore_paused: also in a paused container, where it waits.
    """

    stdin: Stream
    stdout: Stream
    stderr: Stream
    pass_fds: Sequence[int]
    encoding: str
    errors: str
    env: Mapping[str, str]
    cwd: str
    user: int | str | tuple[int, int]
    groups: Sequence[int]
    caps: Sequence[str]
    no_new_privileges: bool
    apparmor_profile: str
    selinux_label: str
    cgroup: str
    tty: bool
    size: tuple[int, int]
    ignore_paused: bool


OF_EVERY = {"stdin", "stdout", "stderr", "pass_fds", "encoding", "errors", "cgroup"}
OF_EVERY |= {"ignore_paused"}


def begin(
    container: Container,
    args: Sequence[str] | Mapping[str, Any],
    text: bool,
    options: ExecOptions,
) -> Process[Any]:
    """A process that runs."""
    _check(args, options)
    encoding = options.get("encoding", "utf-8") if text else None
    if encoding is not None:
        codecs.lookup(encoding)
        codecs.lookup_error(options.get("errors", "strict"))
    request = _request(container, args, options)
    process = _process(container, args, options, request)
    with _stdio(options, terminal=bool(process.get("terminal"))) as stdio:
        request.given = stdio.given
        log = container.runtime.log
        launch = of_the_host("exec", lambda: begin_exec(request, log, process))
        pid = launch.child.pid
        ending = Ending(container.id, launch.child.release(), own=True)
        children = container.runtime.children
        children.add(ending)
    streams: Streams[Any] = Streams(stdio.ends, encoding, options.get("errors"))
    terminal = Terminal(launch.master) if launch.master >= 0 else None
    return Process(tuple(process["args"]), pid, ending, children, streams, terminal)


def of_the_host(what: str, work: Callable[[], Made]) -> Made:
    """A failure that has no better name, such as a lack of descriptors. Raises HostError."""
    try:
        return work()
    except OSError as err:
        raise host_error(err, what) from err


def _check(args: Sequence[str] | Mapping[str, Any], options: ExecOptions) -> None:
    """Raises TypeError, as a call with such arguments would, and UsageError."""
    if isinstance(args, str | bytes):
        raise TypeError("args is one string: give a sequence of them")
    for name in options:
        if name not in ExecOptions.__annotations__:
            raise TypeError(f"exec() got an unexpected keyword argument {name!r}")
        if isinstance(args, Mapping) and name not in OF_EVERY:
            raise UsageError(f"{name}: say it in the process that is given", code="bad-value")


def _request(
    container: Container, args: Sequence[str] | Mapping[str, Any], options: ExecOptions
) -> ExecRequest:
    user = options.get("user")
    if isinstance(user, tuple):
        user = f"{user[0]}:{user[1]}"
    return ExecRequest(
        container.runtime.root,
        container.id,
        () if isinstance(args, Mapping) else args,
        detach=True,
        cwd=options.get("cwd", ""),
        env=[f"{name}={value}" for name, value in options.get("env", {}).items()],
        tty=options.get("tty", False),
        user=None if user is None else str(user),
        additional_gids=[str(gid) for gid in options.get("groups", ())],
        process_label=options.get("selinux_label", ""),
        apparmor=options.get("apparmor_profile", ""),
        no_new_privs=options.get("no_new_privileges"),
        caps=options.get("caps", ()),
        cgroup=[options["cgroup"]] if "cgroup" in options else [],
        ignore_paused=options.get("ignore_paused", False),
    )


def _process(
    container: Container,
    args: Sequence[str] | Mapping[str, Any],
    options: ExecOptions,
    request: ExecRequest,
) -> dict[str, Any]:
    """The whole of it, checked. Raises ConfigError, UsageError, NotFound."""
    if isinstance(args, Mapping):
        return process_document(dict(args))
    process = process_of(request, container.config.get("process") or {})
    process.pop("consoleSize", None)
    if "size" in options:
        rows, columns = options["size"]
        process["consoleSize"] = {"height": rows, "width": columns}
    return process_document(process)


def _stdio(options: ExecOptions, *, terminal: bool) -> Stdio:
    """Raises OSError, UsageError."""
    return streams_of(
        options.get("stdin"),
        options.get("stdout"),
        options.get("stderr"),
        options.get("pass_fds", ()),
        terminal=terminal,
    )


def streams_of(
    stdin: Stream, stdout: Stream, stderr: Stream, pass_fds: Sequence[int], *, terminal: bool
) -> Stdio:
    """A process on a terminal has no other streams. Raises OSError, UsageError."""
    if not terminal:
        return Stdio(stdin, stdout, stderr, pass_fds)
    if not stdin is stdout is stderr is None:
        raise UsageError(
            "a process on a terminal has no other streams",
            hint="read and write its attribute terminal",
            code="bad-value",
        )
    return Stdio(DEVNULL, DEVNULL, DEVNULL, pass_fds)


def with_pipes(options: Any, has_input: bool, capture_output: bool) -> Any:
    """As subprocess.run takes these. options: of exec or of create. Raises UsageError."""
    piped = dict(options)
    if has_input:
        if "stdin" in options:
            raise UsageError("input and stdin are given", code="bad-value")
        piped["stdin"] = PIPE
    if capture_output:
        if "stdout" in options or "stderr" in options:
            raise UsageError("capture_output and stdout or stderr are given", code="bad-value")
        piped["stdout"] = piped["stderr"] = PIPE
    return piped


def finish(
    process: Process[Any], data: Any, timeout: float | None, *, check: bool
) -> Completed[Any]:
    """Raises CommandFailed, TimeoutExpired; whatever is raised, the process has ended."""
    try:
        stdout, stderr = process.communicate(data, timeout)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        process.close()
    completed = Completed(process.args, process.wait(), stdout, stderr)
    if check:
        completed.check()
    return completed
