"""HTTP replies written straight to a connection, without a request handler. Endpoint thread only."""

import json
from http.client import responses
from typing import Any

from tornado.httputil import HTTPConnection, HTTPHeaders, ResponseStartLine
from tornado.iostream import StreamClosedError

from ..base.errors import TempHubError
from ..trust import Proven

JSON = "application/json; charset=UTF-8"
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
RETRY_S = {429: "1", 503: "5", 507: "5"}


def send(connection: HTTPConnection, status: int, body: bytes, content_type: str = JSON, **headers: str) -> None:
    """Write one whole reply. A client that is gone already is no error."""
    fields = HTTPHeaders({"Content-Type": content_type, "Content-Length": str(len(body)), **ALWAYS})
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    try:
        connection.write_headers(ResponseStartLine("HTTP/1.1", status, responses.get(status, "Unknown")), fields, body)
        connection.finish()
    except StreamClosedError:
        pass


def send_error(connection: HTTPConnection, error: TempHubError, proven: Proven | None = None) -> None:
    """Write an error as every reply of the hub carries it; signed for a delivery that was proven."""
    extra = {"Retry_After": RETRY_S[error.status]} if error.status in RETRY_S else {}
    if error.status == 405:
        extra["Allow"] = "GET, POST"
    body = dump(error.as_json())
    if proven is not None:
        extra["X_Signature"] = proven.reply(error.status, body)
    send(connection, error.status, body, **extra)


def dump(value: Any) -> bytes:
    """JSON as sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def unforeseen() -> TempHubError:
    """What a client is told when the hub itself is at fault: never a stack trace."""
    return TempHubError(
        "The hub met an unforeseen error and did not take this request.",
        "Send it again; if it lasts, look into the hub's log.",
        code="internal",
        status=500,
    )
