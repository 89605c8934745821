"""The one HTTP client: an exchange with an end in time and in bytes, and no helper from the environment. Any
thread.

It is the standard library's. With `requests` all of this had to be built into its pools and adapters anyway
(its time-outs count from byte to byte, so one who drips a byte a second would hold a thread for hours), and
what it adds had to be turned off again: proxies, .netrc, redirects, retries, unpacking. Two do without it,
for a reason that stands there: the webhook (TLS, whose sockets cannot be given an end like this one's) and
the server's event loop (Tornado's own client, which does not block it).
"""

import errno
import http.client
import os
import selectors
import socket
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from . import clock

# How soon a waiting read notices that it should stop.
SLICE_S = 0.2
UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK))


class NoConnection(TimeoutError):
    """Raised when nobody takes the connection in time."""


class Limit:
    """How long an exchange may last. stopped: asked while waiting; True ends it early."""

    def __init__(
        self, connect_s: float, read_s: float, whole_s: float, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self.connect_s = connect_s
        self.read_s = read_s
        self.stopped = stopped
        self._end = clock.monotonic_s() + whole_s

    def left(self) -> float:
        """Seconds left; raises TimeoutError when there are none or the hub stops."""
        left = self._end - clock.monotonic_s()
        if left <= 0 or self.stopped():
            raise TimeoutError("timed out")
        return left


class Reply(NamedTuple):
    """What came back. body: at most one byte more than was allowed, so that too long an answer is seen."""

    status: int
    body: bytes


def exchange(
    method: str,
    url: str,
    limit: Limit,
    most_bytes: int,
    body: bytes | None = None,
    headers: Mapping[str, str] = {},
) -> Reply:
    """One request over http and its reply, whatever its status; a redirect is an answer like any other and
    never followed.

    Raises OSError (NoConnection, TimeoutError) and ValueError (what came is no HTTP).
    """
    parts = urlsplit(url)
    connection = _Connection(parts.hostname or "", parts.port or 80)
    connection.limit = limit
    try:
        send = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, send)
        reply = connection.getresponse()
        return Reply(reply.status, reply.read(most_bytes + 1))
    except http.client.HTTPException as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    limit: Limit

    def connect(self) -> None:
        self.sock = _connected(self.host, self.port, self.limit)


class _Socket(socket.socket):
    """A socket whose reads end with the limit, however slowly bytes come in."""

    limit: Limit

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        quiet_until = clock.monotonic_s() + self.limit.read_s
        while True:
            left = min(self.limit.left(), quiet_until - clock.monotonic_s())
            if left <= 0:
                raise TimeoutError("timed out")
            self.settimeout(min(left, SLICE_S))
            try:
                return super().recv_into(*args, **kwargs)
            except TimeoutError:
                continue


def _connected(host: str, port: int, limit: Limit) -> _Socket:
    """A socket connected to the first address of `host`. Raises OSError; NoConnection after `connect_s` or
    when the hub stops."""
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    own = _Socket(family, kind, protocol)
    try:
        own.limit = limit
        own.setblocking(False)
        code = own.connect_ex(place)
        until = clock.monotonic_s() + limit.connect_s
        with selectors.DefaultSelector() as ready:
            ready.register(own, selectors.EVENT_WRITE)
            while not ready.select(min(_left(limit), SLICE_S)):
                if clock.monotonic_s() >= until:
                    raise NoConnection("timed out")
        code = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or (code if code not in UNDER_WAY else 0)
        if code:
            raise OSError(code, os.strerror(code))
        own.settimeout(limit.read_s)
    except BaseException:
        own.close()
        raise
    return own


def _left(limit: Limit) -> float:
    try:
        return limit.left()
    except TimeoutError as error:
        raise NoConnection(str(error)) from error
