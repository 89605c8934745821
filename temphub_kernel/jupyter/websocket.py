"""A page's websocket, and what it takes for a kernel of its own: how many, how much and how fast, in both
directions. Event loop thread only.
"""

import asyncio
import logging
import re
from asyncio import Future, sleep
from collections import Counter
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.ioloop.manager import as_zmqstream
from jupyter_client.manager import AsyncKernelManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from ..core import Once, monotonic_s, network, now_ms
from . import frames, kernel_process, sessions

PROTOCOL, PROTOCOL_ERROR = "v1.kernel.websocket.jupyter.org", 1002
# Topics of what a kernel says beside comms: its state, and what the cells of whoever asks put out.
OUTPUTS = (
    b"kernel.",
    b"stream.",
    b"display_data",
    b"execute_result",
    b"error",
    b"clear_output",
    b"update_display_data",
    b"iopub_welcome",
)
STATES = (b"kernel.",)


def _subscribed(socket: zmq.Socket[bytes], topics: tuple[bytes, ...]) -> Any:
    """A socket that takes in only these topics: the rest is never sent to it."""
    socket.setsockopt(zmq.UNSUBSCRIBE, b"")
    for topic in topics:
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    return socket


class CellClient(AsyncKernelClient):  # type: ignore[misc]  # what it is derived from is not typed
    """What runs the notebook's cells for a visit: takes in their outputs, not what goes to pages."""

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        state = sessions.state_topic(self.session.metadata.get("visit", ""))
        return _subscribed(super().connect_iopub(identity), (*OUTPUTS, state))

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        # When one visit's cell fails, the kernel would drop the cells that wait, which are other visits'.
        return super().execute(*args, **{**kwargs, "stop_on_error": False})


class Visit(ServerKernelManager):  # type: ignore[misc]  # it ships no types
    """A kernel manager that owns no kernel: it leads to the shared one, and marks whatever goes there as this
    visit's."""

    client_factory = CellClient

    def __init__(
        self, kernel: kernel_process.SharedKernel, info: dict[str, Any], visit: str, **kwargs: Any
    ) -> None:
        super().__init__(
            kernel_id=visit, kernel_name="python3", autorestart=False, context=kernel.context, **kwargs
        )
        self._shared, self._pid = kernel, kernel.pid
        self.load_connection_info(info)
        self.execution_state, self.last_activity = (
            "idle",
            datetime.fromtimestamp(now_ms() / 1000, timezone.utc),
        )

    @property
    def has_kernel(self) -> bool:
        """There is one as long as the visit lasts."""
        return True

    @property
    def ready(self) -> "asyncio.Future[None]":
        """Done: the kernel is there before the visit is."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def is_alive(self) -> bool:
        """Whether the kernel that it was made for is: of the next one it never hears."""
        return self._pid == self._shared.pid and await self._shared.alive()

    _async_is_alive = is_alive

    def client(self, **kwargs: Any) -> Any:
        """A client whose messages are marked as this visit's."""
        client = super().client(context=self._shared.context, **kwargs)
        client.session.metadata = {"visit": self.kernel_id}
        return client

    def _own_iopub(self, identity: bytes | None = None) -> Any:
        topics = (sessions.topic(self.kernel_id), *STATES)
        return _subscribed(AsyncKernelManager.connect_iopub(self, identity), topics)

    connect_iopub = as_zmqstream(_own_iopub)


