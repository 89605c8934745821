"""The front door: pages and websockets forwarded to Voilà, streaming, with the original Host. Endpoint thread
only.

Nothing is held: each piece is awaited on its way out before the next is taken in, so a slow reader costs one
piece of memory, and one that takes nothing for `STALLED_S` is let go.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tornado.gen import with_timeout
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient
from tornado.util import TimeoutError as Late

from ..core import DOOR_HEADER, PagePlace, TempHubError, Unavailable, monotonic_s, network
from . import not_found, replies

log = logging.getLogger(__name__)
# Headers that speak of one connection, not of the message (RFC 9110, 7.6.1).
HOP_BY_HOP = ("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade")
PIECE = 64 * 1024
CONNECT_S = 5.0
STALLED_S = 60.0
# A page sends a kilobyte or two a second. What it sends too early is not read: it waits where it is.
UP_AT_ONCE, UP_S = 256 * 1024, 64 * 1024
# Pages of one address; a household's or a laboratory's screens are far fewer.
MOST_TUNNELS_EACH = 100
GONE = (StreamClosedError, Late, asyncio.TimeoutError, OSError)


class FrontDoor:
    """Where pages come from: the page server on this computer. page: asked at each request where it is, which
    may be nowhere."""

    def __init__(self, page: Callable[[], PagePlace | None]) -> None:
        self._page = page
        self._client = TCPClient()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tunnels: Counter[str] = Counter()

    async def connect(self) -> tuple[IOStream, str]:
        """(a new connection to the page server, the secret to show it). Raises TempHubError when there is
        none."""
        place = self._page()
        if place is None:
            raise _no_page()
        try:
            return await self._client.connect(place.host, place.port, timeout=CONNECT_S), place.secret
        except GONE as error:
            raise _no_page() from error

    def tunnel(self, address: str, front: IOStream, back: IOStream, head: bytes) -> None:
        """Let a page and the page server speak to each other, until one of them ends it."""
        self._tunnels[address] += 1
        self.go(self._through(address, _tunnel(front, back, head)))

    def has_room(self, address: str) -> bool:
        """Whether one more page of an address may be connected."""
        return self._tunnels[address] < MOST_TUNNELS_EACH

    async def _through(self, address: str, work: Awaitable[None]) -> None:
        try:
            await work
        finally:
            self._tunnels[address] -= 1
            self._tunnels += Counter()

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

    def __init__(
        self,
        door: FrontDoor,
        connection: HTTP1Connection,
        address: str,
        protocol: str = "http",
        shown: str = "anyone",
    ) -> None:
        self._door = door
        self._protocol = protocol
        self._connection = connection
        self._address, self._shown = address, shown
        self._back: HTTP1Connection | None = None
        self._left = False
        self._closes = False
        self._path, self._language = "/", ""

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        """Open the way; a websocket becomes a plain tunnel."""
        assert isinstance(start_line, RequestStartLine)
        if start_line.version == "HTTP/1.0":
            # It knows no chunks: the end of the connection is the end of the page, whatever it would rather
            # have.
            self._closes = True
            headers.pop("Connection", None)
        # Of its own: Tornado reads from the one that it gave us how the body comes.
        headers = headers.copy()
        self._path, self._language = start_line.path.partition("?")[0], not_found.speaks(headers)
        headers["X-Forwarded-For"] = self._address
        headers[network.VISITOR_HEADER] = network.visitor(self._address, self._shown)
        headers["X-Forwarded-Proto"] = self._protocol
        tunnel = headers.get("Upgrade", "").lower() == "websocket"
        try:
            if tunnel and not self._door.has_room(self._address):
                raise _crowded(self._address)
            stream, headers[DOOR_HEADER] = await self._door.connect()
        except TempHubError as error:
            self._tell(error)
            return
        if tunnel:
            self._door.tunnel(self._address, self._connection.detach(), stream, _head(start_line, headers))
            return
        for name in HOP_BY_HOP:
            headers.pop(name, None)
        # The body's limit is the page server's to set; here it only passes through.
        self._connection.set_max_body_size(2**62)
        self._back = HTTP1Connection(
            stream, True, HTTP1ConnectionParameters(max_body_size=2**62, chunk_size=PIECE)
        )
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
        """The client is gone, or answered already: so is the need for an answer."""
        self._left = True
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
            if answer.refused:
                self._tell(not_found.of_page_server(answer.refused, self._path))
            elif not answer.begun:
                self._tell(_no_page())
            elif not answer.complete or self._closes:
                self._connection.close()

    def _tell(self, error: TempHubError) -> None:
        """The hub's own words, for a browser as a page."""
        if not self._left:
            early = not_found.told(self._connection, error, language=self._language)
            early.begin()
            early.finish()


