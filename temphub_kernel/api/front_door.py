"""The front door: pages and websockets forwarded to Voilà, streaming, with the original Host. Endpoint thread only.

Nothing is held: each piece is awaited on its way out before the next is taken in, so a slow reader costs one
piece of memory, and one that takes nothing for `STALLED_S` is let go.
"""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta

from tornado.gen import with_timeout
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient
from tornado.util import TimeoutError as Late

from ..base.errors import TempHubError
from ..base.page_place import DOOR
from .headers import protect_page
from .replies import send_error

log = logging.getLogger(__name__)
# Headers that speak of one connection, not of the message (RFC 9110, 7.6.1).
HOP_BY_HOP = ("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade")
PIECE = 64 * 1024
CONNECT_S = 5.0
STALLED_S = 60.0
GONE = (StreamClosedError, Late, asyncio.TimeoutError, OSError)


class FrontDoor:
    """Where pages come from: the page server on this computer; `secret` is shown with each request."""

    def __init__(self, host: str, port: int, secret: str = "") -> None:
        self._host = host
        self._port = port
        self.secret = secret
        self._client = TCPClient()
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> IOStream:
        """A new connection to the page server. Raises TempHubError when there is none."""
        try:
            return await self._client.connect(self._host, self._port, timeout=CONNECT_S)
        except GONE as error:
            raise _no_page() from error

    def go(self, work: Awaitable[None]) -> None:
        """Run `work` beside the request, kept until it is done."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End everything that is still being forwarded."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.close()


class Relay(HTTPMessageDelegate):
    """One request on its way to the page server, and the answer on its way back."""

    def __init__(self, door: FrontDoor, connection: HTTP1Connection, address: str) -> None:
        self._door = door
        self._connection = connection
        self._address = address
        self._back: HTTP1Connection | None = None

    async def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        """Open the way; a websocket becomes a plain tunnel."""
        assert isinstance(start_line, RequestStartLine)
        headers["X-Forwarded-For"] = self._address
        headers["X-Forwarded-Proto"] = "http"
        headers[DOOR] = self._door.secret
        try:
            stream = await self._door.connect()
        except TempHubError as error:
            send_error(self._connection, error)
            return
        if headers.get("Upgrade", "").lower() == "websocket":
            self._door.go(_tunnel(self._connection.detach(), stream, _head(start_line, headers)))
            return
        for name in HOP_BY_HOP:
            headers.pop(name, None)
        # The body's limit is the page server's to set; here it only passes through.
        self._connection.set_max_body_size(2**62)
        self._back = HTTP1Connection(stream, True, HTTP1ConnectionParameters(max_body_size=2**62, chunk_size=PIECE))
        await _taken(self._back.write_headers(start_line, headers))
        self._door.go(self._answer(self._back))

    async def data_received(self, chunk: bytes) -> None:
        """A piece of the request's body."""
        if self._back is not None:
            try:
                await _taken(self._back.write(chunk))
            except GONE:
                self.on_connection_close()

    def finish(self) -> None:
        """The request is complete."""
        if self._back is not None and self._back.stream is not None and not self._back.stream.closed():
            self._back.finish()

    def on_connection_close(self) -> None:
        """The client is gone: so is the need for an answer."""
        if self._back is not None:
            self._back.close()

    async def _answer(self, back: HTTP1Connection) -> None:
        answer = _Answer(self._connection)
        self._connection.set_close_callback(back.close)
        try:
            await back.read_response(answer)
        except GONE:
            pass
        finally:
            back.close()
            if not answer.begun:
                send_error(self._connection, _no_page())
            elif not answer.complete:
                self._connection.close()


class _Answer(HTTPMessageDelegate):
    """Passes the page server's answer on, piece by piece."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self.begun = False
        self.complete = False

    async def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        for name in HOP_BY_HOP:
            headers.pop(name, None)
        protect_page(headers)
        self.begun = True
        await _taken(self._connection.write_headers(start_line, headers))

    async def data_received(self, chunk: bytes) -> None:
        await _taken(self._connection.write(chunk))

    def finish(self) -> None:
        self.complete = True
        self._connection.finish()


async def _tunnel(front: IOStream, back: IOStream, head: bytes) -> None:
    try:
        await _taken(back.write(head))
        await asyncio.gather(_pour(front, back), _pour(back, front))
    except GONE:
        pass
    finally:
        front.close()
        back.close()


async def _pour(source: IOStream, sink: IOStream) -> None:
    while True:
        await _taken(sink.write(await source.read_bytes(PIECE, partial=True)))


async def _taken(write: Awaitable[None]) -> None:
    await with_timeout(timedelta(seconds=STALLED_S), write, quiet_exceptions=StreamClosedError)


def _head(start_line: RequestStartLine, headers: HTTPHeaders) -> bytes:
    lines = [f"{start_line.method} {start_line.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.get_all())]
    return "\r\n".join([*lines, "", ""]).encode("latin1")


def _no_page() -> TempHubError:
    return TempHubError(
        "The page server does not answer, so the page cannot be shown; readings are stored all the same.",
        "Reload in a few seconds; if it lasts, restart the hub.",
        code="page_unavailable",
        status=502,
    )
