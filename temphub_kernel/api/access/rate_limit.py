"""How much one address may have: connections, and a fair share while there is much to do. Endpoint thread
only; bounded."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from ...core import TempHubError, TooOften, monotonic_s
from .tarpit import Line

# Below this many requests a second in all nobody is in anybody's way.
BUSY = 300
# What everybody may have, however many others there are.
FLOOR = 50
TIMES = 2.0
MOST_KEYS = 16_384
PAUSE_S = 1.0
# A crowd that is refused in one moment would come back in one moment, and others would wait for all of its
# answers each time.
EACH_S = 1 / 400


class FairShare:
    """Counts by the second. A lone client may take all there is; one among many no more than twice an equal
    share.

    least: shares are made for as many clients at least once there are two. By it a client has to leave
    something to a single other one. alone: whether one that is the only one may take all there is.
    """

    def __init__(self, *, busy: int = BUSY, floor: int = FLOOR, least: int = 2, alone: bool = True) -> None:
        self._alone = alone
        self._least = least
        self._busy = busy
        self._floor = floor
        self._since_s = 0.0
        self._counts: dict[str, int] = {}
        self._total = 0
        self._before = 0
        self._refusals = Line(PAUSE_S, EACH_S)

    def over(self, key: str) -> bool:
        """Count one request of `key`; True when it takes more than its share."""
        now = monotonic_s()
        if now - self._since_s >= 1.0:
            # Who asks every two seconds counts as well: how many there were fades by a third a second.
            quiet = now - self._since_s > 10.0
            self._before = 0 if quiet else max(len(self._counts), self._before * 2 // 3)
            self._since_s, self._total, self._counts = now, 0, {}
        count = self._counts.get(key, 0) + 1
        if count == 1 and len(self._counts) >= MOST_KEYS:
            return True
        self._counts[key] = count
        self._total += 1
        if count <= self._floor or self._total <= self._busy:
            return False
        clients = max(len(self._counts), self._before)
        return (clients > 1 or not self._alone) and count > TIMES * self._total / max(clients, self._least)

    def wait_s(self) -> float:
        """How long a refusal is kept back, in seconds: one that asks in a row becomes slow by itself, and
        many are answered one by one."""
        return self._refusals.wait_s()


class TooManyRequests(TooOften):
    """Raised when somebody takes more than a fair share of a busy hub; answered after a pause."""

    code = "too_many_requests"


def too_much(who: str) -> TempHubError:
    """The refusal; nothing was taken, so a probe keeps its readings and sends them again."""
    return TooManyRequests(
        f"{who} sends so many requests that others would have to wait, so this one was not taken.",
        "Send again after a second, several readings in one batch.",
    )


HEAD_S = 10.0
# Windows lets one loop watch 512 sockets, and a page takes two of them for each connection. Elsewhere each of
# ten thousand probes may keep its own.
MOST_CONNECTIONS, MOST_EACH = (200, 100) if sys.platform == "win32" else (12_000, 400)
# From such a share on those that are seldom used are better closed.
CROWDED = 0.9
# Files that are open besides: pages', twice each, and the journal's.
OTHER_FILES = 1_500
NEW_BUSY, NEW_FLOOR = 200, 50
# Probes keep their connection, so one that opens many a second may be the only one that opens any.
# An address that floods is slowed down even where only one other one is there.
LEAST = 4
# This computer itself: the supervisor and the virtual probes come from there.
HOME = ("127.0.0.1", "::1")


class Connection(Protocol):
    """What is counted: Tornado's streams, and the connections of the fast path."""

    def closed(self) -> bool:
        """Whether it has ended."""

    def close(self) -> None:
        """End it."""


