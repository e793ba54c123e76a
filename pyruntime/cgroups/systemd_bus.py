# SPDX-License-Identifier: Apache-2.0
"""systemd's manager, by its bus: units started, stopped, changed.

jeepney makes and reads the messages. The bus is asked first; where none runs, systemd's
own socket serves, which speaks the same without a bus's greetings. Source:
org.freedesktop.systemd1(5), the D-Bus specification.
"""

from __future__ import annotations

import os
import socket
from _struct import pack as _pack
from errno import ECONNRESET, EPIPE
from time import monotonic

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    Parser,
    new_method_call,
)

from pyruntime.errors import CgroupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from pyruntime.cgroups.systemd_unit import Property

    Answer = TypeVar("Answer")

NAME = "org.freedesktop.systemd1"
MANAGER = DBusAddress("/org/freedesktop/systemd1", NAME, f"{NAME}.Manager")
PROPERTIES = MANAGER.with_interface("org.freedesktop.DBus.Properties")
BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", interface="org.freedesktop.DBus")
JOB_REMOVED = f"type='signal',interface='{NAME}.Manager',member='JobRemoved'"
SECONDS = 30.0
LOST = (ECONNRESET, EPIPE)
NO_SUCH_UNIT = f"{NAME}.NoSuchUnit"
UNIT_EXISTS = f"{NAME}.UnitExists"


class Refused(CgroupError):
    """systemd answered a call with an error; name: the D-Bus name of it."""

    def __init__(self, call: str, name: str, text: str) -> None:
        code = "cgroup-busy" if name == UNIT_EXISTS else "systemd"
        super().__init__(f"systemd: {call}: {text}", op=call, path=name, code=code)
        self.name = name


def ask(question: Callable[[Manager], Answer], *, user: bool) -> Answer:
    """What the question gives of a manager. Raises CgroupError.

    It is put once more when the connection is lost, as by a bus that starts anew: it must be
    one that can be put twice.
    """
    try:
        with Manager(user=user) as manager:
            return question(manager)
    except CgroupError as err:
        if err.errno not in LOST:
            raise
    with Manager(user=user) as manager:
        return question(manager)


class Manager:
    """A connection, for one or two calls. Use as a context manager.

    user: the caller's own manager, not the system's. Raises CgroupError when nothing answers.
    """

    __slots__ = ("_bus", "_parser", "_serial", "_signals", "_socket")

    def __init__(self, *, user: bool) -> None:
        self._parser = Parser()
        self._serial = 0
        self._signals: list[Message] = []
        self._socket, self._bus = connect(user=user)
        try:
            _authenticate(self._socket)
            if self._bus:
                self._call(new_method_call(BUS, "Hello"))
        except OSError as err:
            self._socket.close()
            raise _broken(err) from None
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Manager:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def version(self) -> int:
        """Of systemd; 0 when it can't be told."""
        body = self._call(new_method_call(PROPERTIES, "Get", "ss", (MANAGER.interface, "Version")))
        digits = ""
        for letter in str(body[0][1]).lstrip("v"):
            if not letter.isdigit():
                break
            digits += letter
        return int(digits or 0)

    def start(self, unit: str, properties: Sequence[Property]) -> None:
        """Start a transient unit and wait until it has. Raises CgroupError.

        A unit of the name that failed is forgotten first; one that runs is an error.
        """
        values = [(name, (signature, value)) for name, signature, value in properties]
        message = new_method_call(
            MANAGER, "StartTransientUnit", "ssa(sv)a(sa(sv))", (unit, "fail", values, [])
        )
        self._listen()
        try:
            job = self._call(message)[0]
        except Refused as err:
            if err.name != UNIT_EXISTS:
                raise
            self.reset_failed(unit)
            job = self._call(message)[0]
        result = self._result(job)
        if result != "done":
            self.reset_failed(unit)
            raise CgroupError(
                f"systemd: start {unit}: {result}",
                op="StartTransientUnit",
                path=unit,
                hint="journalctl has systemd's reason",
                code="systemd",
            )

    def stop(self, unit: str) -> None:
        """Stop a unit, and forget it if it failed; one that is gone is fine."""
        self._listen()
        try:
            job = self._call(new_method_call(MANAGER, "StopUnit", "ss", (unit, "replace")))[0]
        except Refused as err:
            if err.name != NO_SUCH_UNIT:
                raise
            return
        self._result(job)
        self.reset_failed(unit)

    def reset_failed(self, unit: str) -> None:
        try:
            self._call(new_method_call(MANAGER, "ResetFailedUnit", "s", (unit,)))
        except Refused:
            return  # it is not loaded any more

    def change(self, unit: str, properties: Sequence[Property]) -> None:
        """Set properties until the unit ends. Raises CgroupError."""
        values = [(name, (signature, value)) for name, signature, value in properties]
        self._call(new_method_call(MANAGER, "SetUnitProperties", "sba(sv)", (unit, True, values)))

    def attach(self, unit: str, pid: int) -> None:
        """Move a process into a unit's cgroup. Raises CgroupError."""
        self._call(new_method_call(MANAGER, "AttachProcessesToUnit", "ssau", (unit, "", [pid])))

    def _listen(self) -> None:
        if self._bus:
            self._call(new_method_call(BUS, "AddMatch", "s", (JOB_REMOVED,)))

    def _call(self, message: Message) -> Any:
        """The body of the answer. Raises Refused, CgroupError."""
        self._serial += 1
        name = str(message.header.fields[HeaderFields.member])
        try:
            self._socket.sendall(message.serialise(self._serial))
            deadline = monotonic() + SECONDS
            while True:
                answer = self._receive(deadline, name)
                fields = answer.header.fields
                if fields.get(HeaderFields.reply_serial) != self._serial:
                    self._signals.append(answer)
                    continue
                if answer.header.message_type is MessageType.error:
                    text = str(answer.body[0]) if answer.body else ""
                    raise Refused(name, str(fields.get(HeaderFields.error_name, "")), text)
                return answer.body
        except OSError as err:
            raise _broken(err) from None

    def _result(self, job: str) -> str:
        """What became of a job: "done", "failed", "timeout" and others."""
        deadline = monotonic() + SECONDS
        try:
            while True:
                while self._signals:
                    message = self._signals.pop(0)
                    member = message.header.fields.get(HeaderFields.member)
                    if member == "JobRemoved" and message.body[1] == job:
                        return str(message.body[3])
                self._signals.append(self._receive(deadline, "wait for JobRemoved"))
        except OSError as err:
            raise _broken(err) from None

    def _receive(self, deadline: float, what: str) -> Message:
        while True:
            message = self._parser.get_next_message()
            if message is not None:
                return message
            left = deadline - monotonic()
            self._socket.settimeout(max(left, 0.001))
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                raise CgroupError(
                    f"systemd: {what}: no answer after {SECONDS:g} s", op=what, code="systemd"
                ) from None
            if not data:
                raise ConnectionResetError(ECONNRESET, "the connection was closed")
            self._parser.add_data(data)


