"""The fast path of deliveries: connections on which nothing but plain ones come are read and answered here.
Endpoint thread only."""

import asyncio
import logging
import re
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from tornado.iostream import IOStream
from tornado.netutil import add_accept_handler

from ...core import monotonic_s
from .. import metrics, replies
from ..access import Gate, GatedServer, Guard, too_much
from .delivery import Delivery, Ingest

START = b"POST /api/ingest HTTP/1.1\r\n"
END = b"\r\n\r\n"
# Longer heads and bodies are rare; Tornado has its own limits for them.
MAX_HEAD = 4096
MAX_BODY = 65_536
# Fields that change nothing in how a message is read, who may send it, or who is asked. All others are
# Tornado's and the guard's.
NAMES = {
    name.lower(): name
    for name in (
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Content-Type",
        "Content-Length",
        "Connection",
        "Authorization",
        "X-Token",
        "X-Counter",
        "X-Signature",
    )
}
LENGTH = re.compile(r"[1-9][0-9]{0,4}")


class PlainHead(NamedTuple):
    """fields: by their usual spelling; length: bytes of the body, at least 1; closes: whether the connection
    ends with the reply."""

    fields: dict[str, str]
    length: int
    closes: bool


def may_begin(data: bytes) -> bool:
    """Whether bytes that are no whole head yet may become a plain one."""
    return len(data) <= MAX_HEAD and (
        data.startswith(START) if len(data) >= len(START) else START.startswith(data)
    )


def plain_head(data: bytes) -> PlainHead | None:
    """A head without its empty line, or None for one that Tornado is to read."""
    if not data.startswith(START) or not data.isascii() or len(data) > MAX_HEAD:
        return None
    fields: dict[str, str] = {}
    for line in data[len(START) :].decode("ascii").split("\r\n"):
        name, colon, value = line.partition(":")
        known = NAMES.get(name.lower())
        # What is printable holds no tab, no lone CR or LF, no NUL.
        if known is None or not colon or known in fields or not line.isprintable():
            return None
        fields[known] = value.strip(" ")
    length, connection = fields.get("Content-Length", ""), fields.get("Connection", "keep-alive").lower()
    if (
        "Host" not in fields
        or LENGTH.fullmatch(length) is None
        or int(length) > MAX_BODY
        or connection not in ("keep-alive", "close")
    ):
        return None
    return PlainHead(fields, int(length), connection == "close")


log = logging.getLogger(__name__)
# Read at once; also what may lie here of later requests while an answer is awaited.
PIECE = 65_536
NEVER_S = float("inf")
# Deadlines are looked at so often in the shortest of them.
LOOKS = 10


class FastPath:
    """Accepts the connections of a port without TLS.

    server: who goes on with a connection on which something else comes; idle_connection_timeout, body_timeout
    (s): as the server's.
    """

    def __init__(
        self,
        server: GatedServer,
        ingest: Ingest,
        guard: Guard,
        gate: Gate,
        *,
        idle_connection_timeout: float,
        body_timeout: float,
    ) -> None:
        self.server = server
        self.ingest = ingest
        self.guard = guard
        self.gate = gate
        self.idle_s = idle_connection_timeout
        self.body_s = body_timeout
        self.connections: set[PlainConnection] = set()
        self._ports: list[tuple[socket.socket, Callable[[], None]]] = []
        self._closing: asyncio.Task[None] | None = None

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        self._ports += [(one, add_accept_handler(one, self._accepted)) for one in sockets]
        self._closing = asyncio.ensure_future(self._close_overdue())

    def stop(self) -> None:
        """Accept no more, give the ports back."""
        for port, remove in self._ports:
            remove()
            port.close()
        self._ports.clear()

    async def close_all_connections(self) -> None:
        """End those that were not given to the server."""
        if self._closing is not None:
            self._closing.cancel()
        for one in list(self.connections):
            one.close()

    def _accepted(self, connection: socket.socket, address: tuple[str, int]) -> None:
        PlainConnection(self, connection, address).open()

    async def _close_overdue(self) -> None:
        while True:
            await asyncio.sleep(min(self.idle_s, self.body_s) / LOOKS)
            now = monotonic_s()
            for one in [one for one in self.connections if one.deadline_s < now]:
                one.close()


