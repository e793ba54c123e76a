# SPDX-License-Identifier: Apache-2.0
"""The clone: sealed memfds for the init and its plan, the slots, one call into the shim.

It starts the init and hands back its pid, pidfd and the runtime's end of the socket pair;
what is then said over it is launch.serve's matter.
"""

from __future__ import annotations

import _signal
import _socket
import errno
import os
from _struct import pack

import pyruntime
from pyruntime._shim import lib
from pyruntime.errors import ConfigError, HostError, host_error
from pyruntime.plan.namespaces import NAMES, TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyruntime.plan.plan import Plan, Slot

CAUGHT = range(1, 32)  # signals that may have handlers
PATIENCE, MESSAGES_MAX = 5.0, 1000  # seconds, with an init that is being ended

# entry of /proc/PID/ns -> (type, CLONE_NEW*)
_NAMESPACES = {entry: (name, flag) for name, (flag, entry) in TYPES.items()}


class Child:
    """A started init. pid as the runtime sees it; sync is the runtime's end of the pair.
    forks: the init will go on as a child of its own, and has not yet.
    """

    __slots__ = ("forks", "pid", "pidfd", "status", "sync")

    def __init__(self, pid: int, pidfd: int, sync: _socket.socket) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.sync = sync
        self.status: int | None = None
        self.forks = False

    def __del__(self) -> None:
        """As for an exception that a signal raises: the init ends when nobody holds its peer."""
        self.close()

    def end(self) -> None:
        """Kill and reap it, and close what is ours."""
        if self.status is None:
            try:
                _signal.pidfd_send_signal(self.pidfd, _signal.SIGKILL)
            except ProcessLookupError:
                pass  # reaped by the kernel, as the caller ignores SIGCHLD
            self.wait()
        try:
            if self.forks:
                self._end_second()
        finally:
            self.close()

    def _end_second(self) -> None:
        """One that the init has forked, and that it has not told of yet. What it says until then
        is of no interest; the end of file comes with the end of both.
        """
        from pyruntime.launch import protocol  # seldom

        def take(name: str, fd: int) -> None:
            pid = _pid_of_child(fd) if name == "init" else 0
            if pid > 0:
                _signal.pidfd_send_signal(fd, _signal.SIGKILL)
                _reap(pid)
            os.close(fd)

        self.sync.settimeout(PATIENCE)
        try:
            self.sync.shutdown(_socket.SHUT_WR)  # whoever waits for us ends
        except OSError:
            return
        for _ in range(MESSAGES_MAX):
            try:
                message, fds = protocol.receive(self.sync)
            except (OSError, HostError):
                return
            if message is None:
                return
            protocol.take(message, fds, take)

    def wait(self) -> int:
        """Reap the child (once) and give its wait status; blocks until it ends."""
        if self.status is None:
            self.status = _reap(self.pid)
        return self.status

    def go_on_as(self, pidfd: int) -> None:
        """The init has forked, and the process that was started has ended.

        pidfd: of the one that goes on; owned from here on. Raises HostError for one that is no
        child of the runtime's: who has taken the init over may have sent any.
        """
        pid = _pid_of_child(pidfd)
        if pid <= 0:
            os.close(pidfd)
            raise HostError("the init's child has ended, or was none of ours", op="fork")
        before, descriptor = self.pid, self.pidfd
        self.pid, self.pidfd, self.forks = pid, pidfd, False
        os.close(descriptor)
        _reap(before)

    def release(self) -> int:
        """Its pidfd, which is the caller's from now on; the rest is closed."""
        pidfd, self.pidfd = self.pidfd, -1
        self.sync.close()
        return pidfd

    def close(self) -> None:
        self.sync.close()
        pidfd, self.pidfd = self.pidfd, -1
        if pidfd >= 0:
            os.close(pidfd)


