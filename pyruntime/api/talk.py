# SPDX-License-Identifier: Apache-2.0
"""Feeding and draining pipes at the same time, so that neither side waits for the other."""

from __future__ import annotations

import os
import select
import selectors
from time import monotonic
from typing import IO, Any, AnyStr, Generic

from pyruntime.api.stdio import files
from pyruntime.errors import CommandFailed, StateError, TimeoutExpired, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Wait = Callable[[float | None], bool]

CHUNK = 1 << 16


class Talk:
    """One exchange; it can be taken up again after its time was over. The files are closed as
    each comes to its end.
    """

    __slots__ = ("_input", "_outputs", "_stdin", "parts")

    def __init__(
        self, stdin: IO[Any] | None, outputs: tuple[IO[Any] | None, IO[Any] | None], data: bytes
    ) -> None:
        self._stdin = stdin
        self._outputs = outputs
        self._input = memoryview(data)
        self.parts: tuple[list[bytes], list[bytes]] = ([], [])

    def run(self, deadline: float | None) -> bool:
        """Until all pipes are at their end; False when the deadline (monotonic) came first."""
        with selectors.DefaultSelector() as selector:
            if self._stdin is not None and not self._stdin.closed:
                self._begin(selector, self._stdin)
            for file, parts in zip(self._outputs, self.parts, strict=True):
                if file is not None and not file.closed:
                    selector.register(file, selectors.EVENT_READ, parts)
            while selector.get_map():
                left = None if deadline is None else deadline - monotonic()
                if left is not None and left < 0:
                    return False
                for key, _ in selector.select(left):
                    done = self._feed(key.fd) if key.data is None else _drain(key.fd, key.data)
                    if done:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
        return True

    def _begin(self, selector: selectors.BaseSelector, stdin: IO[Any]) -> None:
        try:
            stdin.flush()
            if self._input:
                selector.register(stdin, selectors.EVENT_WRITE, None)
            else:
                stdin.close()
        except BrokenPipeError:
            stdin.close()

    def _feed(self, fd: int) -> bool:
        try:
            # As much as a pipe that is ready takes without making the writer wait.
            self._input = self._input[os.write(fd, self._input[: select.PIPE_BUF]) :]
        except BrokenPipeError:
            return True
        return not self._input


def _drain(fd: int, parts: list[bytes]) -> bool:
    data = os.read(fd, CHUNK)
    parts.append(data)
    return not data


class Streams(Generic[AnyStr]):
    """This side of a program's pipes, as file objects that own them. encoding: None for bytes."""

    __slots__ = ("_encoding", "_errors", "_talk", "stderr", "stdin", "stdout")

    def __init__(self, ends: Sequence[int], encoding: str | None, errors: str | None) -> None:
        self._encoding = encoding
        self._errors = errors or "strict"
        self._talk: Talk | None = None
        self.stdin: IO[AnyStr] | None
        self.stdout: IO[AnyStr] | None
        self.stderr: IO[AnyStr] | None
        self.stdin, self.stdout, self.stderr = files(ends, encoding, errors)

    def close(self) -> None:
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                try:
                    file.close()
                except BrokenPipeError:
                    pass  # what nobody reads need not be written

    def communicate(
        self, data: AnyStr | None, wait: Wait, timeout: float | None
    ) -> tuple[AnyStr, AnyStr]:
        """Until the pipes and the program are at their end; what it wrote. wait: for the latter,
        until a deadline. Raises TimeoutExpired, after which it can be called again.
        """
        deadline = None if timeout is None else monotonic() + timeout
        if self._talk is None:
            given = (
                data.encode(self._encoding or "utf-8", self._errors)
                if isinstance(data, str)
                else data
            )
            self._talk = Talk(self.stdin, (self.stdout, self.stderr), given or b"")
        elif data:
            raise UsageError("communicate: the input was given before", code="bad-value")
        if not self._talk.run(deadline) or not wait(deadline):
            raise timed_out(timeout, *self._taken(partial=True))
        return self._taken()

    def _taken(self, *, partial: bool = False) -> tuple[AnyStr, AnyStr]:
        assert self._talk is not None
        out, err = (self._text(b"".join(parts), partial) for parts in self._talk.parts)
        return out, err

    def _text(self, data: bytes, partial: bool) -> Any:
        if self._encoding is None:
            return data
        # A part may end within a character.
        return decoded(data, self._encoding, "replace" if partial else self._errors)


def decoded(data: bytes, encoding: str, errors: str) -> str:
    """With the newlines that a text file has. Raises UnicodeDecodeError."""
    return data.decode(encoding, errors).replace("\r\n", "\n").replace("\r", "\n")


def status_unknown(what: str) -> StateError:
    return StateError(
        f"exit status of {what} is not known",
        hint="did another part of the program wait for any child, or ignore SIGCHLD?",
        code="status-unknown",
    )


def timed_out(
    timeout: float | None, stdout: str | bytes = b"", stderr: str | bytes = b""
) -> TimeoutExpired:
    return TimeoutExpired(f"still running after {timeout} s", stdout=stdout, stderr=stderr)


def failed(
    args: Sequence[str], returncode: int, stdout: str | bytes, stderr: str | bytes
) -> CommandFailed:
    how = f"exit status {returncode}" if returncode >= 0 else f"signal {-returncode}"
    name = args[0] if args else "process"
    return CommandFailed(f"{name}: {how}", returncode=returncode, stdout=stdout, stderr=stderr)
