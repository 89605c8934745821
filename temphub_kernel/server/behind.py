"""The page server answers to the front door only, which shows a secret of this start: nobody else on this computer, and no web page
whose name was pointed at 127.0.0.1, gets past the checks that are made there. Event loop thread only."""

import hmac
from collections.abc import Awaitable
from contextlib import suppress

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import StreamClosedError
from tornado.web import Application

from ..api.limited import PAGE_BODY, Limited
from ..base.page_place import DOOR

WORDS = b"This is the hub's own page server, which answers to the hub only. The page is at the hub's port (PORT, 8088 if it was not set).\n"


class Behind(HTTPServerConnectionDelegate):
    """An application behind the door."""

    def __init__(self, application: Application, secret: str) -> None:
        self.application = application
        self.secret = secret

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        return _Request(self, server_conn, request_conn)


class _Request(HTTPMessageDelegate):
    def __init__(self, behind: Behind, server_conn: object, connection: HTTPConnection) -> None:
        self._start = (behind, server_conn, connection)
        self._inner: HTTPMessageDelegate | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        behind, server_conn, connection = self._start
        shown = headers.get(DOOR, "")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), behind.secret.encode()):
            fields = HTTPHeaders({"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(WORDS))})
            with suppress(StreamClosedError):
                connection.write_headers(ResponseStartLine("HTTP/1.1", 403, "Forbidden"), fields, WORDS)
                connection.finish()
            return None
        # A second time: what comes by another way than the front door's own check (a connection that it no longer reads) is bounded here.
        self._inner = Limited(behind.application.start_request(server_conn, connection), connection, PAGE_BODY)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk) if self._inner else None

    def finish(self) -> None:
        if self._inner:
            self._inner.finish()

    def on_connection_close(self) -> None:
        if self._inner:
            self._inner.on_connection_close()