class _Answer(HTTPMessageDelegate):
    """Passes the page server's answer on, piece by piece."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self.begun = False
        self.complete = False
        self.refused = 0
        self._head: tuple[ResponseStartLine, HTTPHeaders] | None = None

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        if start_line.code >= 400:
            # Its page of this would be Jupyter's: the hub has words of its own.
            self.refused = start_line.code
            return
        # A copy, here as well: without "chunked" in it the chunks themselves would be passed on, which only
        # HTTP/1.1 put right by chance.
        headers = headers.copy()
        for name in HOP_BY_HOP:
            headers.pop(name, None)
        replies.protect_page(headers)
        # With the first piece: where none follows there are words instead, and no empty page for ever.
        self._head = start_line, headers

    async def data_received(self, chunk: bytes) -> None:
        if self._head:
            await _taken(self._begin(chunk))
        elif not self.refused:
            await _taken(self._connection.write(chunk))

    def finish(self) -> None:
        self.complete = True
        if self._head:
            self._begin()
        if not self.refused:
            self._connection.finish()

    def _begin(self, chunk: bytes | None = None) -> Awaitable[None]:
        assert self._head
        head, self._head, self.begun = self._head, None, True
        return self._connection.write_headers(*head, chunk)


async def _tunnel(front: IOStream, back: IOStream, head: bytes) -> None:
    try:
        await _taken(back.write(head))
        await asyncio.gather(_pour_slowly(front, back), _pour(back, front))
    except GONE:
        pass
    finally:
        front.close()
        back.close()


async def _pour(source: IOStream, sink: IOStream) -> None:
    while True:
        await _taken(sink.write(await source.read_bytes(PIECE, partial=True)))


async def _pour_slowly(source: IOStream, sink: IOStream) -> None:
    left, since_s = float(UP_AT_ONCE), monotonic_s()
    while True:
        piece = await source.read_bytes(PIECE, partial=True)
        now_s = monotonic_s()
        left, since_s = min(UP_AT_ONCE, left + (now_s - since_s) * UP_S) - len(piece), now_s
        await _taken(sink.write(piece))
        if left < 0:
            await asyncio.sleep(-left / UP_S)


async def _taken(write: Awaitable[None]) -> None:
    await with_timeout(timedelta(seconds=STALLED_S), write, quiet_exceptions=StreamClosedError)


def _head(start_line: RequestStartLine, headers: HTTPHeaders) -> bytes:
    lines = [
        f"{start_line.method} {start_line.path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.get_all()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin1")


def _crowded(address: str) -> TempHubError:
    return Unavailable(
        f"{MOST_TUNNELS_EACH} pages of the address {address} are open already, so this one is not connected.",
        "Close pages that nobody looks at; behind a proxy name it in TRUSTED_PROXIES, so that each visitor "
        "counts by his own address.",
        code="too_many_pages",
    )


def _no_page() -> TempHubError:
    return Unavailable(
        "The page server is being started, so the page cannot be shown yet; readings are stored all the "
        "same.",
        "Wait a few seconds; if it lasts, `temphub doctor` says why.",
        code="page_unavailable",
    )
