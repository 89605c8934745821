"""An MQTT broker that follows the public text (MQTT 3.1.1) in what it answers, and breaks it in the topics
that it hands out."""

import socket
import struct
import threading
from contextlib import suppress

from .waiting import PATIENCE_S

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ = 1, 3, 4, 8, 12
OURS = b'{"origin": {"name": "TempHub"}, "availability": [{"topic": "temphub/status"}]}'
TOPICS = (
    b"homeassistant/sensor/temphub/#/config",
    b"homeassistant/sensor/temphub/+/config",
    b"homeassistant/sensor/temphub/a\0b/config",
    b"homeassistant/sensor/temphub/\xff\xfe/config",
    b"homeassistant/sensor/temphub/" + b"x" * 65_000 + b"/config",
    b"temphub/status/" + b"x" * 65_000,
    b"temphub/status/\xed\xa0\x80",
    b"temphub/status/#",
    b"/",
)


class OddBroker:
    """published: {topic: last payload}; connections: how often somebody connected."""

    def __init__(self) -> None:
        self.published: dict[str, bytes] = {}
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="odd-broker")

    def __enter__(self) -> "OddBroker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(PATIENCE_S)

    def got(self, topic: str, part: bytes) -> bool:
        """Whether a topic's last message holds a part."""
        return part in self.published.get(topic, b"")

    def _serve(self) -> None:
        while True:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(one)
            with suppress(OSError, EOFError):
                self._talk(one)

    def _talk(self, one: socket.socket) -> None:
        while True:
            kind, body = self._packet(one)
            if kind >> 4 == CONNECT:
                one.sendall(b"\x20\x02\x00\x00")
            elif kind >> 4 == SUBSCRIBE:
                count = body[2:].count(b"\x01")
                one.sendall(bytes([0x90, 2 + count]) + body[:2] + b"\x01" * count)
                for topic in TOPICS:
                    one.sendall(
                        b"\x30"
                        + _length(2 + len(topic) + len(OURS))
                        + struct.pack("!H", len(topic))
                        + topic
                        + OURS
                    )
            elif kind >> 4 == PUBLISH:
                (size,) = struct.unpack("!H", body[:2])
                rest = body[2 + size :]
                if kind & 6:
                    one.sendall(b"\x40\x02" + rest[:2])
                    rest = rest[2:]
                self.published[body[2 : 2 + size].decode("utf-8", "replace")] = rest
            elif kind >> 4 == PINGREQ:
                one.sendall(b"\xd0\x00")

    def _packet(self, one: socket.socket) -> tuple[int, bytes]:
        kind, size, shift = self._take(one, 1)[0], 0, 0
        while True:
            digit = self._take(one, 1)[0]
            size |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return kind, self._take(one, size)

    @staticmethod
    def _take(one: socket.socket, count: int) -> bytes:
        found = b""
        while len(found) < count:
            piece = one.recv(count - len(found))
            if not piece:
                raise EOFError
            found += piece
        return found


def _length(size: int) -> bytes:
    found = bytearray()
    while True:
        size, digit = size >> 7, size & 127
        found.append(digit | (128 if size else 0))
        if not size:
            return bytes(found)
