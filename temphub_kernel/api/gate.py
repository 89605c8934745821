"""How many connections there may be, in all and from one address, and how long a silent one may stay. Endpoint thread only.

A stranger that opens hundreds of connections and says nothing ("slow loris") takes its own places only; when all are taken,
the connection that has said nothing for longest makes room.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from .share import BUSY, FairShare

HEAD_S = 10.0
# Windows lets one loop watch 512 sockets, and a page takes two of them for each connection.
MOST, MOST_EACH = (200, 100) if sys.platform == "win32" else (1500, 400)
NEW_BUSY, NEW_FLOOR = 200, 50
# Probes keep their connection, so one that opens many a second may be the only one that opens any.
# An address that floods is slowed down even where only one other one is there.
LEAST = 4
# This computer itself: the supervisor and the virtual probes come from there.
HOME = ("127.0.0.1", "::1")


class Gate:
    """Counts connections. most: in all; most_each: from one address; head_s: until its first request must be there.

    busy: requests a second from which on shares count; `asking` are those by address, `delivering` those by probe.
    """

    def __init__(self, *, most: int = MOST, most_each: int = MOST_EACH, head_s: float = HEAD_S, busy: int = BUSY) -> None:
        self.asking = FairShare(busy=busy, least=LEAST)
        self.delivering = FairShare(busy=busy)
        self._most = min(most, _files_allowed(most))
        self._most_each = min(most_each, max(self._most // 2, 1))
        self._head_s = head_s
        self._open: dict[str, WeakSet[IOStream]] = {}
        self._all: WeakSet[IOStream] = WeakSet()
        self._silent: dict[IOStream, asyncio.TimerHandle] = {}
        self._share = FairShare(busy=NEW_BUSY, floor=NEW_FLOOR, least=LEAST, alone=False)

    def takes(self, stream: IOStream, address: str) -> bool:
        """Whether a new connection may stay."""
        if (address not in HOME and (self._share.over(address) or not self._room_for(address))) or not self._room():
            return False
        self._open.setdefault(address, WeakSet()).add(stream)
        self._all.add(stream)
        loop = asyncio.get_running_loop()
        self._silent[stream] = loop.call_later(self._head_s, self._drop, stream)
        return True

    def spoke(self, stream: IOStream | None) -> None:
        """Its first request is there."""
        if stream is not None and (handle := self._silent.pop(stream, None)) is not None:
            handle.cancel()

    def close(self) -> None:
        """Forget every deadline."""
        for handle in self._silent.values():
            handle.cancel()
        self._silent.clear()

    def _room_for(self, address: str) -> bool:
        if len(self._open.get(address, ())) < self._most_each:
            return True
        return self._count(self._open[address]) < self._most_each

    def _room(self) -> bool:
        if len(self._all) < self._most or self._count(self._all) < self._most:
            return True
        if not self._silent:
            return False
        self._drop(next(iter(self._silent)))
        return True

    def _count(self, streams: "WeakSet[IOStream]") -> int:
        """How many are open; those that ended are forgotten."""
        for stream in [one for one in streams if one.closed()]:
            streams.discard(stream)
            self.spoke(stream)
        if streams is self._all:
            self._open = {address: left for address, left in self._open.items() if len(left)}
        return len(streams)

    def _drop(self, stream: IOStream) -> None:
        self.spoke(stream)
        stream.close()


class GatedServer(HTTPServer):
    """Tornado's server with a gate before it."""

    gate: Callable[[IOStream, str], bool]

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        """A connection was accepted."""
        if self.gate(stream, address[0]):
            super().handle_stream(stream, address)
        else:
            stream.close()


def _files_allowed(wanted: int) -> int:
    """How many connections the system's limit of open files leaves room for, after asking for more."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = 2 * wanted + 256
    if soft != resource.RLIM_INFINITY and soft < need:
        most = need if hard == resource.RLIM_INFINITY else min(need, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return wanted if soft == resource.RLIM_INFINITY else max((soft - 256) // 2, 16)
