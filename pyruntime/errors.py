# SPDX-License-Identifier: Apache-2.0
"""The one error tree.

    Error
     ├─ UsageError        a wrong option or argument
     │   └─ UnknownCommand
     ├─ ConfigError       config.json: cannot be read, not valid, contradicts itself
     │   └─ Unsupported   valid, but this version does not carry it out
     ├─ JsonError         a text is not strict JSON
     ├─ StateError        the container is not in the state that the command needs
     │   ├─ NotFound      "container does not exist"
     │   ├─ Exists        the id is in use
     │   └─ NotRunning    "container not running"
     ├─ HostError         a system call of the runtime's own failed
     │   └─ CgroupError   ... on a cgroup file
     ├─ StepError         a step of the init failed
     └─ HookError         a hook failed or ran out of time

Message grammar: lower case, "verb object: cause", no full stop. Advice goes into `hint`.
An error is raised once and reported once, by the command line; nothing logs and raises.
It imports nothing of the package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Fact = str | int | float


def errno_name(number: int) -> str:
    """The symbol of an errno ("EPERM"), or its number as text."""
    from errno import errorcode

    return errorcode.get(number, str(number))


class Error(Exception):
    """A failure with everything that is known about it.

    message: what people read, one line. code: stable word for programs, the class's own
    unless a finer one is given; docs/errors.md has them all. pointer: JSON pointer into
    config.json. op: system call or step. errno: positive errno, 0 when the kernel was not
    asked. path: the file it was about. hint: what to do about it. facts: more keys for the
    JSON log line.
    """

    code = "error"
    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        pointer: str = "",
        op: str = "",
        errno: int = 0,
        path: str = "",
        hint: str = "",
        code: str = "",
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code:
            self.code = code
        self.facts = facts or {}
        self.pointer = pointer
        self.op = op
        self.errno = errno
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    def details(self) -> dict[str, Fact]:
        """The known parts, for a JSON log line; empty ones are left out."""
        found: dict[str, Fact] = {
            "code": self.code,
            "pointer": self.pointer,
            "op": self.op,
            "errno": errno_name(self.errno) if self.errno else "",
            "path": self.path,
            "hint": self.hint,
        }
        return {**{key: value for key, value in found.items() if value}, **self.facts}


class UsageError(Error):
    code = "usage"


class UnknownCommand(UsageError):
    code = "unknown-command"
    exit_code = 3  # as runc


class ConfigError(Error):
    """config.json (or process.json) is not usable.

    problems: every problem found, at least one; the message is the first one's.
    """

    code = "config"

    def __init__(
        self,
        message: str,
        *,
        pointer: str = "",
        path: str = "",
        hint: str = "",
        code: str = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message, pointer=pointer, path=path, hint=hint, code=code)
        self.problems = tuple(problems) or (Problem(message, pointer=pointer, hint=hint),)


class Problem:
    """One finding in a configuration: message without place, pointer, line and column.

    line and column count from 1; 0 means unknown. severity: "error" or "warning".
    """

    __slots__ = ("column", "hint", "line", "message", "pointer", "severity")

    def __init__(
        self,
        message: str,
        *,
        pointer: str = "",
        line: int = 0,
        column: int = 0,
        hint: str = "",
        severity: str = "error",
    ) -> None:
        self.message = message
        self.pointer = pointer
        self.line = line
        self.column = column
        self.hint = hint
        self.severity = severity

    def __repr__(self) -> str:
        return f"<{self.severity} {self.line}:{self.column} {self.pointer}: {self.message}>"


class JsonError(Error):
    """A text is not strict JSON. line and column count from 1; 0 means unknown."""

    code = "json"

    def __init__(self, message: str, *, pointer: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message, pointer=pointer)
        self.line = line
        self.column = column


class Unsupported(ConfigError):
    code = "unsupported"


class StateError(Error):
    code = "state"


class NotFound(StateError):
    code = "not-found"


class Exists(StateError):
    code = "exists"


class NotRunning(StateError):
    code = "not-running"


class HostError(Error):
    """A system call of the runtime failed."""

    code = "host"


class CgroupError(HostError):
    code = "cgroup"


def host_error(
    err: OSError, op: str, path: str = "", *, pointer: str = "", hint: str = "", code: str = ""
) -> HostError:
    """An OSError with its context: "<op> <path>: <cause>"."""
    where = f" {path}" if path else ""
    return HostError(
        f"{op}{where}: {err.strerror or err}",
        pointer=pointer,
        op=op,
        errno=err.errno or 0,
        path=path,
        hint=hint,
        code=code,
    )


class StepError(Error):
    """A step of the init failed; message is rendered by plan.describe."""

    code = "step"


class HookError(Error):
    code = "hook-failed"


class CommandFailed(Error):
    """returncode: the exit status, or minus the signal. stdout, stderr: what was captured."""

    code = "command-failed"

    def __init__(
        self,
        message: str,
        *,
        returncode: int = 1,
        stdout: str | bytes = b"",
        stderr: str | bytes = b"",
    ) -> None:
        super().__init__(message)
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr


class TimeoutExpired(Error, TimeoutError):  # type: ignore[misc] # both have an errno
    """stdout, stderr: what was captured until then."""

    code = "timeout"

    def __init__(
        self, message: str, *, stdout: str | bytes = b"", stderr: str | bytes = b""
    ) -> None:
        super().__init__(message)
        self.stdout = stdout
        self.stderr = stderr
