"""requests, with a deadline for the whole exchange and no helper from the environment. Any thread; one session per exchange.

requests' own time-outs count from byte to byte: a probe that drips one byte a second would hold a thread for hours.
"""

import errno
import os
import selectors
import socket
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError

from ..base import clock

# How soon a waiting read notices that it should stop.
SLICE_S = 0.2
UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK))


class Limit:
    """How long an exchange may last. stopped: asked while waiting; True ends it early."""

    def __init__(self, connect_s: float, read_s: float, whole_s: float, stopped: Callable[[], bool]) -> None:
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


def _connected(ip: str, port: int, limit: Limit) -> _Socket:
    """A socket connected to a numeric address. Raises OSError; TimeoutError after `connect_s` or when the hub stops."""
    family, kind, protocol, _, place = socket.getaddrinfo(ip, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0]
    own = _Socket(family, kind, protocol)
    try:
        own.limit = limit
        own.setblocking(False)
        code = own.connect_ex(place)
        until = clock.monotonic_s() + limit.connect_s
        with selectors.DefaultSelector() as ready:
            ready.register(own, selectors.EVENT_WRITE)
            while not ready.select(min(limit.left(), SLICE_S)):
                if clock.monotonic_s() >= until:
                    raise TimeoutError("timed out")
        code = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or (code if code not in UNDER_WAY else 0)
        if code:
            raise OSError(code, os.strerror(code))
        own.settimeout(limit.read_s)
    except BaseException:
        own.close()
        raise
    return own


def session(limit: Limit) -> requests.Session:
    """A session for one exchange within `limit`: no proxy, no cookie file, no retry. Close it afterwards."""

    class Connection(HTTPConnection):
        def connect(self) -> None:
            try:
                self.sock = _connected(self.host.strip("[]"), self.port, limit)
            except TimeoutError as error:
                raise ConnectTimeoutError(self, "it does not answer") from error

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": Pool}

    one = requests.Session()
    # A proxy or a .netrc of this computer has nothing to do with a probe on the LAN.
    one.trust_env = False
    one.mount("http://", Adapter(max_retries=0))
    return one