def connect(*, user: bool) -> tuple[socket.socket, bool]:
    """(a connected socket, whether it is a bus). Raises CgroupError."""
    last: OSError | None = None
    tried = []
    for path, bus in addresses(user=user):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        # connect(2) waits as long for a place in the queue, which settimeout() makes it not do.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _pack("ll", int(SECONDS), 0))
        try:
            sock.connect(path)
        except OSError as err:
            sock.close()
            last = err
            tried.append(path)
            continue
        return sock, bus
    which = "the user's systemd" if user else "systemd"
    raise CgroupError(
        f"connect to {which}: {last.strerror if last else 'no address'}",
        op="connect",
        errno=(last.errno or 0) if last else 0,
        path=" ".join(tried),
        code="no-systemd",
        hint="does it run here? without it leave --systemd-cgroup out"
        if not user
        else "set XDG_RUNTIME_DIR, or DBUS_SESSION_BUS_ADDRESS, and have a session",
    )


def addresses(*, user: bool) -> list[tuple[str, bool]]:
    """(path of a socket, whether it is a bus) in the order of trying; "\\0name" is abstract."""
    variable = "DBUS_SESSION_BUS_ADDRESS" if user else "DBUS_SYSTEM_BUS_ADDRESS"
    found = [(path, True) for path in unix_paths(os.environ.get(variable, ""))]
    if not user:
        return [*found, ("/run/dbus/system_bus_socket", True), ("/run/systemd/private", False)]
    directory = os.environ.get("XDG_RUNTIME_DIR", "")
    if directory:
        found += [(f"{directory}/bus", True), (f"{directory}/systemd/private", False)]
    return found


def unix_paths(text: str) -> list[str]:
    """Of a D-Bus address list ("unix:path=/a%20b;unix:abstract=c") those that are sockets here."""
    found = []
    for address in text.split(";"):
        transport, _, rest = address.partition(":")
        pairs = dict(pair.partition("=")[::2] for pair in rest.split(","))
        if transport != "unix":
            continue
        if "path" in pairs:
            found.append(_unescaped(pairs["path"]))
        elif "abstract" in pairs:
            found.append("\0" + _unescaped(pairs["abstract"]))
    return found


def _unescaped(text: str) -> str:
    head, *parts = text.split("%")
    return head + "".join(chr(int(part[:2], 16)) + part[2:] for part in parts)


def _authenticate(sock: socket.socket) -> None:
    """By the socket's own credentials: then the uid need not be told, which in a user
    namespace is not the one that the bus sees."""
    sock.settimeout(SECONDS)
    sock.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\n")
    said = b""
    while not said.endswith(b"\r\n") or b"OK " not in said:
        data = sock.recv(1024)
        said += data
        if not data or b"REJECTED" in said or b"ERROR" in said:
            raise ConnectionRefusedError("it does not accept this user")
    sock.sendall(b"BEGIN\r\n")


def _broken(err: OSError) -> CgroupError:
    return CgroupError(
        f"talk to systemd: {err.strerror or err}",
        op="D-Bus",
        errno=err.errno or 0,
        code="systemd",
    )
