"""The endpoint's thread, loop and port: who answers which path. `start`, `stop` and `state` from any
thread."""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application

from ..alarms import GATHERING
from ..core import PagePlace, Settings, TempHubError, Worker, files, network, take_short_turns
from ..journal import Writer
from . import (
    background,
    base,
    firmware_files,
    metrics,
    not_found,
    plausibility,
    ports,
    proxy,
    replies,
    routes,
    schemas,
    timestamps,
)
from .access import PROBES_OWN, Audit, Away, Entry, Gate, GatedServer, Guard, Proxies, Refused, Tarpit
from .ingest import INGEST, Acks, Delivery, FastPath, Gathering, Ingest, note, recalled, watch

log = logging.getLogger(__name__)
IDLE_S = 75.0
BODY_S = 30.0
HEAD_BYTES = 16 * 1024
SIZES = {"max_header_size": HEAD_BYTES, "max_body_size": 2**62, "chunk_size": 65536}


class Endpoint(Worker):
    """Tornado on HOST:PORT in a thread of its own.

    page: asked where the page server is just now; None for a hub without one. firmware: the folder that
    probes are updated from. idle_s: how long a connection may stay without a request; body_s: how long a
    request's body may take; gate: how many connections there may be; tarpit: who waits for refusals; names:
    how many new names are taken up; count_every_s: how often the log is told what came.
    gathering: how often probes are asked to deliver.
    `port` and `tls_port` hold the ports in use after `start`; tls_port is 0 without a certificate.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Path,
        writer: Writer,
        desk: base.Desk,
        page: Callable[[], PagePlace | None] | None = None,
        *,
        firmware: Path | None = None,
        gate: Gate | None = None,
        tarpit: Tarpit | None = None,
        names: plausibility.NewNames | None = None,
        gathering: Gathering | None = None,
        idle_s: float = IDLE_S,
        body_s: float = BODY_S,
        count_every_s: float = metrics.COUNT_EVERY_S,
    ) -> None:
        super().__init__("endpoint")
        self._limits = {"idle_connection_timeout": idle_s, "body_timeout": body_s}
        self._count_every_s = count_every_s
        self._settings = settings
        self._journal = journal
        self._writer = writer
        self._desk = desk
        self._page = page
        self._firmware = firmware_files.Firmware(firmware or files.firmware())
        self._gate = gate or Gate()
        self._tarpit = tarpit or Tarpit()
        self._names = names or plausibility.NewNames()
        self._court = plausibility.Court()
        self._transit = timestamps.Transit()
        self.gathering = gathering or Gathering()
        self._heard: deque[tuple[str, str, int, float]] = deque(maxlen=timestamps.MAX_BOOTS)
        self._sockets: list[socket.socket] = []
        self._tls: ports.Tls | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: asyncio.Event | None = None
        self.port = settings.port
        self.tls_port = 0

    def start(self) -> None:
        """Take the port, then start. Raises TempHubError when the port cannot be had."""
        if not self._sockets:
            self._recall()
            self._take_ports()
        super().start()

    def stop(self, timeout_s: float = 4.0) -> bool:
        """Finish the replies under way, give the port back."""
        self.stopping.set()
        loop, done = self._loop, self._done
        if loop is not None and done is not None and not loop.is_closed():
            # The loop may end between the question and the call; then there is nothing left to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(done.set)
        return super().stop(timeout_s)

    def run(self) -> None:
        """The thread: a selector loop on every system, which Tornado needs on Windows."""
        take_short_turns()
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        # What was said before there was a loop.
        self._take_counts()
        behind = self._make_room(self._loop)
        door = proxy.FrontDoor(self._page) if self._page else None
        switch = self._make_switch(self._loop, behind, door)
        servers = self._open(switch)
        beside = [
            asyncio.ensure_future(behind.metrics.hits.tell(self._count_every_s)),
            asyncio.ensure_future(watch(self.gathering, switch.ingest.meter, self._gate, self._desk.gathers)),
        ]
        try:
            if not self.stopping.is_set():
                await self._done.wait()
        finally:
            for task in beside:
                task.cancel()
            for one in servers:
                one.stop()
            behind.exports.close()
            behind.examinations.close()
            if door is not None:
                await door.close()
            for one in servers:
                await one.close_all_connections()
            self._gate.close()
            behind.questions.close()

    def _make_room(self, loop: asyncio.AbstractEventLoop) -> base.Room:
        """What the handlers stand on."""
        turns, audit = background.Turns(), Audit(self._settings.data_dir)
        return base.Room(
            self._settings.server_token,
            self._desk,
            metrics.Metrics(),
            background.Questions(self._journal),
            self._firmware,
            self._writer,
            background.Jobs(self._journal, turns),
            # Not here: its file is on a disk.
            Entry(self._settings, lambda *said: loop.run_in_executor(None, partial(audit.note, *said))),
            audit,
            background.Examinations(replace(self._settings, port=self.port), turns),
            self._names,
            self._transit,
            self._tarpit,
        )

    def _make_switch(
        self, loop: asyncio.AbstractEventLoop, behind: base.Room, door: proxy.FrontDoor | None
    ) -> "Switch":
        """Who answers which path."""
        ingest = Ingest(
            self._settings.server_token,
            self._writer,
            Acks(loop),
            self._desk,
            behind.metrics,
            self._gate.delivering,
            behind.entry.guesses,
            self._names,
            self._court,
            self._transit,
            self.gathering,
        )
        proxies = Proxies(self._settings.trusted_proxies)
        self._gate.trusts = proxies.trusts
        guard = Guard(self._settings, behind.entry, self._gate.asking, self.tls_port)
        return Switch(
            routes.application(behind, landing=door is None),
            ingest,
            door,
            guard,
            self._gate,
            proxies,
            self._tarpit,
        )

    def _open(self, switch: "Switch") -> list[FastPath | GatedServer]:
        """The servers, which take connections from here on."""
        # The limit of a body is each path's own; what is no message at all is bounded here.
        server = GatedServer(switch, **SIZES, **self._limits)
        if not self._sockets:
            self._take_ports()
        plain = FastPath(server, switch.ingest, switch.guard, self._gate, **self._limits)
        plain.add_sockets(self._sockets)
        servers: list[FastPath | GatedServer] = [plain, server, *self._serve_tls(switch)]
        self._sockets = []
        return servers

    def gathers(self) -> dict[str, int]:
        """How often probes are asked to deliver, as in `/api/health`. Any thread."""
        return note(self.gathering)

    def heard(self, probe_id: str, boot: str, count: int, at_s: float) -> None:
        """A probe said at a moment of the monotonic clock where its count of milliseconds stands. Any thread;
        returns at once."""
        self._heard.append((probe_id, boot, count, at_s * 1000))
        loop = self._loop
        if loop is not None:
            # It may have ended; then nothing is dated any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._take_counts)

    def _take_counts(self) -> None:
        while self._heard:
            self._transit.begin(*self._heard.popleft())

    def _recall(self) -> None:
        """What the journal knows, before the port is open: a delivery that waits for this would be dated too
        late."""
        # Without it the court begins without neighbours; what is wrong with the journal is told by others.
        with suppress(TempHubError):
            background.answer(self._journal, self._court.recall)
            background.answer(self._journal, self._names.recall)
            background.answer(self._journal, lambda r: recalled(self.gathering, *r.note(GATHERING)))

    def _take_ports(self) -> None:
        """Raises TempHubError, then nothing is held."""
        self._sockets = [ports.bind(self._settings.host, self._settings.port)]
        self.port = self._sockets[0].getsockname()[1]
        try:
            self._tls = ports.Tls.of(self._settings)
        except TempHubError:
            self._sockets.pop().close()
            raise
        self.tls_port = self._tls.port if self._tls else 0

    def _serve_tls(self, switch: "Switch") -> list[GatedServer]:
        """The same for people, encrypted, on a port of its own: probes speak plain HTTP."""
        if self._tls is None:
            return []
        server = GatedServer(switch, ssl_options=self._tls.context, **SIZES, **self._limits)
        server.gate = self._gate
        server.add_sockets([self._tls.socket])
        self._tls = None
        return [server]


class Switch(HTTPServerConnectionDelegate):
    """Gives each request to whoever answers its path."""

    def __init__(
        self,
        application: Application,
        ingest: Ingest,
        door: proxy.FrontDoor | None,
        guard: Guard,
        gate: Gate,
        proxies: Proxies,
        tarpit: Tarpit,
    ) -> None:
        self.application = application
        self.ingest = ingest
        self.door = door
        self.guard = guard
        self.gate = gate
        self.proxies = proxies
        self.tarpit = tarpit

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        return _Request(self, server_conn, request_conn)

    def admit(
        self,
        line: RequestStartLine,
        headers: HTTPHeaders,
        connection: HTTPConnection,
        wrong: TempHubError | None,
    ) -> HTTPMessageDelegate | None:
        """Who answers a request that goes no further; None when it may. wrong: what to tell it if it gets
        past the guard."""
        self.gate.spoke(getattr(connection, "stream", None))
        try:
            self.guard.check(
                line,
                headers,
                _address(connection),
                secure=_protocol(connection) == "https",
                stray=wrong is not None,
            )
        except (TempHubError, Away) as why:
            if isinstance(why, TempHubError):
                self.ingest.metrics.refused(why)
            tarpit = None if line.path.partition("?")[0] in PROBES_OWN else self.tarpit
            return Refused(connection, why, self.gate.asking, tarpit, _address(connection))
        if wrong is not None:
            self.ingest.metrics.refused(wrong)
            reads = line.method in not_found.READS
            return not_found.told(connection, wrong, language=not_found.speaks(headers) if reads else "")
        return None

    def choose(
        self, line: RequestStartLine, headers: HTTPHeaders, server_conn: object, connection: HTTPConnection
    ) -> HTTPMessageDelegate:
        """The delegate for a path."""
        name = line.path.partition("?")[0]
        if name == INGEST:
            if schemas.is_too_large(headers.get("Content-Length")):
                self.ingest.metrics.refused(schemas.too_large())
                return replies.refusal(connection)
            return Delivery(self.ingest, connection, _address(connection))
        if not_found.is_api(name) and name not in PROBES_OWN:
            self.ingest.metrics.hits.calls += headers.get("User-Agent") != network.AGENT
        if line.method == "HEAD" and name == "/":
            return not_found.face(connection)
        if self.door is None or not_found.is_api(name) or name in (*not_found.DOORS, *not_found.HOME_SCREEN):
            return replies.Limited(self.application.start_request(server_conn, connection), connection)
        assert isinstance(connection, HTTP1Connection)
        return replies.Limited(
            proxy.Relay(
                self.door,
                connection,
                _address(connection),
                _protocol(connection),
                self.guard.entry.visitor_shows(headers),
            ),
            connection,
            replies.PAGE_BODY,
        )


class _Request(HTTPMessageDelegate):
    """A request whose path is not known yet."""

    def __init__(self, switch: Switch, server_conn: object, connection: HTTPConnection) -> None:
        self._start = (switch, server_conn, connection)

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders):  # type: ignore[no-untyped-def]
        assert isinstance(start_line, RequestStartLine)
        switch, server_conn, connection = self._start
        path = start_line.path.partition("?")[0]
        if switch.proxies:
            _behind(switch.proxies, connection, headers)
        else:
            switch.proxies.notice(_address(connection), headers)
        if metrics.request_log.isEnabledFor(logging.DEBUG):
            metrics.watch(connection, start_line, _address(connection))
        wrong = None if path == INGEST else not_found.stray(start_line.method, path, headers)
        chosen = switch.admit(start_line, headers, connection, wrong)
        if chosen is None:
            chosen = switch.choose(start_line, headers, server_conn, connection)
        if start_line.method == "HEAD":
            replies.bodiless(connection)
            if path != INGEST and not path.startswith(not_found.VOILA):
                # The same as GET, of which nothing but the head is sent.
                start_line = start_line._replace(method="GET")
        # From here on Tornado talks to whoever was chosen, without a step in between.
        self.data_received = chosen.data_received  # type: ignore[method-assign]
        self.finish = chosen.finish  # type: ignore[method-assign]
        self.on_connection_close = chosen.on_connection_close  # type: ignore[method-assign]
        return chosen.headers_received(start_line, headers)


def _address(connection: HTTPConnection) -> str:
    context = getattr(connection, "context", None)
    return str(getattr(context, "remote_ip", "") or "")


def _protocol(connection: HTTPConnection) -> str:
    return str(getattr(getattr(connection, "context", None), "protocol", "http"))


def _behind(proxies: Proxies, connection: HTTPConnection, headers: HTTPHeaders) -> None:
    """Have the connection speak for who asks through it. A proxy's connection carries one request after the
    other, of anybody's."""
    context = getattr(connection, "context", None)
    if not hasattr(context, "peer"):
        context.peer = _address(connection), _protocol(connection)  # type: ignore[union-attr]
    address, protocol = context.peer  # type: ignore[union-attr]
    proxies.notice(address, headers)
    context.remote_ip = proxies.asker(address, headers)  # type: ignore[union-attr]
    context.protocol = proxies.protocol(address, headers, protocol)  # type: ignore[union-attr]
