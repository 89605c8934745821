"""A bound on the bodies of requests, and answers that are given before a body is read. Endpoint thread only.

Most clients send everything first and read then. Had the connection been closed in their face, they would report a reset
instead of what they were told: so what still comes is read and dropped, for a bounded size here and a bounded time by the
server's `body_timeout`.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import StreamClosedError

from .replies import begin_error
from .validate import MAX_BODY, is_too_large, too_large

# What is dropped of one body at most: more than any mistaken upload that somebody waits for.
MOST_DROPPED = 64 * 1024 * 1024
# Pages send next to nothing.
PAGE_BODY = 64 * 1024


class Early(HTTPMessageDelegate):
    """Answers at the first lines; what still comes of the request is dropped. answer(): writes all of it but its end."""

    def __init__(self, connection: HTTPConnection, answer: Callable[[], None]) -> None:
        self._connection = connection
        self._answer = answer
        self._dropped = 0
        self._over = False

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Answer. Who first asks whether to send the body at all (curl does) is answered in full, so that it never comes."""
        self.begin()
        if "100-continue" in headers.get("Expect", "").lower():
            self._end()
        return None

    def begin(self) -> None:
        """Answer now; `data_received` and `finish` follow as the rest comes."""
        self._answer()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Drop it."""
        self._dropped += len(chunk)
        if self._dropped > MOST_DROPPED:
            self._end()
        return None

    def finish(self) -> None:
        """All was sent: the connection may be used again."""
        self._end()

    def on_connection_close(self) -> None:
        """The client has read its answer and left."""
        self._over = True

    def _end(self) -> None:
        if not self._over:
            self._over = True
            with suppress(StreamClosedError):
                self._connection.finish()


class Limited(HTTPMessageDelegate):
    """Passes a request on to `inner` while its body stays below `most` bytes; above it the client is told 413."""

    def __init__(self, inner: HTTPMessageDelegate, connection: HTTPConnection, most: int = MAX_BODY) -> None:
        self._inner = inner
        self._connection = connection
        self._most = most
        self._size = 0
        self._early: Early | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Refuse an announced length before anything is read."""
        if is_too_large(headers.get("Content-Length"), self._most):
            self._early = refusal(self._connection, self._most)
            return self._early.headers_received(start_line, headers)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Count what comes without an announced length."""
        self._size += len(chunk)
        if self._size > self._most and self._early is None:
            self._inner.on_connection_close()
            self._early = refusal(self._connection, self._most)
            self._early.begin()
        return (self._early or self._inner).data_received(chunk)

    def finish(self) -> None:
        """The request is complete."""
        (self._early or self._inner).finish()

    def on_connection_close(self) -> None:
        """The client went away."""
        (self._early or self._inner).on_connection_close()


def refusal(connection: HTTPConnection, most: int = MAX_BODY) -> Early:
    """The answer to a body that is too large."""
    return Early(connection, lambda: begin_error(connection, too_large(most)))