class PageConnection(ZMQChannelsWebsocketConnection):  # type: ignore[misc]  # it ships no types
    """A page's websocket: what it sends is marked as its visit's; it runs no code, and can end nothing but
    its visit."""

    async def prepare(self) -> None:
        """By the name that a page chooses the kernel tells to whom an answer goes: one for each visit, so
        that no page takes another's."""
        self.session.session = f"{self.kernel_id}.{self.session.session}"
        await super().prepare()

    def connect(self) -> Any:
        """A browser opened it. One that speaks the protocol of before 2022 is let go: no page of ours does.

        Nothing of it is read: both readers of the old protocol believe a message's own count of its parts.
        """
        if self.subprotocol == PROTOCOL:
            return super().connect()
        # Its end will be counted and taken off the list, so its beginning is.
        self.multi_kernel_manager.notify_connect(self.kernel_id)
        ZMQChannelsWebsocketConnection._open_sockets.add(self)
        self.websocket_handler.close(PROTOCOL_ERROR, f"speak {PROTOCOL}")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def disconnect(self) -> None:
        """Its end. One that never had a way to the kernel leaves none for the next connection of its name."""
        had = bool(self.channels)
        super().disconnect()
        if not had and self.kernel_id in self.multi_kernel_manager:
            self.multi_kernel_manager.stop_buffering(self.kernel_id)

    @property
    def _visitor(self) -> str:
        """Who sits before the page, as the front door says; nobody else gets through to here."""
        return str(self.websocket_handler.request.headers.get(network.VISITOR_HEADER, ""))

    def handle_outgoing_message(self, stream: Any, outgoing_msg: Any) -> None:
        """A message for the browser. One that is gone, which shows only later, gets none.

        Jupyter no longer knows then which protocol it spoke and takes the old one, with what follows above.
        """
        if self.websocket_handler.ws_connection is None or self.subprotocol != PROTOCOL:
            return
        with suppress(WebSocketClosedError):
            super().handle_outgoing_message(stream, outgoing_msg)

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """A message from the browser. One that cannot be read, or is not for pages to send, is dropped."""
        # Until its first messages may be sent on, and after its end, there is nowhere to send any.
        if not self.channels or self.subprotocol != PROTOCOL:
            return
        try:
            message = frames.read(incoming_msg, {"visit": self.kernel_id, "visitor": self._visitor})
        except frames.Malformed as why:
            self.websocket_handler.wrong(str(why))
            return
        if message.kind == frames.SHUTDOWN:
            self.multi_kernel_manager.end_soon(self.kernel_id)
            return
        stream = self.channels[message.channel]
        if not stream.closed():
            self.session.send_raw(stream, message.parts)


log = logging.getLogger(__name__)
SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A page has one; it may have another for the moment in which it comes back.
MOST_EACH = 4
MOST = 250
MESSAGES_S, MESSAGES_AT_ONCE = 50.0, 500.0
# Of one address, with however many pages: a hundred at rest send fewer.
ALL_MESSAGES_S, ALL_MESSAGES_AT_ONCE, MOST_TRACKED = 200.0, 300.0, 1024
# Browsers send none but answers to ours, one every two seconds.
CONTROLS_S, CONTROLS_AT_ONCE = 5.0, 50.0
MOST_WRONG = 50
# What was written for a page and not taken by it: its first widgets are some hundred kilobytes. While all of
# it together is too much, each may leave its equal part lying.
MOST_UNTAKEN, MOST_UNTAKEN_IN_ALL = 8 * 1024 * 1024, 48 * 1024 * 1024
POLICY = 1008

_said = Once(log)


class Pace:
    """So many a second, and so many at once after a pause."""

    def __init__(self, each_s: float, at_once: float) -> None:
        self._each_s, self._at_once = each_s, at_once
        self._left, self._since_s = at_once, monotonic_s()

    def take(self) -> float:
        """Count one; how many seconds too early it is, 0 when it is not."""
        now = monotonic_s()
        self._left = min(self._at_once, self._left + (now - self._since_s) * self._each_s) - 1.0
        self._since_s = now
        return max(0.0, -self._left / self._each_s)


class Paces:
    """A pace for each address; of the one that was not heard of for longest nothing is kept."""

    def __init__(self, each_s: float, at_once: float) -> None:
        self._each_s, self._at_once = each_s, at_once
        self._paces: dict[str, Pace] = {}

    def take(self, address: str) -> float:
        """Count one of an address; how many seconds too early it is, 0 when it is not."""
        pace = self._paces.pop(address) if address in self._paces else Pace(self._each_s, self._at_once)
        self._paces[address] = pace
        while len(self._paces) > MOST_TRACKED:
            del self._paces[next(iter(self._paces))]
        return pace.take()