def _pid_of_child(pidfd: int) -> int:
    """See the field Pid in pidfd_open(2); 0 or less for another's child, or no process."""
    try:
        os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except OSError:
        return 0
    info = os.open(f"/proc/self/fdinfo/{pidfd}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        fields = os.read(info, 4096).split()
    finally:
        os.close(info)
    return int(fields[fields.index(b"Pid:") + 1]) if b"Pid:" in fields else 0


def _reap(pid: int) -> int:
    """The wait status; 0 when nobody is told, since the caller ignores SIGCHLD."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return 0


def spawn(
    plan: Plan,
    blob: bytes,
    *,
    start_fd: int,
    cgroup_fd: int,
    preserve: int,
    given: Sequence[int] | None = None,
) -> Child:
    """Start the init on an encoded plan.

    start_fd: the listening socket for `start`, -1 for none. cgroup_fd: directory of the
    cgroup2 group to be born in, -1 for none. preserve: how many of the caller's fds from 3
    on go to the container. given: 3 + preserve of them that become 0.., whatever their
    numbers here. Raises HostError, ConfigError (a namespace path).
    """
    opened: list[int] = []
    child: Child | None = None
    path = f"{pyruntime.__path__[0]}/libexec/pyruntime-init"
    ours, theirs = _socket.socketpair(
        _socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC
    )
    try:
        image = _checked(
            lib.pyr_init_image(os.fsencode(path)),
            "copy init",
            path,
            "is the package installed whole? `./dev build` makes it in a source tree",
        )
        opened.append(image)
        memfd = _checked(lib.pyr_memfd(b"pyruntime-plan", blob, len(blob), 0), "write plan")
        opened.append(memfd)
        slots = [theirs.fileno(), memfd, start_fd]
        for slot in plan.slots:
            fd = open_slot(slot)
            opened.append(fd)
            slots.append(fd)
        before = _pin(plan.cpus) if plan.cpus else None
        mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, CAUGHT)
        try:
            child = Child(*_clone(plan, image, slots, cgroup_fd, preserve, given), ours)
            child.forks = plan.forks
        finally:
            if before is not None:
                os.sched_setaffinity(0, before)
            # Here a handler may raise: not while nobody knew the child.
            _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        return child
    except BaseException:
        if child is not None:
            theirs.close()  # its end of file is waited for
            child.end()
        ours.close()
        raise
    finally:
        theirs.close()
        for fd in opened:
            os.close(fd)


def _pin(cpus: list[int]) -> set[int]:
    """Go to these CPUs, which a clone inherits, before its cgroup's cpuset has a say; gives
    those to go back to. Raises HostError."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, cpus)
    except OSError as err:
        pointer = "/execCPUAffinity/initial"
        raise host_error(
            err, "set the initial CPU affinity", pointer=pointer, hint="is any of them there?"
        ) from None
    return before


def _clone(
    plan: Plan,
    image: int,
    slots: list[int],
    cgroup_fd: int,
    preserve: int,
    given: Sequence[int] | None,
) -> tuple[int, int]:
    first = given or ()
    result = lib.pyr_spawn(
        image,
        plan.clone_flags,
        cgroup_fd,
        _numbers(slots),
        len(slots),
        _numbers(first),
        len(first),
        preserve,
    )
    if result < 0:
        err = -result
        hint = ""
        if err == errno.EPERM:
            hint = "new namespaces need root or a user namespace"
        elif err in (errno.ENOSPC, errno.EUSERS):
            hint = "a limit in /proc/sys/user/max_*_namespaces is reached"
        elif err == errno.EAGAIN:
            hint = "linux.resources.pids.limit, or RLIMIT_NPROC of the caller, is reached"
        message = f"clone the init: {os.strerror(err)}"
        raise HostError(message, op="clone3", errno=err, hint=hint, code="clone")
    return result & 0xFFFFFFFF, result >> 32


def _numbers(fds: Sequence[int]) -> bytes:
    return pack(f"{len(fds)}i", *fds)


def open_slot(slot: Slot) -> int:
    """The descriptor a slot asks for, its kind verified. Raises ConfigError, HostError."""
    if slot.maps is not None:
        from pyruntime.host.idmap import namespace_of  # few containers have id-mapped mounts

        return namespace_of(slot.maps)
    if slot.kind == "append":
        from pyruntime.host.hooks import open_output  # for an annotation only

        return open_output(slot.path, slot.pointer)
    try:
        fd = os.open(slot.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as err:
        hint = ""
        if err.errno == errno.EACCES:
            hint = "to an ordinary user /proc opens processes alone that are his and dumpable"
        raise host_error(
            err,
            "open namespace",
            slot.path,
            pointer=slot.pointer,
            code="namespace-path",
            hint=hint,
        ) from None
    wanted, flag = _NAMESPACES[slot.kind.partition(":")[2]]
    kind = lib.pyr_ns_type(fd)
    if kind != flag:
        os.close(fd)
        what = f"a {NAMES[kind]} namespace" if kind in NAMES else "not a namespace"
        raise ConfigError(
            f"namespace path {slot.path} is {what}, but a {wanted} namespace is wanted",
            pointer=slot.pointer,
            path=slot.path,
            code="namespace-path",
        )
    return fd


def _checked(result: int, op: str, path: str = "", hint: str = "") -> int:
    if result < 0:
        raise host_error(OSError(-result, os.strerror(-result)), op, path, hint=hint)
    return result
