# SPDX-License-Identifier: Apache-2.0
"""A process that was added to a container: what subprocess.Popen is for one on the host."""

from __future__ import annotations

import _signal
from time import monotonic
from typing import IO, AnyStr, Generic

from pyruntime.api.talk import Streams, status_unknown, timed_out
from pyruntime.errors import host_error
from pyruntime.lifecycle.kill import parse_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from pyruntime.api.children import Children
    from pyruntime.api.ending import Ending
    from pyruntime.api.stdio import Terminal


class Process(Generic[AnyStr]):
    """pid: on the host. stdin, stdout, stderr: this side of the pipes, None without. terminal:
    its near end, if the process has one.

    As a context manager it closes the pipes and waits. Threads may share it.
    """

    __slots__ = ("__weakref__", "_children", "_ending", "_streams", "args", "pid", "terminal")

    _streams: Streams[AnyStr]

    def __init__(
        self,
        args: tuple[str, ...],
        pid: int,
        ending: Ending,
        children: Children,
        streams: Streams[AnyStr],
        terminal: Terminal | None,
    ) -> None:
        self.args = args
        self.pid = pid
        self.terminal = terminal
        self._ending = ending
        self._children = children
        self._streams = streams

    @property
    def stdin(self) -> IO[AnyStr] | None:
        return self._streams.stdin

    @property
    def stdout(self) -> IO[AnyStr] | None:
        return self._streams.stdout

    @property
    def stderr(self) -> IO[AnyStr] | None:
        return self._streams.stderr

    @property
    def returncode(self) -> int | None:
        """The exit status, or minus the signal; None before the end was noticed by a wait."""
        return self._ending.returncode

    def __repr__(self) -> str:
        status = "running" if not self._ending.ended else f"returncode {self.returncode}"
        return f"<Process {self.pid} {' '.join(self.args)!r}: {status}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close()
        if kind is None:
            self.wait()

    def close(self) -> None:
        """Close the pipes and the terminal. The process goes on."""
        self._streams.close()
        if self.terminal is not None:
            self.terminal.close()

    def fileno(self) -> int:
        """Its pidfd: readable once it has ended (pidfd_open(2)); good for poll and add_reader.
        It stays this object's.
        """
        return self._ending.pidfd

    def poll(self) -> int | None:
        """returncode if it has ended, else None; at once."""
        return self._known() if self._ending.poll() else None

    def wait(self, timeout: float | None = None) -> int:
        """Until it ends; its returncode. timeout: in seconds. Raises TimeoutExpired."""
        if not self._wait(None if timeout is None else monotonic() + timeout):
            raise timed_out(timeout)
        return self._known()

    def _wait(self, deadline: float | None) -> bool:
        return self._children.wait(self._ending, deadline)

    async def wait_async(self) -> int:
        """The same in a task of asyncio."""
        await self._children.wait_async(self._ending)
        return self._known()

    def _known(self) -> int:
        if self._ending.returncode is None:
            raise status_unknown(f"process {self.pid}")
        return self._ending.returncode

    def communicate(
        self, input: AnyStr | None = None, timeout: float | None = None
    ) -> tuple[AnyStr, AnyStr]:
        """Give it the input, read both outputs to their end, wait; what it wrote, empty without
        a pipe.

        Raises TimeoutExpired, with what was read until then; it can be called again after it.
        """
        return self._streams.communicate(input, self._wait, timeout)

    def signal(self, signal: int | str) -> None:
        """A number, or a name such as "TERM". Nothing once it has ended. Raises UsageError,
        HostError.
        """
        number = parse_signal(signal) if isinstance(signal, str) else signal
        if not self._ending.poll():
            try:
                _signal.pidfd_send_signal(self._ending.pidfd, number)
            except ProcessLookupError:
                pass
            except OSError as err:
                raise host_error(err, "kill") from None

    def terminate(self) -> None:
        self.signal(_signal.SIGTERM)

    def kill(self) -> None:
        self.signal(_signal.SIGKILL)
