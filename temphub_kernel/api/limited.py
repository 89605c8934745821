"""A bound on the bodies of ordinary requests, which Tornado gathers in memory before a handler sees them. Endpoint thread only."""

from collections.abc import Awaitable

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

from .replies import send_error
from .validate import MAX_BODY, is_too_large, too_large


class Limited(HTTPMessageDelegate):
    """Passes a request on to `inner` while its body stays below the limit; above it the client is told 413."""

    def __init__(self, inner: HTTPMessageDelegate, connection: HTTPConnection) -> None:
        self._inner = inner
        self._connection = connection
        self._size = 0
        self._over = False

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Refuse an announced length before anything is read."""
        if is_too_large(headers.get("Content-Length")):
            self._refuse()
            return None
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Count what comes without an announced length."""
        self._size += len(chunk)
        if self._size > MAX_BODY:
            self._refuse()
        return None if self._over else self._inner.data_received(chunk)

    def finish(self) -> None:
        """The request is complete."""
        if not self._over:
            self._inner.finish()

    def on_connection_close(self) -> None:
        """The client went away."""
        if not self._over:
            self._inner.on_connection_close()

    def _refuse(self) -> None:
        if not self._over:
            self._over = True
            send_error(self._connection, too_large())
