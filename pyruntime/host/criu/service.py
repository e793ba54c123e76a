# SPDX-License-Identifier: Apache-2.0
"""One `criu swrk` process: started, asked, told how its notifications went, ended.

criu is found in $PATH, as criu's own tools find it. What is asked of it is options.py's matter,
what a notification leads to the caller's.
"""

from __future__ import annotations

import _signal
import _socket
import os

from pyruntime.errors import Error, HostError, host_error
from pyruntime.host.criu import protocol
from pyruntime.host.criu.protocol import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyruntime.host.criu.wire import Fields

    Notified = Callable[[str, int, int], None]

VERSION_MIN = 31600
MESSAGE_MAX = 1 << 16
_ANCILLARY = _socket.CMSG_SPACE(4)
_HINT = "install criu 3.16 or later, or put its directory into PATH"


class Criu:
    """pid: of the process, until close(). sock: the connection. log: where it logs, for
    errors, "" while it does not.

    It gives SIGHUP and the like to nobody: who must not be ended by them in the middle ignores
    them, which criu inherits.
    """

    __slots__ = ("_ended", "log", "pid", "sock")

    def __init__(self, *, quiet: bool, descriptors: Sequence[int] = ()) -> None:
        """quiet: its standard streams are /dev/null, not the caller's. descriptors: what it
        gets besides, under the same numbers. Raises HostError, for an ordinary user too."""
        if os.geteuid() != 0:
            raise HostError(
                "criu needs root",
                op="criu",
                hint="an ordinary user's containers can't be checkpointed",
                code="criu-missing",
            )
        self.sock, theirs = _socket.socketpair(
            _socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC
        )
        self._ended: int | None = None
        self.log = ""
        try:
            self.pid = _start(theirs.fileno(), quiet, descriptors)
        except BaseException:
            self.sock.close()
            raise
        finally:
            theirs.close()

    def require_version(self) -> int:
        """criu's version as 10000 * major + 100 * minor + sub-level. Raises HostError when it
        is too old."""
        version = self._ask(protocol.request(protocol.VERSION, more=True)).version
        if version < VERSION_MIN:
            raise HostError(
                f"criu {version_text(version)} is too old",
                op="criu",
                hint=_HINT,
                code="criu-missing",
            )
        return version

    def require_features(self, features: Sequence[int], words: str) -> None:
        """Raises HostError when the kernel or criu lacks one. words: what needs them."""
        asked = protocol.request(protocol.FEATURE_CHECK, features=features, more=True)
        answer = self._ask(asked)
        if not answer.success or set(features) - set(answer.features):
            raise HostError(
                f"{words}: criu or the kernel has not got it",
                op="criu",
                hint="`criu check --all` says what is missing",
                code="criu-missing",
            )

    def run(self, kind: int, options: Fields, notified: Notified) -> Answer:
        """Dump or restore, the last that is asked of it; the answer is one of success or failure.

        notified: is told the name of each notification, the pid that it is about (0: none) and
        a descriptor that came with it, to be closed, or -1. What it raises makes criu give up,
        and is raised then. Raises HostError when criu ends without an answer.
        """
        self._send(protocol.request(kind, options=options))
        failure: BaseException | None = None
        while True:
            try:
                answer, fd = self._receive()
            except HostError as err:
                raise failure or err from None
            if answer.kind != protocol.NOTIFY:
                if failure is not None:
                    raise failure
                return answer
            try:
                notified(answer.script, answer.pid, fd)
                success = True
            except (Error, OSError) as err:
                failure, success = failure or err, False
            self._send(protocol.notified(success=success))

    def close(self) -> int:
        """Let it end, and give its wait status."""
        self.sock.close()
        if self._ended is None:
            _, self._ended = os.waitpid(self.pid, 0)
        return self._ended

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._ended is None:
            os.kill(self.pid, _signal.SIGKILL)
        self.close()

    def _ask(self, message: bytes) -> Answer:
        self._send(message)
        return self._receive()[0]

    def _send(self, message: bytes) -> None:
        try:
            self.sock.send(message)
        except BrokenPipeError:
            raise self._gone() from None
        except OSError as err:
            raise host_error(err, "send to criu", code="criu-failed") from None

    def _receive(self) -> tuple[Answer, int]:
        try:
            data, ancillary, _, _ = self.sock.recvmsg(
                MESSAGE_MAX, _ANCILLARY, _socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionResetError:
            raise self._gone() from None
        except OSError as err:
            raise host_error(err, "receive from criu", code="criu-failed") from None
        if not data:
            raise self._gone()
        fds = [
            int.from_bytes(rights[:4], "little", signed=True)
            for level, kind, rights in ancillary
            if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS
        ]
        return Answer(data), fds[0] if fds else -1

    def _gone(self) -> HostError:
        status = self.close()
        how = f"exit status {os.WEXITSTATUS(status)}"
        if os.WIFSIGNALED(status):
            how = f"signal {os.WTERMSIG(status)}"
        hint = f"all that it said is in {self.log}" if self.log else ""
        message = f"criu ended without an answer: {how}"
        return HostError(message, op="criu", path=self.log, hint=hint, code="criu-failed")


def _start(sock: int, quiet: bool, descriptors: Sequence[int]) -> int:
    """The pid of `criu swrk` with these descriptors. Raises HostError."""
    inherited = (sock, *descriptors)
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    for fd in inherited:
        os.set_inheritable(fd, True)
    try:
        return os.posix_spawnp(
            "criu",
            ["criu", "swrk", str(sock)],
            os.environ,
            file_actions=null if quiet else (),
            setsigdef=(_signal.SIGPIPE,),
            setsigmask=(),
        )
    except FileNotFoundError:
        raise HostError(
            "run criu: not found in $PATH", op="criu", hint=_HINT, code="criu-missing"
        ) from None
    except OSError as err:
        raise host_error(err, "run", "criu", hint=_HINT, code="criu-missing") from None
    finally:
        for fd in inherited:
            os.set_inheritable(fd, False)


def version_text(version: int) -> str:
    parts = (version // 10000, version // 100 % 100, version % 100)
    return ".".join(map(str, parts if parts[2] else parts[:2]))