class PageSocket(VoilaKernelWebsocketHandler):  # type: ignore[misc]  # Voilà ships no types
    """`/v/api/kernels/VISIT/channels`."""

    open_sockets: Counter[str] = Counter()
    untaken_in_all = 0
    paces = Paces(ALL_MESSAGES_S, ALL_MESSAGES_AT_ONCE)

    def initialize(self) -> None:
        """Called by Tornado for each request."""
        self._messages, self._controls = (
            Pace(MESSAGES_S, MESSAGES_AT_ONCE),
            Pace(CONTROLS_S, CONTROLS_AT_ONCE),
        )
        self._wrong, self._untaken, self._cut = 0, 0, False

    async def get(self, kernel_id: str) -> None:
        # All of the connection's life is within this call.
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        if not SESSION.fullmatch(self.get_query_argument("session_id", "none")):
            raise HTTPError(400)
        if self.open_sockets[kernel_id] >= MOST_EACH or self.open_sockets.total() >= MOST:
            self.complain("was refused: too many connections")
            raise HTTPError(503)
        self.open_sockets[kernel_id] += 1
        try:
            await super().get(kernel_id=kernel_id)
        finally:
            self.open_sockets[kernel_id] -= 1
            if not self.open_sockets[kernel_id]:
                del self.open_sockets[kernel_id]

    async def on_message(self, ws_message: str | bytes) -> None:
        """A message. The next one is not read before this is done."""
        early_s, all_early_s = self._messages.take(), self.paces.take(self._address)
        if early_s or all_early_s:
            most = (
                f"more than {MESSAGES_S:g} messages a second"
                if early_s
                else f"more than {ALL_MESSAGES_S:g} on all connections"
            )
            self.complain(f"sent {most} and is slowed down")
            await sleep(max(early_s, all_early_s))
        if self.connection is not None and not self._cut:
            self.connection.handle_incoming_message(ws_message)

    def on_ping(self, data: bytes) -> None:
        """Somebody plays."""
        self._control()

    def on_pong(self, data: bytes) -> None:
        """The page is there."""
        super().on_pong(data)
        self._control()

    def wrong(self, why: str) -> None:
        """A message was dropped; one that sends nothing else is closed."""
        self._wrong += 1
        self.complain(f"sent a message {why}, which was dropped")
        if self._wrong >= MOST_WRONG:
            self._end("too many messages that are none")

    def write_message(self, message: Any, binary: bool = False) -> "Future[None] | None":
        """A message for the page. One that takes nothing of what is written for it is closed."""
        if self._cut:
            return None
        size = len(message)
        crowded = PageSocket.untaken_in_all + size > MOST_UNTAKEN_IN_ALL
        if self._untaken + size > (MOST_UNTAKEN_IN_ALL / MOST if crowded else MOST_UNTAKEN) and self._untaken:
            self.complain("took nothing of what was written for it and was closed")
            self._end("nothing is taken")
            return None
        written: Future[None] | None = super().write_message(message, binary)
        if written is not None:
            self._count(size)
            written.add_done_callback(lambda done: self._taken(done, size))
        return written

    def complain(self, what: str) -> None:
        """One line in the log for each address and kind."""
        _said.warn(
            f"{self._address} {what}", f"a page's connection from {self._address or 'this computer'} {what}"
        )

    @property
    def _address(self) -> str:
        """Who looks at the page, as the front door says."""
        return str(self.request.headers.get(network.VISITOR_HEADER, "")).partition(" ")[2]

    def log_exception(self, *error: Any) -> None:
        """What a page can bring about is no fault of the hub's, and gets no more than a line."""
        if isinstance(error[1], HTTPError):
            return
        self.complain(f"ended with {getattr(error[0], '__name__', 'an error')}")
        log.debug("a page's connection ended", exc_info=error)

    def write_error(self, status_code: int, **_: Any) -> None:
        """In words, and few."""
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(f"This connection is for the hub's pages (HTTP {status_code}). Open the page at /.\n")

    def _control(self) -> None:
        if self._controls.take():
            self.complain("sent too many pings and was closed")
            self._end("too many pings")

    def _end(self, why: str) -> None:
        self._cut = True
        self.close(POLICY, why)

    def _count(self, size: int) -> None:
        self._untaken += size
        PageSocket.untaken_in_all += size

    def _taken(self, done: "Future[None]", size: int) -> None:
        self._count(-size)
        if not done.cancelled():
            # A page that left is no news.
            done.exception()