class Gate:
    """Counts connections. most: in all; most_each: from one address; head_s: until its first request must be
    there.

    busy: requests a second from which on shares count; `asking` are those by address, `delivering` those by
    probe.
    """

    def __init__(
        self,
        *,
        most: int = MOST_CONNECTIONS,
        most_each: int = MOST_EACH,
        head_s: float = HEAD_S,
        busy: int = BUSY,
    ) -> None:
        self.asking = FairShare(busy=busy, least=LEAST)
        self.delivering = FairShare(busy=busy)
        self._most = min(most, _files_allowed(most))
        self._most_each = min(most_each, max(self._most // 2, 1))
        self._head_s = head_s
        # How many found no room since the start.
        self.turned_away = 0
        self._open: dict[str, WeakSet[Connection]] = {}
        self._all: WeakSet[Connection] = WeakSet()
        self._silent: dict[Connection, asyncio.TimerHandle] = {}
        # Everybody behind a proxy comes through it.
        self.trusts: Callable[[str], bool] = lambda address: False
        self._share = FairShare(busy=NEW_BUSY, floor=NEW_FLOOR, least=LEAST, alone=False)

    def takes(self, stream: Connection, address: str) -> bool:
        """Whether a new connection may stay. `expects` follows, unless its first request is there already."""
        counted = address not in HOME and not self.trusts(address)
        if counted and (self._share.over(address) or not self._room_for(address)):
            return False
        if not self._room():
            self.turned_away += 1
            return False
        places = self._open.get(address)
        if places is None:
            places = self._open[address] = WeakSet()
        places.add(stream)
        self._all.add(stream)
        return True

    @property
    def most(self) -> int:
        """How many connections there may be."""
        return self._most

    @property
    def is_crowded(self) -> bool:
        """Whether there will soon be no room."""
        return len(self._all) > CROWDED * self._most

    def left(self, stream: Connection, address: str) -> None:
        """It has ended. Whoever does not say so is found out when there is no room."""
        self._all.discard(stream)
        places = self._open.get(address)
        if places is not None:
            places.discard(stream)
            if not places:
                del self._open[address]

    def expects(self, stream: Connection) -> None:
        """Its first request must be there in time."""
        self._silent[stream] = asyncio.get_running_loop().call_later(self._head_s, self._drop, stream)

    def spoke(self, stream: Connection | None) -> None:
        """Its first request is there."""
        if stream is not None and (handle := self._silent.pop(stream, None)) is not None:
            handle.cancel()

    def moved(self, old: Connection, new: Connection, address: str) -> None:
        """`new` goes on with the same connection; what is expected of it is expected by the same time."""
        for places in (self._all, self._open.get(address, self._all)):
            places.discard(old)
            places.add(new)
        if (handle := self._silent.pop(old, None)) is not None:
            handle.cancel()
            self._silent[new] = asyncio.get_running_loop().call_at(handle.when(), self._drop, new)

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
        self._drop(min(self._silent, key=lambda one: self._silent[one].when()))
        return True

    def _count(self, streams: "WeakSet[Connection]") -> int:
        """How many are open; those that ended are forgotten."""
        for stream in [one for one in streams if one.closed()]:
            streams.discard(stream)
            self.spoke(stream)
        if streams is self._all:
            self._open = {address: left for address, left in self._open.items() if len(left)}
        return len(streams)

    def _drop(self, stream: Connection) -> None:
        self.spoke(stream)
        stream.close()


class GatedServer(HTTPServer):
    """Tornado's server with a gate before it."""

    gate: Gate

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        """A connection was accepted."""
        if self.gate.takes(stream, address[0]):
            self.gate.expects(stream)
            self.serve(stream, address)
        else:
            stream.close()

    def serve(self, stream: IOStream, address: tuple[str, int]) -> None:
        """Go on with a connection that may stay."""
        super().handle_stream(stream, address)


def _files_allowed(wanted: int) -> int:
    """How many connections the system's limit of open files leaves room for, after asking for more."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = 2 * wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < need:
        most = need if hard == resource.RLIM_INFINITY else min(need, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max((soft - 256) // 2, soft - OTHER_FILES, 16)