class PlainConnection(replies.WholeReplies):
    """A connection from its first byte until it ends or is given to Tornado. deadline_s: when it is closed
    for saying no more."""

    def __init__(self, path: FastPath, connection: socket.socket, address: tuple[str, int]) -> None:
        self._path = path
        self._socket = connection
        self._address = address
        self._data = b""
        # The head of the request whose body is awaited; and the last one, as sent and as read: a probe sends
        # the same again and again.
        self._head: PlainHead | None = None
        self._last_sent = b""
        self._last_head: PlainHead | None = None
        self._reply = b""
        self._in_turn = self._over_share = self._is_watched = self._has_ended = self._is_closed = False
        self._has_spoken = self._is_expected = False
        self.closes = False
        self.deadline_s = monotonic_s() + path.idle_s

    def open(self) -> None:
        """Take it up, unless the gate says no."""
        if not self._path.gate.takes(self, self._address[0]):
            self._socket.close()
            return
        self._socket.setblocking(False)
        self._path.connections.add(self)
        # Mostly the first request is there already.
        self._receive()

    def closed(self) -> bool:
        """Whether it has ended; one that Tornado goes on with has not."""
        return self._is_closed

    def close(self) -> None:
        """End it. What was delivered in full is stored all the same."""
        if not self._is_closed:
            self._leave()
            self._is_closed = True
            self._path.gate.spoke(self)
            self._path.gate.left(self, self._address[0])
            self._socket.close()

    def write_whole(self, data: bytes) -> None:
        """The reply; `finish` sends it."""
        self._reply = data

    def finish(self) -> None:
        """Send the reply, then wait for the next request."""
        data, self._reply = self._reply, b""
        if self._is_closed:
            return
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        if sent < len(data):
            # A client that does not read; Tornado keeps the rest for it.
            self._hand_over(data[sent:])
        elif self.closes:
            self.close()
        else:
            self._in_turn, self.deadline_s = False, monotonic_s() + self._path.idle_s
            if self._data:
                # Not at once: who sends a hundred requests in a row must not keep the others waiting.
                asyncio.get_running_loop().call_soon(self._go_on)
            else:
                self._wait()

    def _receive(self) -> None:
        """Called by the loop when there is something to read."""
        try:
            data = self._socket.recv(PIECE)
        except BlockingIOError:
            self._wait()
            return
        except OSError:
            self.close()
            return
        if data:
            self._data += data
            self._go_on()
            if self._in_turn and len(self._data) > PIECE:
                self._unwatch()
        elif self._in_turn:
            # It has said all, and may still wait for its answers.
            self._has_ended = True
            self._unwatch()
        else:
            self.close()

    def _go_on(self) -> None:
        if self._in_turn or self._is_closed or not self._data:
            return
        try:
            self._read()
        # One that is readable and that nobody reads would keep the loop busy for ever.
        except Exception:
            log.exception("a connection could not be served")
            self.close()

    def _read(self) -> None:
        """What came is a whole request, the beginning of one, or Tornado's to read."""
        end = self._data.find(END)
        if self._head is None:
            if end < 0 and may_begin(self._data):
                self._wait()
                return
            head = self._head_of(self._data[:end]) if end > 0 else None
            # Each request's line in the log is told by the way through Tornado.
            if head is None or metrics.request_log.isEnabledFor(logging.DEBUG):
                self._hand_over()
                return
            self._begin(head)
        else:
            head = self._head
        start = end + len(END)
        stop = start + head.length
        if len(self._data) < stop:
            self._wait()
            return
        body, self._data, self._head = self._data[start:stop], self._data[stop:], None
        self._in_turn, self.deadline_s = True, NEVER_S
        self._answer(head, body)

    def _head_of(self, sent: bytes) -> PlainHead | None:
        if sent != self._last_sent:
            self._last_sent, self._last_head = sent, plain_head(sent)
        return self._last_head

    def _begin(self, head: PlainHead) -> None:
        """What is done at a request's first lines, before its body is there."""
        path = self._path
        self._head = head
        # Who comes every twenty seconds need not keep a place that others lack.
        self.closes = head.closes or (path.ingest.gathering.every_ms > 0 and path.gate.is_crowded)
        self.deadline_s = monotonic_s() + path.body_s
        self._has_spoken = True
        if self._is_expected:
            path.gate.spoke(self)
        self._over_share = path.guard.asks_too_often(self._address[0])

    def _answer(self, head: PlainHead, body: bytes) -> None:
        ingest, address = self._path.ingest, self._address[0]
        if self._over_share:
            error = too_much(f"The address {address}")
            ingest.metrics.refused(error)
            asyncio.get_running_loop().call_later(self._path.guard.wait_s(), replies.send_error, self, error)
        else:
            Delivery(ingest, self, address).whole(head.fields, body)

    def _hand_over(self, unsent: bytes = b"") -> None:
        """Let Tornado go on: with the rest of a reply, and with what came and was not answered yet."""
        self._leave()
        stream = _Continued(self._socket, self._data)
        self._data = b""
        self._path.gate.moved(self, stream, self._address[0])
        if not self._has_spoken and not self._is_expected:
            self._path.gate.expects(stream)
        if unsent:
            written = stream.write(unsent)
            if self.closes:
                written.add_done_callback(lambda _: stream.close())
                return
        self._path.server.serve(stream, self._address)

    def _leave(self) -> None:
        self._unwatch()
        self._path.connections.discard(self)

    def _wait(self) -> None:
        """For more to read."""
        if self._has_ended:
            self.close()
            return
        if not self._has_spoken and not self._is_expected:
            self._is_expected = True
            self._path.gate.expects(self)
        if not self._is_watched:
            self._is_watched = True
            # It stays: a reply is sent in one piece, and must not wait until the one before it was seen to
            # arrive.
            with suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def _unwatch(self) -> None:
        if self._is_watched:
            self._is_watched = False
            asyncio.get_running_loop().remove_reader(self._socket)


class _Continued(IOStream):
    """Tornado's stream of a connection of which the first bytes were read already."""

    def __init__(self, connection: socket.socket, data: bytes) -> None:
        super().__init__(connection)
        self._kept = data

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        if not self._kept:
            return super().read_from_fd(buf)
        size = min(len(self._kept), len(buf))
        buf[:size], self._kept = self._kept[:size], self._kept[size:]
        return size
