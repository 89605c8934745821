"""HTTP replies written straight to a connection, their headers, and answers given before a body is read.
Endpoint thread only."""

import json
from asyncio import Future
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from http.client import responses
from typing import Any

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from ..core import HubFault, TempHubError
from ..trust import Proven
from .schemas import MAX_BODY, is_too_large, too_large

# Voilà's page is made of scripts and styles inside the page: no way round 'unsafe-inline'. What remains:
# nothing comes from, and nothing goes to, anywhere else, and no text is made into code.
PAGE_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:;"
    " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
FORM_CSP = (
    "default-src 'none'; img-src 'self' data:; manifest-src 'self'; style-src 'unsafe-inline';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_CSP = "default-src 'none'; frame-ancestors 'none'"
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def protect(handler: RequestHandler, policy: str = DATA_CSP) -> None:
    """For a handler's own reply."""
    for name, value in COMMON.items():
        handler.set_header(name, value)
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("Cache-Control", "no-store")
    handler.clear_header("Server")


def protect_page(headers: HTTPHeaders) -> None:
    """For a reply of the page server's, on its way out."""
    for name, value in COMMON.items():
        headers[name] = value
    headers["Content-Security-Policy"] = PAGE_CSP
    headers.pop("Server", None)


JSON = "application/json; charset=UTF-8"
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
ALWAYS_TEXT = "".join(f"{name}: {value}\r\n" for name, value in ALWAYS.items())
# As json.dumps does it, with one encoder for all.
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
RETRY_S = {429: "1", 503: "5", 507: "5"}


class MethodNotAllowed(TempHubError):
    """Raised when a path is there and is not asked in this way; answered with the ways that there are."""

    code = "method_not_allowed"
    status = 405


class WholeReplies(HTTPConnection):
    """A connection that takes a reply as bytes, and never raises. closes: whether it ends with this reply."""

    closes = False

    def write_whole(self, data: bytes) -> None:
        """A reply from its first byte to its last; `finish` follows."""
        raise NotImplementedError


def send(
    connection: HTTPConnection, status: int, body: bytes, content_type: str = JSON, **headers: str
) -> None:
    """Write one whole reply. A client that is gone already is no error."""
    begin(connection, status, body, content_type, **headers)
    if isinstance(connection, WholeReplies):
        connection.finish()
        return
    with suppress(StreamClosedError):
        connection.finish()


def begin(
    connection: HTTPConnection, status: int, body: bytes, content_type: str = JSON, **headers: str
) -> None:
    """Write a whole reply but do not end it yet: the request is still on its way."""
    if isinstance(connection, WholeReplies):
        connection.write_whole(_whole(status, body, content_type, headers, closes=connection.closes))
        return
    fields = HTTPHeaders({"Content-Type": content_type, "Content-Length": str(len(body)), **ALWAYS})
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    with suppress(StreamClosedError):
        connection.write_headers(
            ResponseStartLine("HTTP/1.1", status, responses.get(status, "Unknown")), fields, body
        )


def _whole(status: int, body: bytes, content_type: str, headers: dict[str, str], *, closes: bool) -> bytes:
    """The same bytes that Tornado would send."""
    more = (
        "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        if headers
        else ""
    )
    start, end = _ends_of_head(status, content_type, len(body), closes)
    return start + more.encode("latin1") + end + body if more else start + end + body


# Deliveries are answered in few ways.
@lru_cache(maxsize=256)
def _ends_of_head(status: int, content_type: str, length: int, closes: bool) -> tuple[bytes, bytes]:
    """A head's fields that every reply has, and what ends it."""
    start = (
        f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}\r\nContent-Type: {content_type}"
        f"\r\nContent-Length: {length}\r\n{ALWAYS_TEXT}"
    )
    return start.encode("latin1"), b"Connection: close\r\n\r\n" if closes else b"\r\n"


def send_error(connection: HTTPConnection, error: TempHubError, proven: Proven | None = None) -> None:
    """Write an error as every reply of the hub carries it; signed for a delivery that was proven."""
    begin_error(connection, error, proven)
    with suppress(StreamClosedError):
        connection.finish()


def begin_error(connection: HTTPConnection, error: TempHubError, proven: Proven | None = None) -> None:
    """The same without its end."""
    extra = {"Retry_After": RETRY_S[error.status]} if error.status in RETRY_S else {}
    if error.status == 405:
        extra["Allow"] = "GET, POST"
    body = dump(error.as_json())
    if proven is not None:
        extra["X_Signature"] = proven.reply(error.status, body)
    begin(connection, error.status, body, **extra)


def bodiless(connection: HTTPConnection) -> None:
    """For HEAD: whoever answers may answer as to GET, and nothing but the head goes out."""
    head: Callable[..., Any] = connection.write_headers

    def write_headers(start: ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None) -> Any:
        return head(start, headers)

    def write(chunk: bytes) -> "Future[None]":
        done: Future[None] = Future()
        done.set_result(None)
        return done

    connection.write_headers = write_headers  # type: ignore[method-assign, assignment]
    connection.write = write  # type: ignore[method-assign]


def dump(value: Any) -> bytes:
    """JSON as sent."""
    return ENCODER.encode(value).encode()


def unforeseen() -> TempHubError:
    """What a client is told when the hub itself is at fault: never a stack trace."""
    return HubFault(
        "The hub met an unforeseen error and did not take this request.",
        "Send it again; if it lasts, look into the hub's log.",
    )


# What is dropped of one body at most: more than any mistaken upload that somebody waits for.
MOST_DROPPED = 64 * 1024 * 1024
# Pages send next to nothing.
PAGE_BODY = 64 * 1024


class Early(HTTPMessageDelegate):
    """Answers at the first lines; what still comes of the request is dropped. answer(): writes all of it but
    its end."""

    def __init__(self, connection: HTTPConnection, answer: Callable[[], None]) -> None:
        self._connection = connection
        self._answer = answer
        self._dropped = 0
        self._over = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Answer. Who first asks whether to send the body at all (curl does) is answered in full, so that it
        never comes."""
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
    """Passes a request on to `inner` while its body stays below `most` bytes; above it the client is told
    413."""

    def __init__(self, inner: HTTPMessageDelegate, connection: HTTPConnection, most: int = MAX_BODY) -> None:
        self._inner = inner
        self._connection = connection
        self._most = most
        self._size = 0
        self._early: Early | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
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
