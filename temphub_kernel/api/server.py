"""The endpoint's thread, loop and port: who answers which path. `start`, `stop` and `state` from any thread."""

import asyncio
import logging
import socket
from contextlib import suppress
from dataclasses import replace
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

from ..base import paths
from ..base.errors import TempHubError
from ..base.page_place import PagePlace
from ..base.settings import Settings
from ..base.worker import Worker
from ..journal import Writer
from .acks import Acks
from .audit import Audit
from .desk import Desk
from .entry import Entry
from .examination import Examinations
from .export import Jobs
from .firmware import Firmware
from .front_door import FrontDoor, Relay
from .gate import Gate, GatedServer
from .guard import Away, Guard, Refused
from .handlers import Room
from .ingest import Delivery, Ingest
from .limited import Limited
from .metrics import Metrics
from .ports import Tls, bind
from .questions import Questions
from .routes import application

log = logging.getLogger(__name__)
IDLE_S = 75.0
BODY_S = 30.0
HEAD_BYTES = 16 * 1024
SIZES = {"max_header_size": HEAD_BYTES, "max_body_size": 2**62, "chunk_size": 65536}


class Endpoint(Worker):
    """Tornado on HOST:PORT in a thread of its own.

    page: (host, port) of the page server, or None when there is none. firmware: the folder that probes are updated from.
    idle_s: how long a connection may stay without a request; body_s: how long a request's body may take; gate: how many
    connections there may be. `port` and `tls_port` hold the ports in use after `start`; tls_port is 0 without a certificate.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Path,
        writer: Writer,
        desk: Desk,
        page: PagePlace | None = None,
        *,
        firmware: Path | None = None,
        gate: Gate | None = None,
        idle_s: float = IDLE_S,
        body_s: float = BODY_S,
    ) -> None:
        super().__init__("endpoint")
        self._limits = {"idle_connection_timeout": idle_s, "body_timeout": body_s}
        self._settings = settings
        self._journal = journal
        self._writer = writer
        self._desk = desk
        self._page = page
        self._firmware = Firmware(firmware or paths.firmware())
        self._gate = gate or Gate()
        self._sockets: list[socket.socket] = []
        self._tls: Tls | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: asyncio.Event | None = None
        self.port = settings.port
        self.tls_port = 0

    def start(self) -> None:
        """Take the port, then start. Raises TempHubError when the port cannot be had."""
        if not self._sockets:
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
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        metrics, questions, exports = Metrics(), Questions(self._journal), Jobs(self._journal)
        entry, audit = Entry(self._settings), Audit(self._settings.data_dir)
        examinations = Examinations(replace(self._settings, port=self.port))
        room = Room(
            self._settings.server_token, self._desk, metrics, questions, self._firmware, self._writer, exports, entry, audit, examinations
        )
        ingest = Ingest(self._settings.server_token, self._writer, Acks(self._loop), self._desk, metrics, self._gate.delivering)
        door = FrontDoor(*self._page) if self._page else None
        switch = Switch(
            application(room, landing=door is None),
            ingest,
            door,
            Guard(self._settings, entry, self._gate.asking, self.tls_port),
            self._gate,
        )
        # The limit of a body is each path's own; what is no message at all is bounded here.
        server = GatedServer(switch, **SIZES, **self._limits)
        if not self._sockets:
            self._take_ports()
        server.gate = self._gate.takes
        server.add_sockets(self._sockets)
        servers = [server, *self._serve_tls(switch)]
        self._sockets = []
        try:
            if not self.stopping.is_set():
                await self._done.wait()
        finally:
            for one in servers:
                one.stop()
            exports.close()
            examinations.close()
            if door is not None:
                await door.close()
            for one in servers:
                await one.close_all_connections()
            self._gate.close()
            questions.close()

    def _take_ports(self) -> None:
        """Raises TempHubError, then nothing is held."""
        self._sockets = [bind(self._settings.host, self._settings.port)]
        self.port = self._sockets[0].getsockname()[1]
        try:
            self._tls = Tls.of(self._settings)
        except TempHubError:
            self._sockets.pop().close()
            raise
        self.tls_port = self._tls.port if self._tls else 0

    def _serve_tls(self, switch: "Switch") -> list[GatedServer]:
        """The same for people, encrypted, on a port of its own: probes speak plain HTTP."""
        if self._tls is None:
            return []
        server = GatedServer(switch, ssl_options=self._tls.context, **SIZES, **self._limits)
        server.gate = self._gate.takes
        server.add_sockets([self._tls.socket])
        self._tls = None
        return [server]


class Switch(HTTPServerConnectionDelegate):
    """Gives each request to whoever answers its path."""

    def __init__(self, application: Application, ingest: Ingest, door: FrontDoor | None, guard: Guard, gate: Gate) -> None:
        self.application = application
        self.ingest = ingest
        self.door = door
        self.guard = guard
        self.gate = gate

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        return _Request(self, server_conn, request_conn)

    def admit(self, line: RequestStartLine, headers: HTTPHeaders, connection: HTTPConnection) -> HTTPMessageDelegate | None:
        """Who answers a request that goes no further; None when it may."""
        self.gate.spoke(getattr(connection, "stream", None))
        secure = getattr(getattr(connection, "context", None), "protocol", "http") == "https"
        try:
            self.guard.check(line, headers, _address(connection), secure=secure)
        except (TempHubError, Away) as why:
            if isinstance(why, TempHubError):
                self.ingest.metrics.refused(why.code)
            return Refused(connection, why)
        return None

    def choose(self, path: str, server_conn: object, connection: HTTPConnection) -> HTTPMessageDelegate:
        """The delegate for a path."""
        name = path.partition("?")[0]
        if name == "/api/ingest":
            return Delivery(self.ingest, connection, _address(connection))
        if self.door is None or name in ("/metrics", "/login", "/logout") or name == "/api" or name.startswith("/api/"):
            return Limited(self.application.start_request(server_conn, connection), connection)
        assert isinstance(connection, HTTP1Connection)
        return Relay(self.door, connection, _address(connection))


class _Request(HTTPMessageDelegate):
    """A request whose path is not known yet."""

    def __init__(self, switch: Switch, server_conn: object, connection: HTTPConnection) -> None:
        self._start = (switch, server_conn, connection)

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders):  # type: ignore[no-untyped-def]
        assert isinstance(start_line, RequestStartLine)
        switch, server_conn, connection = self._start
        chosen = switch.admit(start_line, headers, connection) or switch.choose(start_line.path, server_conn, connection)
        # From here on Tornado talks to whoever was chosen, without a step in between.
        self.data_received = chosen.data_received  # type: ignore[method-assign]
        self.finish = chosen.finish  # type: ignore[method-assign]
        self.on_connection_close = chosen.on_connection_close  # type: ignore[method-assign]
        return chosen.headers_received(start_line, headers)


def _address(connection: HTTPConnection) -> str:
    context = getattr(connection, "context", None)
    return str(getattr(context, "remote_ip", "") or "")
