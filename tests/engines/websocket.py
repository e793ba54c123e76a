# SPDX-License-Identifier: Apache-2.0
"""The least of a WebSocket client (RFC 6455) with Kubernetes' channels: each message begins with
the number of a stream, 0 what goes in, 1 what comes out, 3 how it ended."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from urllib.parse import urlsplit

PROTOCOL = "v4.channel.k8s.io"
CLOSE = 8


class Channels:
    """relay: a command whose standard streams lead to an address, for a network of its own."""

    def __init__(self, url: str, relay: list[str]) -> None:
        parts = urlsplit(url)
        ours, theirs = socket.socketpair()
        address = [str(parts.hostname), str(parts.port)]
        self._relay = subprocess.Popen([*relay, *address], stdin=theirs, stdout=theirs)
        theirs.close()
        ours.settimeout(60)
        self._socket = ours
        ours.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n"
            "\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self._exactly(1)
        assert answer.startswith(b"HTTP/1.1 101 "), answer

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self._socket.recv(count - len(found))
            if not part:
                raise EOFError(found)
            found += part
        return found

    def send(self, channel: int, data: bytes) -> None:
        data = bytes([channel]) + data
        assert len(data) < 126
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self._socket.sendall(bytes([0x82, 0x80 | len(data)]) + mask + masked)

    def receive(self) -> tuple[int, bytes]:
        """(channel, data) of the next message that says something. Raises EOFError at the end."""
        while True:
            first, length = self._exactly(2)
            if length == 126:
                (length,) = struct.unpack("!H", self._exactly(2))
            data = self._exactly(length)
            if first & 0xF == CLOSE:
                raise EOFError
            if len(data) > 1:
                return data[0], data[1:]

    def until(self, channel: int, text: bytes) -> bytes:
        """What comes on the channel, up to the text."""
        found = b""
        while text not in found:
            number, data = self.receive()
            found += data if number == channel else b""
        return found

    def close(self) -> None:
        self._socket.close()
        self._relay.kill()
        self._relay.wait()
