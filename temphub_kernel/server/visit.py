"""One visit: what Voilà and a page's websocket take for a kernel of their own. Event loop thread only."""

import asyncio
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.ioloop.manager import as_zmqstream
from jupyter_client.manager import AsyncKernelManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from tornado.websocket import WebSocketClosedError

from ..base import own
from ..base.clock import now_ms
from ..dashboard import visits
from . import frames
from .shared_kernel import SharedKernel

PROTOCOL, PROTOCOL_ERROR = "v1.kernel.websocket.jupyter.org", 1002
# Topics of what a kernel says beside comms: its state, and what the cells of whoever asks put out.
OUTPUTS = (b"kernel.", b"stream.", b"display_data", b"execute_result", b"error", b"clear_output", b"update_display_data", b"iopub_welcome")
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
        return _subscribed(super().connect_iopub(identity), OUTPUTS)

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        # When one visit's cell fails, the kernel would drop the cells that wait, which are other visits'.
        return super().execute(*args, **{**kwargs, "stop_on_error": False})


class Visit(ServerKernelManager):  # type: ignore[misc]  # it ships no types
    """A kernel manager that owns no kernel: it leads to the shared one, and marks whatever goes there as this visit's."""

    client_factory = CellClient

    def __init__(self, kernel: SharedKernel, info: dict[str, Any], visit: str, **kwargs: Any) -> None:
        super().__init__(kernel_id=visit, kernel_name="python3", autorestart=False, context=kernel.context, **kwargs)
        self._shared = kernel
        self.load_connection_info(info)
        self.execution_state, self.last_activity = "idle", datetime.fromtimestamp(now_ms() / 1000, timezone.utc)

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
        """Whether the kernel that all visits share is."""
        return await self._shared.alive()

    _async_is_alive = is_alive

    def client(self, **kwargs: Any) -> Any:
        """A client whose messages are marked as this visit's."""
        client = super().client(context=self._shared.context, **kwargs)
        client.session.metadata = {"visit": self.kernel_id}
        return client

    def _own_iopub(self, identity: bytes | None = None) -> Any:
        topics = (visits.topic(self.kernel_id), *STATES)
        return _subscribed(AsyncKernelManager.connect_iopub(self, identity), topics)

    connect_iopub = as_zmqstream(_own_iopub)


class PageConnection(ZMQChannelsWebsocketConnection):  # type: ignore[misc]  # it ships no types
    """A page's websocket: what it sends is marked as its visit's; it runs no code, and can end nothing but its visit."""

    async def prepare(self) -> None:
        """By the name that a page chooses the kernel tells to whom an answer goes: one for each visit, so that no page takes another's."""
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
        return str(self.websocket_handler.request.headers.get(own.VISITOR_HEADER, ""))

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
