"""HTTP replies written straight to a connection, without a request handler. Endpoint thread only."""

import json
from asyncio import Future
from collections.abc import Callable
from contextlib import suppress
from http.client import responses
from typing import Any

from tornado.httputil import HTTPConnection, HTTPHeaders, ResponseStartLine
from tornado.iostream import StreamClosedError

from ..base.errors import HubFault, TempHubError
from ..trust import Proven

JSON = "application/json; charset=UTF-8"
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
ALWAYS_TEXT = "".join(f"{name}: {value}\r\n" for name, value in ALWAYS.items())
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


def send(connection: HTTPConnection, status: int, body: bytes, content_type: str = JSON, **headers: str) -> None:
    """Write one whole reply. A client that is gone already is no error."""
    begin(connection, status, body, content_type, **headers)
    if isinstance(connection, WholeReplies):
        connection.finish()
        return
    with suppress(StreamClosedError):
        connection.finish()


def begin(connection: HTTPConnection, status: int, body: bytes, content_type: str = JSON, **headers: str) -> None:
    """Write a whole reply but do not end it yet: the request is still on its way."""
    if isinstance(connection, WholeReplies):
        connection.write_whole(_whole(status, body, content_type, headers, closes=connection.closes))
        return
    fields = HTTPHeaders({"Content-Type": content_type, "Content-Length": str(len(body)), **ALWAYS})
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    with suppress(StreamClosedError):
        connection.write_headers(ResponseStartLine("HTTP/1.1", status, responses.get(status, "Unknown")), fields, body)


def _whole(status: int, body: bytes, content_type: str, headers: dict[str, str], *, closes: bool) -> bytes:
    """The same bytes that Tornado would send."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()) if headers else ""
    end = "Connection: close\r\n\r\n" if closes else "\r\n"
    return (
        f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        f"{ALWAYS_TEXT}{more}{end}"
    ).encode("latin1") + body


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
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def unforeseen() -> TempHubError:
    """What a client is told when the hub itself is at fault: never a stack trace."""
    return HubFault(
        "The hub met an unforeseen error and did not take this request.",
        "Send it again; if it lasts, look into the hub's log.",
    )
